import { inspectFile, verifyFile, type SkippedEntry } from '@strongroom/core/seal'
import type { VerifiedSeal } from '@strongroom/core/keyblob'
import { CliError } from '../cli-error.ts'
import { type Context, defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { planSources, type Source } from '../outputs.ts'
import { ProgressLine } from '../progress.ts'
import {
  keylessReader,
  mustAsk,
  openReader,
  READER_OPTIONS,
  type FileReader,
  type ReaderValues,
} from '../reader.ts'
import { sealRecord, sealSentence, warnAboutName } from '../seal-text.ts'

const CALLED_SEALED = /\.age$/i

/** `strongroom verify`. */
export const verify = defineCommand({
  operands: [
    {
      name: '<path...>',
      description: 'sealed files, folders with them, or - for standard input',
      completes: 'file',
    },
  ],
  options: READER_OPTIONS,
  notes: [
    'Reads each file from its first byte to its last and decrypts none of it. Public seals of others are verified',
    'without a passphrase if yours would have to be asked for: who sealed these bytes is proved then, not that you can',
    'open them. That a seal is your own is proved with your passphrase alone: --signer me asks for it.',
    '',
    'In a folder, what is called .age and is no file fails, and every other file that is left out is named.',
  ],
  examples: [
    { line: 'strongroom verify report.pdf.age', purpose: 'who sealed it, and that it is whole' },
    { line: 'strongroom verify /backup && echo good', purpose: 'every sealed file below a folder' },
    { line: 'strongroom verify --signer bob plan.txt.age', purpose: 'only if bob sealed it' },
  ],
  run: async (context, paths, values) => {
    const { terminal, failures, signal } = context
    const { sources, totalBytes } = planSources(context, paths, leftOut)
    const reader = await readerFor(context, values, sources)
    const names = sources.map(({ inputName }) => inputName)
    const progress = new ProgressLine(terminal, { verb: 'verifying', names, totalBytes })
    try {
      for (const [job, source] of sources.entries()) {
        try {
          const onProgress = ({ doneBytes }: { doneBytes: number }) => progress.update({ job, doneBytes })
          tell(context, source, await verifyFile(source.input, { ...reader, signal, onProgress }))
        } catch (error) {
          if (signal.aborted) throw error
          failures.report(reader.explain(error), source.inputName)
        }
      }
    } finally {
      reader.wipe()
    }
    progress.end()
  },
})

/**
 * Nothing that calls itself a sealed file is passed over in silence: what is a link today was a file
 * yesterday. Other files are named even to who wants to hear little, since a sealed file may have been renamed.
 */
function leftOut({ terminal, failures }: Context, { path, reason }: SkippedEntry): void {
  const text = `${displayName(path)} was not verified: it ${reason}`
  if (!CALLED_SEALED.test(path)) return terminal.warning(text)
  const hint = 'verify it by its own name, or take it out of the folder'
  failures.report(new CliError('UNSUPPORTED', text, { hint }), path)
}

async function readerFor(
  context: Context,
  values: ReaderValues,
  sources: readonly Source[],
): Promise<FileReader> {
  if (!mustAsk(context, values)) return await openReader(context, values)
  const keyless = await Promise.all(sources.map(worksWithoutKeys))
  return keyless.every(Boolean) ? keylessReader(context, values) : await openReader(context, values)
}

/** Also for what will fail in any case: nobody needs to be asked for a passphrase to hear that. */
async function worksWithoutKeys({ input }: Source): Promise<boolean> {
  if (!('path' in input)) return false
  try {
    return (await inspectFile(input)).protection !== 'private seal'
  } catch {
    return true
  }
}

function tell({ terminal }: Context, { inputName }: Source, seal: VerifiedSeal): void {
  terminal.record({ input: inputName, verified: true, keyChecked: seal.keyChecked, ...sealRecord(seal) })
  const key = seal.keyChecked ? '' : '; whether your key opens it was not tried'
  terminal.done(displayName(inputName), `authentic, ${sealSentence(seal)}${key}`)
  warnAboutName(terminal, inputName, seal)
}
