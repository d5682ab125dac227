import { readFileSync } from 'node:fs'
import { toHex } from '@strongroom/core/bytes'
import { formatSerial } from '@strongroom/core/keyblob'
import { ClientError, RecoveryStore, type FoundCode, type RecoveryFolder } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { CliError, usage } from '../../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { count, formatTime } from '../../quantities.ts'
import { adopt } from '../../recovery/adoption.ts'
import { askWithCode, begin, begunWith, depositRows, type Beginning } from '../../recovery/begin.ts'
import { readCodes } from '../../recovery/code-input.ts'
import { goOn } from '../../recovery/go-on.ts'
import { newOwner, NEW_OWNER_OPTIONS } from '../../recovery/new-owner.ts'
import { restore, wipeKeys } from '../../recovery/recovered.ts'
import { groupsText, shortDigest } from '../../recovery/subject-text.ts'

const OPTIONS = {
  codeFile: {
    flags: '--code-file <file>',
    kind: 'value',
    description: 'read the recovery code from a file, or - for standard input; asked for unless told',
    completes: 'file',
    group: 'What is asked for:',
  },
  vouched: {
    flags: '--vouched',
    kind: 'flag',
    description: 'the code was handed out by an officer',
    group: 'What is asked for:',
  },
  all: {
    flags: '-a, --all',
    kind: 'flag',
    description: 'ask for everything that was deposited',
    group: 'What is asked for:',
  },
  serial: {
    flags: '--serial <number>',
    kind: 'list',
    description: 'ask for the key with this serial number',
    group: 'What is asked for:',
  },
  reason: {
    flags: '--reason <text>',
    kind: 'value',
    description: 'what officers read: what happened',
    group: 'What is asked for:',
  },
  reference: {
    flags: '--reference <text>',
    kind: 'value',
    description: 'a number in somebody’s files',
    group: 'What is asked for:',
  },
  list: { flags: '-l, --list', kind: 'flag', description: 'show what was deposited, and ask for nothing' },
  resume: {
    flags: '--resume <request>',
    kind: 'value',
    description: 'go on with this one, by its first digits',
  },
  wait: { flags: '-w, --wait', kind: 'flag', description: 'wait until it is decided' },
  ca: {
    flags: '--ca <file>',
    kind: 'value',
    description: 'certificates in PEM to trust for the address in the code, instead of those of the system',
    completes: 'file',
  },
  outputFolder: {
    flags: '-O, --output-folder <folder>',
    kind: 'value',
    description: 'where session keys are written that are not those of files; the one you are in unless told',
    completes: 'folder',
  },
  ...NEW_OWNER_OPTIONS,
} as const

type Values = OptionValues<typeof OPTIONS>

const NOTHING_SAID = 'everything was lost'

/** `strongroom recover`. */
export const recover = defineCommand({
  operands: [
    {
      name: '[file...]',
      description: 'sealed files that are to open again; without any, goes on with what was begun',
      completes: 'file',
    },
  ],
  options: OPTIONS,
  notes: [
    'Asks a backup authority for session keys that were deposited, with a recovery code as proof of who asks. Officers are',
    'asked, the owner is told, and a waiting time passes; then the custodian releases the keys for the container that you have',
    'now. Each key is compared with what was deposited before it is used, and each file that is named opens again at once.',
    '',
    'Whatever happens in between, run it again: a request is made once, and strongroom recover alone goes on with it. The',
    'exit status is 18 as long as it waits.',
    '',
    'What comes back is for decryption: give files new keys with strongroom reseal.',
  ],
  examples: [
    {
      line: 'strongroom recover report.pdf.age',
      purpose: 'asks for the code, makes a container if there is none',
    },
    {
      line: 'strongroom recover --all --code-file sheet.txt --wait',
      purpose: 'everything, until it is there',
    },
    { line: 'strongroom recover', purpose: 'goes on with what was begun' },
    { line: 'strongroom recover --list --code-file sheet.txt', purpose: 'what could be asked for' },
  ],
  run: async (context, paths, values) => {
    if (values.list) return await list(context, values)
    const asksAnew = paths.length > 0 || values.all || values.serial.length > 0
    if (values.resume !== undefined) {
      return await resume(
        context,
        new RecoveryStore(context.folders.recoveries).open(values.resume),
        values,
        paths,
      )
    }
    if (!asksAnew) return await resume(context, onlyOne(context), values, [])
    await askAnew(context, paths, values)
  },
})

async function list(context: Context, values: Values): Promise<void> {
  const { terminal } = context
  await withCode(context, values, async (code) => {
    await askWithCode(context, { code, ca: certificates(values) }, async ({ deposits }) => {
      for (const { id, serial, ...rest } of deposits) {
        const { format, created, object, description, level, superseded } = rest
        const size = object?.size ?? null
        terminal.record({
          id: toHex(id),
          serial: formatSerial(serial),
          format,
          created,
          size,
          description,
          level,
          superseded,
        })
      }
      terminal.table(
        ['serial number', 'what', 'made', 'size', 'verified', 'description'],
        depositRows(deposits),
      )
      terminal.note(`${count(deposits.length, 'deposit')}; sealed descriptions come back with the keys`)
    })
  })
}

