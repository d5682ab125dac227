import type { KeyContainer } from '@strongroom/core/container'
import type { RsaKey } from '@strongroom/core/cryptoapi'
import { openChunks } from '@strongroom/core/seal'
import { usage } from '../../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { loadConfig } from '../../config.ts'
import {
  readSignature,
  SIGNATURE_CHECK_OPTIONS,
  verifySignature,
} from '../../cryptoapi/detached-signature.ts'
import { liesInFolder, MIGRATION_NAME_OPTIONS, migrationPlanner } from '../../cryptoapi/migration-plan.ts'
import { MigrationReport } from '../../cryptoapi/migration-report.ts'
import { migrateOne, type Migration } from '../../cryptoapi/migration.ts'
import { keyBlobOpener, passwordOpener } from '../../cryptoapi/old-file.ts'
import { oldPassword } from '../../cryptoapi/old-password.ts'
import { rsaKeysOf, withPrivateKeys } from '../../cryptoapi/private-keys.ts'
import { checkReadValues, SAMPLE_READ_OPTIONS } from '../../cryptoapi/sample-options.ts'
import { checkSignatureValues } from '../../cryptoapi/signature-values.ts'
import { refuseToRemove, removeSealedInput } from '../../input-files.ts'
import { OUTPUT_OPTIONS, planTasks, type Task, type Tasks } from '../../outputs.ts'
import { openContainer, OWN_NAME } from '../../owner.ts'
import { ProgressLine } from '../../progress.ts'
import { readerOf } from '../../reader.ts'
import { RECIPIENT_OPTIONS, resolveRecipients } from '../../recipients.ts'

/** What stands for standard input on the command line. */
const STREAM = '-'

const { outputFolder, force } = OUTPUT_OPTIONS
const { stripSuffix, signatureSuffix } = MIGRATION_NAME_OPTIONS
const OPTIONS = {
  outputFolder,
  force,
  stripSuffix,
  removeInput: {
    flags: '--remove-input',
    kind: 'flag',
    description: 'delete each old file when its sealed file is safe on the disk and opens to the same text',
  },
  recipient: RECIPIENT_OPTIONS.recipient,
  ...SAMPLE_READ_OPTIONS,
  signatureSuffix,
  ...SIGNATURE_CHECK_OPTIONS,
  hash: {
    ...SAMPLE_READ_OPTIONS.hash,
    description: 'of the signatures: sha1 unless told; with --password, of the password: md5 unless told',
  },
} as const

type Values = OptionValues<typeof OPTIONS>

/** `strongroom cryptoapi migrate`. */
export const cryptoapiMigrate = defineCommand({
  operands: [
    {
      name: '<path...>',
      description: 'files that Microsoft’s encryption sample made, and folders with them',
      completes: 'file',
    },
  ],
  options: OPTIONS,
  notes: [
    'Each old file is decrypted straight into a sealed one beside it, for you and the recipients; its plaintext never',
    'reaches the disk. The sealed file is opened again and compared before the next one is begun. The old file stays',
    'unless --remove-input is given. What the old file was stands in the description, with the digest of its key blob.',
    '',
    'In a folder, what is no such file is left out. Files under a password cannot be told from others: each is tried.',
    'A migration that was stopped can be started again: what was sealed is compared and left as it is.',
    '',
    'The seal says that you migrated a file. Who made its key is proved by a signature over the key blob, if there is one;',
    'who wrote the text, and that it is the same text still, is proved by nothing.',
  ],
  examples: [
    {
      line: 'strongroom cryptoapi migrate archive -O sealed --key exchange.pvk',
      purpose: 'everything below a folder, with the key that was exported from Windows',
    },
    {
      line: 'strongroom cryptoapi migrate *.enc --strip-suffix .enc --remove-input',
      purpose: 'with the RSA pairs in your container: letter.doc.enc becomes letter.doc.age',
    },
    {
      line: 'strongroom cryptoapi migrate old.enc --password --algorithm rc4',
      purpose: 'what the sample made of a password',
    },
  ],
  run: async (context, paths, values) => {
    checkCombination(paths, values)
    const work = planTasks(context, paths, { ...values, output: undefined }, migrationPlanner(values), true)
    if (values.removeInput) refuseToRemove(work.tasks)
    const container = await openContainer(context, values)
    try {
      await withOpeners(context, values, container, (openerFor) =>
        migrateAll(context, work, values, container, openerFor),
      )
    } finally {
      container.wipe()
    }
  },
})

type OpenerFor = Migration['openerFor']

