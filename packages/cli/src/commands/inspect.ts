import { fingerprintOf } from '@strongroom/core/container'
import { inspectFile, type Inspection } from '@strongroom/core/seal'
import { CliError } from '../cli-error.ts'
import { type Context, defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { inspectionFields, inspectionRecord } from '../inspection-text.ts'
import { planSources, type Source } from '../outputs.ts'
import {
  hasContainer,
  keylessReader,
  mustAsk,
  openReader,
  READER_OPTIONS,
  type FileReader,
  type ReaderValues,
} from '../reader.ts'

const { allowSuperseded: _, ...KEYS } = READER_OPTIONS

/** `strongroom inspect`. */
export const inspect = defineCommand({
  operands: [
    {
      name: '<path...>',
      description: 'sealed files, age files, key blobs, or folders with them',
      completes: 'file',
    },
  ],
  options: {
    noKeys: {
      flags: '--no-keys',
      kind: 'flag',
      description: 'look at it as somebody without your keys would',
    },
    ...KEYS,
  },
  notes: [
    'Reads the header alone. The last lines say what of it is proved, and what is not: the content never is, since',
    'it was not read. Of a file under a password nothing can be proved but by opening it.',
  ],
  examples: [
    { line: 'strongroom inspect report.pdf.age', purpose: 'who sealed it, when, for how many' },
    { line: 'strongroom inspect --no-keys report.pdf.age', purpose: 'what a thief of the file would learn' },
    { line: 'strongroom inspect --json report.pdf.age', purpose: 'the same for programs' },
  ],
  run: async (context, paths, values) => {
    const { terminal, failures } = context
    const { sources } = planSources(context, paths)
    const wanted = { ...values, allowSuperseded: true }
    const reader = values.noKeys ? keylessReader(context, wanted) : await readerFor(context, wanted, sources)
    try {
      for (const [i, { input, inputName }] of sources.entries()) {
        try {
          const found = withClaimant(await inspectFile(input, reader), reader)
          terminal.record({ input: inputName, ...inspectionRecord(found) })
          if (i > 0) terminal.line()
          terminal.heading(displayName(inputName))
          terminal.fields(inspectionFields(found))
        } catch (error) {
          failures.report(error, inputName)
        }
      }
    } finally {
      reader.wipe()
    }
  },
})

/** Says of a signer that nobody knows whether the reader's own container claims to be it. */
function withClaimant(found: Inspection, reader: FileReader): Inspection {
  const { problem, claims } = found
  if (problem?.code !== 'UNKNOWN_SIGNER' || !claims) return found
  const who = reader.claimant(fingerprintOf(claims.signerId))
  return who === undefined ? found : { ...found, problem: { ...problem, message: `sealed by ${who}` } }
}

/** With keys where there are any; a passphrase is asked for only if a private seal is there to be read. */
async function readerFor(
  context: Context,
  values: ReaderValues,
  sources: readonly Source[],
): Promise<FileReader> {
  if (values.identity.length === 0 && !hasContainer(context, values)) return keylessReader(context, values)
  if (!mustAsk(context, values)) return await openReader(context, values)
  if (!(await Promise.all(sources.map(hasPrivateSeal))).some(Boolean)) return keylessReader(context, values)
  try {
    return await openReader(context, values)
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'NO_PASSPHRASE')) throw error
    context.terminal.note('looking without your keys: there is no terminal to ask for the passphrase')
    return keylessReader(context, values)
  }
}

async function hasPrivateSeal({ input }: Source): Promise<boolean> {
  if (!('path' in input)) return true
  try {
    return (await inspectFile(input)).protection === 'private seal'
  } catch {
    return false
  }
}
