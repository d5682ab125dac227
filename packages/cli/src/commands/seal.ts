import { existsSync, unlinkSync } from 'node:fs'
import {
  formatSerial,
  SessionKeyStore,
  type NamedSessionKey,
  type VerifiedSeal,
} from '@strongroom/core/keyblob'
import { toHex } from '@strongroom/core/bytes'
import type { KeyContainer } from '@strongroom/core/container'
import {
  inspectFile,
  Ledger,
  planSeal,
  sealFiles,
  type SealedFile,
  type SealJob,
} from '@strongroom/core/seal'
import { usage } from '../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../command.ts'
import { loadConfig } from '../config.ts'
import { displayName } from '../escape-text.ts'
import { OUTPUT_OPTIONS, planTasks, type Task, type Tasks } from '../outputs.ts'
import { openContainer, OWN_NAME, OWNER_OPTIONS, signerDirectory } from '../owner.ts'
import { ProgressLine } from '../progress.ts'
import { count, formatBytes } from '../quantities.ts'
import { RECIPIENT_OPTIONS, resolveRecipients } from '../recipients.ts'
import { readerOf } from '../reader.ts'

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  description: {
    flags: '-d, --description <text>',
    kind: 'value',
    description: 'say what it is; whoever opens it reads that, others do not',
  },
  publicSeal: {
    flags: '--public-seal',
    kind: 'flag',
    description: 'let everybody see who sealed it, and the description and name',
  },
  removeInput: {
    flags: '--remove-input',
    kind: 'flag',
    description: 'delete each input when its sealed file is safe on the disk',
  },
  password: {
    flags: '--password',
    kind: 'flag',
    description: 'encrypt under a passphrase alone: no keys, and no seal',
  },
  ...RECIPIENT_OPTIONS,
  key: {
    flags: '-k, --key <name>',
    kind: 'value',
    description: 'seal under this session key too, which opens all files of its kind',
    completes: 'session-key',
    group: 'Keys:',
  },
  ...OWNER_OPTIONS,
} as const

type Values = OptionValues<typeof OPTIONS>

/** `strongroom seal`. */
export const seal = defineCommand({
  operands: [
    {
      name: '<path...>',
      description: 'files, folders with all that is in them, or - for standard input',
      completes: 'file',
    },
  ],
  options: OPTIONS,
  notes: [
    'Each file becomes <file>.age beside it, and stays as it is. With --force an older sealed file of yours is',
    'followed by its next version: strongroom open then notices when somebody puts the old one back.',
  ],
  examples: [
    { line: 'strongroom seal report.pdf', purpose: 'makes report.pdf.age, which you alone can open' },
    { line: 'strongroom seal photos -O /backup', purpose: 'everything in photos, under /backup/photos' },
    { line: 'strongroom seal plan.txt -r bob -r age1…', purpose: 'for bob and somebody else as well' },
    { line: 'tar c src | strongroom seal - > src.tar.age', purpose: 'what comes through a pipe' },
  ],
  run: async (context, paths, values) => {
    checkCombination(values)
    const work = planTasks(context, paths, values, planSeal, true)
    if (values.removeInput && work.tasks.some(({ outputName }) => outputName === undefined)) {
      throw usage('--remove-input needs an output that is a file', 'a pipe may break after it was filled')
    }
    if (values.password) {
      const { sealAllWithPassword } = await import('../password-files.ts')
      return await sealAllWithPassword(context, work, values, (task) => removeInput(values, task))
    }
    const container = await openContainer(context, values)
    try {
      await sealAll(context, work, values, container)
    } finally {
      container.wipe()
    }
  },
})