/** Lends what opens old files: a password, the keys of files, or those of the container. */
async function withOpeners(
  context: Context,
  values: Values,
  container: KeyContainer,
  work: (openerFor: OpenerFor) => Promise<void>,
): Promise<void> {
  if (values.password) {
    const opener = passwordOpener(values, await oldPassword(context, values, 'Old password'))
    return await work(() => opener).finally(() => opener.wipe())
  }
  const withKeys = async (keys: readonly RsaKey[]): Promise<void> =>
    await work((task) => keyBlobOpener(values, { keys, verify: verifierOf(context, values, task) }))
  if (values.key.length > 0) {
    return await withPrivateKeys(context, { ...values, container: undefined }, 'exchange', withKeys)
  }
  const keys = rsaKeysOf(container, 'exchange')
  await withKeys(keys).finally(() => keys.forEach(({ privateKey }) => privateKey?.wipe()))
}

function verifierOf(context: Context, values: Values, { inputName }: Task) {
  const { signatureSuffix: suffix, signer } = values
  if (suffix === undefined || signer === undefined) return undefined
  return async (blob: Uint8Array) => {
    const detached = await readSignature(context, { signature: `${inputName}${suffix}`, signer })
    return await verifySignature([blob], detached, values)
  }
}

async function migrateAll(
  context: Context,
  { tasks, totalBytes }: Tasks,
  values: Values,
  container: KeyContainer,
  openerFor: OpenerFor,
): Promise<void> {
  const defaults = loadConfig(context.folders.configFile).defaultRecipients ?? []
  const named = [...values.recipient, ...defaults]
  const migration: Migration = {
    context,
    openerFor,
    container,
    reader: readerOf(context, { signer: OWN_NAME, allowSuperseded: false }, container),
    sealing: {
      // Without the owner nobody here could open the sealed file and compare.
      recipients: resolveRecipients(context, container, { named, self: true }),
      signingKey: container.signingKey(),
      visibility: 'private',
    },
    findEnd: values.findEnd,
  }
  const report = new MigrationReport(context, tasks.length)
  const names = tasks.map(({ inputName }) => inputName)
  const progress = new ProgressLine(context.terminal, { verb: 'migrating', names, totalBytes })
  try {
    for (const [job, task] of tasks.entries()) {
      await migrateTask(migration, task, { report, removeInput: values.removeInput }, (doneBytes) =>
        progress.update({ job, doneBytes }),
      )
    }
  } finally {
    progress.end()
    migration.reader.wipe()
  }
  report.end()
}

/** A file that fails keeps the others from nothing. */
async function migrateTask(
  migration: Migration,
  task: Task,
  { report, removeInput }: { readonly report: MigrationReport; readonly removeInput: boolean },
  onBytes: (doneBytes: number) => void,
): Promise<void> {
  const { signal, failures } = migration.context
  try {
    const reason = liesInFolder(task) ? await reasonToLeaveOut(migration, task) : undefined
    if (reason !== undefined) return report.leftOut(task, reason)
    const migrated = await migrateOne(migration, task, onBytes)
    report.migrated(task, migrated, removeInput && removed(migration.context, task, migrated.source))
  } catch (error) {
    if (signal.aborted) throw error
    failures.report(error, task.inputName)
  }
}

async function reasonToLeaveOut({ context, openerFor }: Migration, task: Task): Promise<string | undefined> {
  const input = await openChunks(task.input, { signal: context.signal })
  try {
    return await openerFor(task).unlike(input.chunks())
  } finally {
    input.close()
  }
}

function removed(
  { failures }: Context,
  task: Task,
  source: Parameters<typeof removeSealedInput>[2],
): boolean {
  let kept = false
  const report = (error: unknown, input?: string): void => {
    kept = true
    failures.report(error, input)
  }
  removeSealedInput({ report }, task, source)
  return !kept
}

function checkCombination(paths: readonly string[], values: Values): void {
  checkReadValues(values)
  checkSignatureValues(values, { option: '--signature-suffix', value: values.signatureSuffix })
  if (paths.includes(STREAM)) {
    throw usage(
      'a stream has no place for its sealed file',
      'strongroom cryptoapi open - and strongroom seal - do it in two steps',
    )
  }
  if (values.password && values.removeInput) {
    throw usage(
      'nothing proves that a password was right, so that old files under one are not removed',
      'look at what was sealed, then remove them yourself',
    )
  }
  if (values.findEnd && values.removeInput) {
    throw usage(
      '--find-end takes what looks most like an end, so that old files are not removed',
      'look at what was sealed, then remove them yourself',
    )
  }
}