/** With each code of the sheet in turn, until one is taken. The container is opened, or made, once. */
async function askAnew(context: Context, paths: readonly string[], values: Values): Promise<void> {
  let container: KeyContainer | undefined
  try {
    await withCode(context, values, async (code) => {
      const begun = begunWith(context, code)
      if (begun) {
        context.terminal.note('that code was used already: this goes on with what was asked for then')
        return await resume(context, begun, values, paths)
      }
      const folder = await askWithCode(context, { code, ca: certificates(values) }, async (asked) => {
        container ??= await newOwner(context, values)
        return await begin(context, asked, beginningOf(code, values), {
          container,
          wanted: { paths, serials: values.serial, all: values.all },
        })
      })
      if (container) await goOnWith(context, folder, { container, values, paths })
    })
  } finally {
    container?.wipe()
  }
}

function beginningOf(code: FoundCode, values: Values): Beginning {
  return {
    code,
    kind: values.vouched ? 'vetting' : 'recovery-code',
    ca: certificates(values),
    reason: values.reason ?? NOTHING_SAID,
    reference: values.reference ?? null,
  }
}

/** Goes on with what was begun before. */
async function resume(
  context: Context,
  folder: RecoveryFolder,
  values: Values,
  paths: readonly string[],
): Promise<void> {
  const container = await newOwner(context, {
    ...values,
    container: values.container ?? folder.load().container,
  })
  try {
    await goOnWith(context, folder, { container, values, paths })
  } finally {
    container.wipe()
  }
}

/** Goes on, and makes something of what came back. */
async function goOnWith(
  context: Context,
  folder: RecoveryFolder,
  { container, values, paths }: { container: KeyContainer; values: Values; paths: readonly string[] },
): Promise<void> {
  const lock = folder.lock()
  try {
    tellRequest(context, folder)
    const { keys } = await goOn(context, folder, { container, wait: values.wait })
    try {
      const outputFolder = values.outputFolder ?? '.'
      const record = folder.load()
      const restored = await restore(context, { record, keys, container, paths, outputFolder })
      tellRestored(context, folder, restored, keys.length)
      adopt(context, folder, container)
      if (context.failures.status === 0) folder.finish()
    } finally {
      wipeKeys(keys)
    }
  } finally {
    lock.release()
  }
}

function tellRequest({ terminal }: Context, folder: RecoveryFolder): void {
  if (terminal.quiet || terminal.json) return
  const { recipient, expires, client } = folder.request()
  terminal.heading(`recovery ${shortDigest(folder.digest)}`)
  terminal.fields([
    ['for', `${count(folder.load().deposits.length, 'key')} of ${client}`],
    ['compare', `${groupsText(recipient)}: tell it to officers who ask for whom it is`],
    ['until', formatTime(expires)],
  ])
}

function tellRestored(
  { terminal }: Context,
  folder: RecoveryFolder,
  { files, written, alias }: Awaited<ReturnType<typeof restore>>,
  keys: number,
): void {
  terminal.record({ request: folder.id, done: true, keys, decryptOnly: true, files, written, signer: alias })
  const apart = keys - files.length - written.length
  terminal.note(
    `${count(keys, 'key')} came back, for decryption alone: strongroom reseal gives files new ones`,
  )
  if (apart > 0) {
    terminal.note(
      `${count(apart, 'key')} of files that are not here: strongroom recover FILE --resume ${folder.id.slice(0, 8)}`,
    )
  }
}

/** The one recovery that is not finished. */
function onlyOne({ folders }: Context): RecoveryFolder {
  const store = new RecoveryStore(folders.recoveries)
  const open = store
    .list()
    .map((id) => store.open(id))
    .filter((folder) => !folder.finished && !folder.over && folder.load().purpose === 'recovery')
  const [folder] = open
  if (!folder) throw usage('nothing was begun here', 'name the files that are to open again, or add --all')
  if (open.length === 1) return folder
  const ids = open.map(({ id }) => id.slice(0, 8)).join(', ')
  throw usage(`${count(open.length, 'recovery')} were begun here: ${ids}`, 'name one with --resume REQUEST')
}

/** Does something with the first code of a sheet that the authority knows. */
async function withCode<Result>(
  context: Context,
  values: Values,
  use: (code: FoundCode) => Promise<Result>,
): Promise<Result> {
  const codes = await readCodes(context, values.codeFile)
  try {
    for (const [i, code] of codes.entries()) {
      try {
        return await use(code)
      } catch (error) {
        if (i === codes.length - 1 || !isUnknown(error)) throw error
        context.terminal.note(`code ${i + 1} of the sheet is not accepted any more, trying the next`)
      }
    }
    throw new ClientError('CLIENT_CODE', 'there is no recovery code in that')
  } finally {
    for (const { key } of codes) key.wipe()
  }
}

/** Whether the authority knows no such code, or knows that it was used. */
function isUnknown(error: unknown): boolean {
  const cause = error instanceof CliError ? error.cause : error
  const code = cause instanceof ClientError ? cause.problem?.code : undefined
  return code === 'unauthenticated' || code === 'not-found' || code === 'recovery'
}

function certificates({ ca }: Values): string | null {
  if (ca === undefined) return null
  const text = readFileSync(ca, 'utf8')
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new CliError('UNSUPPORTED', `${displayName(ca)} holds no certificate in PEM`)
}
