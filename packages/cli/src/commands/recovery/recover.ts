import { readFileSync } from 'node:fs'
import { toHex } from '@strongroom/core/bytes'
import {
  ClientError,
  RecoveryStore,
  signerOf,
  type FoundCode,
  type RecoveryFolder,
} from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { checkUrl } from '@strongroom/core/protocol'
import { CliError, usage } from '../../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { count } from '../../quantities.ts'
import { askWithCode, begin, begunWith } from '../../recovery/begin.ts'
import { carryOn } from '../../recovery/carry-on.ts'
import { readCodes } from '../../recovery/code-input.ts'
import { newOwner, NEW_OWNER_OPTIONS } from '../../recovery/new-owner.ts'
import { tellPlan } from '../../recovery/plan-text.ts'
import { checkLine, checkNobodys } from '../../recovery/request-rules.ts'
import {
  checkCount,
  chosenDeposits,
  namesAny,
  readWanted,
  sealedFiles,
  WANTED_OPTIONS,
} from '../../recovery/wanted.ts'

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
  ...WANTED_OPTIONS,
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
  resume: {
    flags: '--resume <request>',
    kind: 'value',
    description: 'go on with this one, by its first digits',
  },
  wait: { flags: '-w, --wait', kind: 'flag', description: 'wait until it is decided' },
  url: {
    flags: '--url <address>',
    kind: 'value',
    description: 'where the authority is, if not where the code says; who answers is verified as ever',
  },
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
      description: 'sealed files, or folders of them, that are to open again; without any, goes on',
      completes: 'file',
    },
  ],
  options: OPTIONS,
  notes: [
    'Asks a backup authority for session keys that were deposited, with a recovery code as proof of who asks. Officers are',
    'asked, the owner is told, and a waiting time passes; then the custodian releases the keys for the container that you have',
    'now. Each key is compared with what was deposited before it is used, and each file that is named opens again at once.',
    'One request asks for up to 10,000 keys; --dry-run shows first for which.',
    '',
    'Whatever happens in between, run it again: a request is made once, and strongroom recover alone goes on with it. The',
    'exit status is 18 as long as it waits.',
    '',
    'What comes back is for decryption: give files new keys with strongroom reseal. This is for keys of your own; people of the',
    'charter ask for those of somebody else with strongroom officer request.',
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
    { line: 'strongroom recover --dry-run --code-file sheet.txt', purpose: 'what could be asked for' },
  ],
  run: async (context, paths, values) => {
    if (values.resume !== undefined) {
      const store = new RecoveryStore(context.folders.recoveries)
      return await resume(context, store.open(values.resume), values, paths)
    }
    if (values.dryRun) return await plan(context, paths, values)
    if (!namesAny(paths, values)) return await resume(context, onlyOne(context), values, [])
    await askAnew(context, paths, values)
  },
})

/** Asks for nothing: no code is spent by looking. */
async function plan(context: Context, paths: readonly string[], values: Values): Promise<void> {
  checkOneInput(values)
  const wanted = await readWanted(context, paths, values)
  await withCode(context, values, async (code) => {
    await askWithCode(context, { code, ca: certificates(values) }, async ({ wire }) => {
      const { deposits } = await chosenDeposits(context, wire, code.client, wanted)
      tellPlan(context, code.client, deposits)
    })
  })
}

/** With each code of the sheet in turn, until one is taken. The container is opened, or made, once. */
async function askAnew(context: Context, paths: readonly string[], values: Values): Promise<void> {
  checkOneInput(values)
  checkLine('--reason', values.reason)
  checkLine('--reference', values.reference)
  const wanted = await readWanted(context, paths, values)
  let container: KeyContainer | undefined
  try {
    await withCode(context, values, async (code) => {
      const begun = begunWith(context, code)
      if (begun) {
        context.terminal.note('that code was used already: this goes on with what was asked for then')
        return await resume(context, begun, values, paths)
      }
      const ca = certificates(values)
      const folder = await askWithCode(context, { code, ca }, async ({ wire, seen }) => {
        const { deposits, paths: files } = await chosenDeposits(context, wire, code.client, wanted)
        checkCount(deposits)
        container ??= await newOwner(context, values)
        checkNobodys(seen, container)
        return begin(context, seen, {
          ...code,
          ca,
          class: 'self',
          evidence: [{ kind: values.vouched ? 'vetting' : 'recovery-code', key: signerOf(code.key) }],
          requester: null,
          reason: values.reason ?? NOTHING_SAID,
          reference: values.reference ?? null,
          deposits,
          paths: files,
          container,
        })
      })
      if (container) await carryOn(context, folder, { ...values, container, paths: [] })
    })
  } finally {
    container?.wipe()
  }
}

/** Standard input is one thing. @throws CliError USAGE */
function checkOneInput({ codeFile, list }: Values): void {
  if (codeFile !== '-' || list !== '-') return
  throw usage('standard input cannot be both the code and the list', 'name a file for one of them')
}

/** Goes on with what was begun before. */
async function resume(
  context: Context,
  folder: RecoveryFolder,
  values: Values,
  paths: readonly string[],
): Promise<void> {
  const record = folder.load()
  if (values.dryRun) return tellKept(context, folder)
  const named = await sealedFiles(context, paths)
  moveTo(folder, values)
  const container = await newOwner(context, { ...values, container: values.container ?? record.container })
  try {
    await carryOn(context, folder, { ...values, ...named, container })
  } finally {
    container.wipe()
  }
}

/** The authority is found at another address now; that it is the same, its fingerprint says. */
function moveTo(folder: RecoveryFolder, { url, ca }: Values): void {
  if (url === undefined) return
  const record = folder.load()
  folder.save({ ...record, url: checkUrl(url), ca: ca === undefined ? record.ca : certificates({ ca }) })
}

/** What was asked for, as it was kept then. */
function tellKept({ terminal }: Context, folder: RecoveryFolder): void {
  const { deposits, client } = folder.load()
  for (const id of deposits) {
    terminal.record({ id: toHex(id) })
    terminal.line(toHex(id))
  }
  const digest = toHex(folder.request().deposits.digest)
  terminal.record({ client, count: deposits.length, digest })
  terminal.note(`${count(deposits.length, 'deposit')} of ${client}, list ${digest.slice(0, 16)}`)
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
    for (const [i, found] of codes.entries()) {
      try {
        return await use(values.url === undefined ? found : { ...found, url: checkUrl(values.url) })
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

function certificates({ ca }: Pick<Values, 'ca'>): string | null {
  if (ca === undefined) return null
  const text = readFileSync(ca, 'utf8')
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new CliError('UNSUPPORTED', `${displayName(ca)} holds no certificate in PEM`)
}
