import { readFileSync } from 'node:fs'
import { openFile, planOpen, type ByteRange, type OpenedFile } from '@strongroom/core/seal'
import { usage } from '../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { OUTPUT_OPTIONS, planTasks, type Task } from '../outputs.ts'
import { ProgressLine } from '../progress.ts'
import { formatBytes } from '../quantities.ts'
import { openReader, READER_OPTIONS, type FileReader } from '../reader.ts'
import { sealRecord, sealSentence, warnAboutName } from '../seal-text.ts'

const OPTIONS = {
  ...OUTPUT_OPTIONS,
  range: {
    flags: '--range <offset:length>',
    kind: 'value',
    description: 'only these bytes of the content, to standard output unless told',
  },
  restoreMode: {
    flags: '--restore-mode',
    kind: 'flag',
    description: 'give the output the permissions the file had, not just yours',
  },
  allowUnsigned: {
    flags: '--allow-unsigned',
    kind: 'flag',
    description: 'open a plain age file too, which anybody could have made',
    group: 'Proof:',
  },
  keyBlob: {
    flags: '--key-blob <file>',
    kind: 'value',
    description: 'use this key blob instead of the header of the file',
    completes: 'file',
    group: 'Keys:',
  },
  password: {
    flags: '--password',
    kind: 'flag',
    description: 'open with the passphrase it was sealed under',
    group: 'Keys:',
  },
  ...READER_OPTIONS,
} as const

type Values = OptionValues<typeof OPTIONS>

const PROOFS = {
  sealed: 'opened',
  password: 'opened: whoever made it knew the passphrase, and nothing more is known',
  unsigned: 'opened: NOBODY SIGNED IT, anybody who knows your public key could have made it',
} as const

/** `strongroom open`. */
export const open = defineCommand({
  operands: [
    {
      name: '<path...>',
      description: 'sealed files, folders with them, or - for standard input',
      completes: 'file',
    },
  ],
  options: OPTIONS,
  notes: [
    'Nothing is written before it is known who sealed it and that it is whole. report.pdf.age becomes report.pdf.',
    'Files under a password, and plain age files, have no seal: they open only when asked for by option.',
  ],
  examples: [
    { line: 'strongroom open report.pdf.age', purpose: 'makes report.pdf and says who sealed it' },
    { line: 'strongroom open -O restored /backup/photos', purpose: 'everything below a folder' },
    { line: 'strongroom open --signer bob plan.txt.age', purpose: 'only if bob sealed it' },
    { line: 'strongroom open - < src.tar.age | tar x', purpose: 'each part is verified before it goes on' },
  ],
  run: async (context, paths, values) => {
    checkCombination(values)
    const range = values.range === undefined ? undefined : parseRange(values.range)
    const output = range ? (values.output ?? '-') : values.output
    const { tasks, totalBytes } = planTasks(context, paths, { ...values, output }, planOpen, false)
    const names = tasks.map(({ inputName }) => inputName)
    const progress = new ProgressLine(context.terminal, { verb: 'opening', names, totalBytes })
    const opener = await openerOf(context, values, range)
    try {
      for (const [job, task] of tasks.entries()) {
        try {
          const opened = await opener.open(task, ({ doneBytes }) => progress.update({ job, doneBytes }))
          tell(context, task, opened)
        } catch (error) {
          if (context.signal.aborted) throw error
          context.failures.report(opener.explain(error), task.inputName)
        }
      }
    } finally {
      opener.wipe()
    }
    progress.end()
  },
})

interface Opener extends Pick<FileReader, 'explain' | 'wipe'> {
  open(task: Task, onProgress: (progress: { doneBytes: number }) => void): Promise<OpenedFile>
}

async function openerOf(context: Context, values: Values, range: ByteRange | undefined): Promise<Opener> {
  const { signal } = context
  if (values.password) {
    const { openWithPassword } = await import('../password-files.ts')
    return {
      open: (task, onProgress) => openWithPassword(context, task, values, { range, signal, onProgress }),
      explain: (error) => error,
      wipe: () => undefined,
    }
  }
  const { allowUnsigned, restoreMode } = values
  const keyBlob = values.keyBlob === undefined ? undefined : Uint8Array.from(readFileSync(values.keyBlob))
  const reader = await openReader(context, values)
  const options = { ...reader, allowUnsigned, restoreMode, keyBlob, range, signal }
  return { ...reader, open: (task, onProgress) => openFile(task, { ...options, onProgress }) }
}

function tell({ terminal }: Context, task: Task, { proof, seal, plaintextBytes }: OpenedFile): void {
  terminal.record({
    input: task.inputName,
    output: task.outputName ?? null,
    proof,
    ...(seal ? sealRecord(seal) : {}),
    plaintextBytes,
  })
  const text = `${PROOFS[proof]}, ${formatBytes(plaintextBytes)}${seal ? `, ${sealSentence(seal)}` : ''}`
  if (task.outputName === undefined) terminal.note(`${displayName(task.inputName)} ${text}`)
  else terminal.done(displayName(task.outputName), text)
  if (seal) warnAboutName(terminal, task.inputName, seal)
}

function checkCombination({
  password,
  identity,
  signer,
  keyBlob,
  allowUnsigned,
  outputFolder,
  range,
}: Values): void {
  if (password && (identity.length > 0 || signer !== undefined || keyBlob !== undefined || allowUnsigned)) {
    throw usage(
      'a file under a password has no keys and no signer',
      'leave out --password, or what names keys',
    )
  }
  if (range !== undefined && outputFolder !== undefined) {
    throw usage('--range goes to one output', 'use --output FILE')
  }
}

function parseRange(text: string): ByteRange {
  const [, offset, length] = /^(\d{1,15}):(\d{1,15})$/.exec(text) ?? []
  if (offset !== undefined && length !== undefined) return { offset: Number(offset), length: Number(length) }
  throw usage(`--range: expected OFFSET:LENGTH in bytes, got ${displayName(text)}`, 'as in --range 4096:512')
}