async function sealAll(
  context: Context,
  work: Tasks,
  values: Values,
  container: KeyContainer,
): Promise<void> {
  const { terminal, failures, signal, folders } = context
  const { tasks, totalBytes } = work
  const defaults = loadConfig(folders.configFile).defaultRecipients ?? []
  const recipients = resolveRecipients(context, container, {
    named: [...values.recipient, ...defaults],
    self: !values.noSelf,
  })
  const namedKey = values.key === undefined ? undefined : sessionKey(context, container, values.key)
  const ledger = new Ledger(folders.ledger)
  const progress = new ProgressLine(terminal, {
    verb: 'sealing',
    names: tasks.map(({ inputName }) => inputName),
    totalBytes,
  })
  const jobs: SealJob[] = []
  const planned: Task[] = []
  for (const task of tasks) {
    try {
      jobs.push({ ...naming(task, values), previous: await versionBefore(context, container, ledger, task) })
      planned.push(task)
    } catch (error) {
      failures.report(error, task.inputName)
    }
  }
  const sealed = await sealFiles(jobs, {
    recipients,
    signingKey: container.signingKey(),
    namedKey,
    visibility: values.publicSeal ? 'public' : 'private',
    ledger,
    signal,
    onProgress: (report) => progress.update(report),
    onResult: (result) => {
      const task = planned[result.job]
      if (!task) return
      if ('error' in result && result.error !== undefined)
        return failures.report(result.error, task.inputName)
      tell(context, task, result as SealedFile, recipients.length)
      removeInput(values, task)
    },
  }).finally(() => progress.end())
  const done = sealed.filter((result) => result.error === undefined)
  if (tasks.length > 1) terminal.note(`sealed ${count(done.length, 'file')} of ${tasks.length}`)
}

function naming(task: Task, { description }: Values) {
  const { input, output, name } = task
  return {
    input,
    output,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
  }
}

/**
 * The sealed file of the owner's that is about to be replaced, if it is one: the new one is its next version.
 *
 * @throws SealError SUPERSEDED if what lies there is an old version that somebody put back: to go on from
 *   it would give two files the same version number
 */
async function versionBefore(
  context: Context,
  container: KeyContainer,
  ledger: Ledger,
  { output }: Task,
): Promise<VerifiedSeal | undefined> {
  if (!('path' in output) || !output.overwrite || !existsSync(output.path)) return undefined
  const signers = signerDirectory(context, container.signers())
  const found = await inspectFile(
    { path: output.path },
    { identities: container.identities(), signers },
  ).catch(() => undefined)
  const before = found?.verified
  if (before?.kind !== 'file' || before.signerName !== OWN_NAME) return undefined
  ledger.check(before)
  return before
}

function sessionKey(context: Context, container: KeyContainer, name: string): NamedSessionKey {
  const { signers } = readerOf(context, { signer: undefined, allowSuperseded: false }, container)
  return new SessionKeyStore(context.folders.sessionKeys).load(name, container.identities(), signers)
}

function tell({ terminal }: Context, task: Task, result: SealedFile, recipients: number): void {
  const { serial, sealId, version, plaintextBytes, sealedBytes } = result
  terminal.record({
    input: task.inputName,
    output: task.outputName ?? null,
    serial: formatSerial(serial),
    sealId: toHex(sealId),
    version,
    recipients,
    plaintextBytes,
    sealedBytes,
  })
  if (task.outputName === undefined) return
  const text = `sealed, ${formatBytes(plaintextBytes)}, for ${count(recipients, 'recipient')}`
  terminal.done(displayName(task.outputName), version === 1 ? text : `${text}, version ${version}`)
}

function removeInput({ removeInput: wanted }: Values, { input }: Task): void {
  if (wanted && 'path' in input) unlinkSync(input.path)
}

function checkCombination({ password, recipient, key, noSelf, publicSeal, description }: Values): void {
  const useless = [recipient.length > 0, key !== undefined, noSelf, publicSeal, description !== undefined]
  if (!password || !useless.some(Boolean)) return
  throw usage(
    'a file under a password has no recipients and no seal',
    'leave out --password, or everything that names keys, recipients and the seal',
  )
}
