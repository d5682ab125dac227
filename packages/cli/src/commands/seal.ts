import { formatSerial } from '@strongroom/core/keyblob'
import { toHex } from '@strongroom/core/bytes'
import type { KeyContainer } from '@strongroom/core/container'
import {
  planSeal,
  sealFiles,
  type FailedJob,
  type SealedFile,
  type SealJob,
  type SealResult,
} from '@strongroom/core/seal'
import { usage } from '../cli-error.ts'
import { openSealDeposits, SEAL_DEPOSIT_OPTIONS } from '../client/seal-deposit-options.ts'
import { type Context, defineCommand, type OptionValues } from '../command.ts'
import { loadConfig } from '../config.ts'
import { displayName } from '../escape-text.ts'
import { refuseToRemove, removeSealedInput } from '../input-files.ts'
import { sealingKey, SEALING_KEY_OPTIONS } from '../named-keys.ts'
import { OUTPUT_OPTIONS, planTasks, type Task, type Tasks } from '../outputs.ts'
import { openContainer, OWN_NAME, OWNER_OPTIONS } from '../owner.ts'
import { successionOf, type Succession } from '../previous-version.ts'
import { ProgressLine } from '../progress.ts'
import { count, formatBytes } from '../quantities.ts'
import { openersText } from '../recipient-list.ts'
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
  newSerial: {
    flags: '--new-serial',
    kind: 'flag',
    description: 'with --force: replace any age file, and begin with version 1 of a new one',
  },
  password: {
    flags: '--password',
    kind: 'flag',
    description: 'encrypt under a passphrase alone: no keys, and no seal',
  },
  ...RECIPIENT_OPTIONS,
  ...SEALING_KEY_OPTIONS,
  ...SEAL_DEPOSIT_OPTIONS,
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
    'followed by its next version: strongroom open then notices when somebody puts the old one back. Another age file',
    'is not replaced so: one that is damaged, that was sealed under another name or by somebody else.',
    '',
    '--remove-input deletes what was sealed and nothing else: a file that has changed since is kept.',
    '',
    'Where a backup authority was enrolled with, the key of each file is deposited there: it waits in an outbox on your',
    'disk before the file is there, and is sent when all are sealed. An authority that does not answer stops nothing.',
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
    if (values.removeInput) refuseToRemove(work.tasks)
    if (values.password) {
      const { sealAllWithPassword } = await import('../password-files.ts')
      return await sealAllWithPassword(context, work, values)
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
  const signingKey = container.signingKey()
  const reader = readerOf(context, { signer: undefined, allowSuperseded: false }, container)
  const namedKey = sealingKey(context, container, values)
  const openers = { recipients: recipients.length, sessionKeys: namedKey ? 1 : 0 }
  const deposits = await openSealDeposits(context, values, { container, namedKey })
  const planned = await planJobs(context, tasks, values, (task) => successionOf(task, { reader, container }))
  const names = planned.map(({ task }) => task.inputName)
  const progress = new ProgressLine(terminal, { verb: 'sealing', names, totalBytes })
  const jobs = planned.map(({ job }) => job)
  const sealed = await sealFiles(jobs, {
    recipients,
    signingKey,
    namedKey,
    visibility: values.publicSeal ? 'public' : 'private',
    ledger: reader.ledger,
    signal,
    beforeRelease: deposits && ((seals) => deposits.keep(seals, ({ job }) => planned[job]?.task.outputName)),
    onProgress: (report) => progress.update(report),
    onResult: (result) => {
      const task = planned[result.job]?.task
      if (!task) return
      if (isFailed(result)) return failures.report(result.error, task.inputName)
      const deposit = deposits && { deposit: deposits.recordOf(result.sealId) }
      tell(context, task, result, { ...openers, fingerprint: signingKey.signer.fingerprint, ...deposit })
      if (values.removeInput && !values.requireReceipt) removeSealedInput(failures, task, result.source)
    },
  }).finally(() => {
    progress.end()
    namedKey?.wipe()
    reader.wipe()
  })
  const done = sealed.flatMap((result) => (isFailed(result) ? [] : [result]))
  if (tasks.length > 1) terminal.note(`sealed ${count(done.length, 'file')} of ${tasks.length}`)
  if (!deposits) return
  await deposits.finish(done)
  if (!values.removeInput || !values.requireReceipt) return
  for (const { job, sealId, source } of done) {
    const task = planned[job]?.task
    if (task && deposits.hasReceipt(sealId)) removeSealedInput(failures, task, source)
  }
}

interface Planned {
  readonly task: Task
  readonly job: SealJob
}

/** A task whose output must stay as it is is reported, and keeps the others from nothing. */
async function planJobs(
  { failures }: Context,
  tasks: readonly Task[],
  { description, newSerial }: Values,
  succession: (task: Task) => Promise<Succession>,
): Promise<Planned[]> {
  const planned: Planned[] = []
  for (const task of tasks) {
    const { input, output, name } = task
    try {
      const naming = newSerial ? (name === undefined ? {} : { name }) : await succession(task)
      const job = { input, output, ...naming, ...(description === undefined ? {} : { description }) }
      planned.push({ task, job })
    } catch (error) {
      failures.report(error, task.inputName)
    }
  }
  return planned
}

function isFailed(result: SealResult): result is FailedJob {
  return result.error !== undefined
}

interface Sealing {
  readonly recipients: number
  readonly sessionKeys: number
  readonly fingerprint: string
  readonly deposit?: object
}

function tell({ terminal }: Context, task: Task, result: SealedFile, by: Sealing): void {
  const { serial, sealId, version, plaintextBytes, sealedBytes } = result
  terminal.record({
    input: task.inputName,
    output: task.outputName ?? null,
    signer: OWN_NAME,
    ...by,
    serial: formatSerial(serial),
    sealId: toHex(sealId),
    version,
    plaintextBytes,
    sealedBytes,
  })
  if (task.outputName === undefined) return
  const text = `sealed, ${formatBytes(plaintextBytes)}, for ${openersText(by)}`
  terminal.done(displayName(task.outputName), version === 1 ? text : `${text}, version ${version}`)
}

function checkCombination(values: Values): void {
  const { password, recipient, key, keySigner, noSelf, publicSeal, newSerial, description } = values
  const { authority, requireReceipt, plainDescription, retention } = values
  const flags = noSelf || publicSeal || newSerial || requireReceipt || plainDescription
  const texts = [key, keySigner, description, authority, retention]
  const useless = flags || recipient.length > 0 || texts.some((text) => text !== undefined)
  if (!password || !useless) return
  throw usage(
    'a file under a password has no recipients and no seal',
    'leave out --password, or everything that names keys, recipients, the seal and an authority',
  )
}
