import type { Chunks } from '@strongroom/core/cryptoapi'
import { openChunks, writeChunks, type ChunkInput } from '@strongroom/core/seal'
import { usage } from '../../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import {
  readSignature,
  SIGNATURE_CHECK_OPTIONS,
  SIGNATURE_HASH_OPTION,
  type VerifiedSignature,
  verifySignature,
} from '../../cryptoapi/detached-signature.ts'
import { countedChunks } from '../../cryptoapi/counted-chunks.ts'
import { planOne } from '../../cryptoapi/one-input.ts'
import { withOldFileOpener } from '../../cryptoapi/old-file-opener.ts'
import { endOfText, expectWholeBlocks, textOf } from '../../cryptoapi/old-file-plaintext.ts'
import type { OldFile, OldFileOpener } from '../../cryptoapi/old-file.ts'
import { rsaRecord, rsaText } from '../../cryptoapi/rsa-text.ts'
import { SAMPLE_READ_OPTIONS } from '../../cryptoapi/sample-options.ts'
import { checkSignatureValues } from '../../cryptoapi/signature-values.ts'
import { displayName } from '../../escape-text.ts'
import { OUTPUT_OPTIONS, type Task } from '../../outputs.ts'
import { ProgressLine } from '../../progress.ts'
import { formatBytes } from '../../quantities.ts'

const { output, force } = OUTPUT_OPTIONS
const OPTIONS = {
  output,
  force,
  ...SAMPLE_READ_OPTIONS,
  hash: {
    ...SIGNATURE_HASH_OPTION,
    description: 'of the signature: sha1 unless told; with --password, of the password: md5 unless told',
    group: 'Old format:',
  },
  length: {
    flags: '--length <bytes>',
    kind: 'value',
    description: 'the text is so long, and what follows it was left by a longer file',
    group: 'Old format:',
  },
  signature: {
    flags: '--signature <file>',
    kind: 'value',
    description: 'the signature over the key blob in front: it is verified before anything is unwrapped',
    completes: 'file',
    group: 'Signature:',
  },
  ...SIGNATURE_CHECK_OPTIONS,
} as const

type Values = OptionValues<typeof OPTIONS>

/** `strongroom cryptoapi open`. */
export const cryptoapiOpen = defineCommand({
  operands: [
    {
      name: '<file>',
      description: 'a file that Microsoft’s encryption sample, or a variant of it, made; - is standard input',
      completes: 'file',
    },
  ],
  options: OPTIONS,
  notes: [
    'Makes <file>.opened unless --output names another place. Nothing is written before the whole text was decrypted',
    'and its end was right. That is all that shows damage: nobody authenticated such files. What was encrypted with',
    'RC4 shows none, and under a wrong password it decrypts to noise.',
    '',
    'The key blob in front of a file does not prove who made it: anybody with your public key can put another one there.',
    'A signature over it does. It does not cover the text.',
  ],
  examples: [
    {
      line: 'strongroom cryptoapi open letter.enc -o letter.doc --key exchange.pvk',
      purpose: 'with the private key that was exported from Windows',
    },
    {
      line: 'strongroom cryptoapi open letter.enc --signature letter.sig --signer bob.blob',
      purpose: 'with the RSA pair in your container, and only if bob signed the key',
    },
    {
      line: 'strongroom cryptoapi open old.enc --password --algorithm rc4 --unicode-build',
      purpose: 'what the sample made of a password, compiled for Unicode',
    },
  ],
  run: async (context, [path = ''], values) => {
    checkCombination(values)
    const length = textLength(values)
    const task = planOne(context, path, values, { suffix: '.opened', binary: false })
    if (!task) return
    await withOldFileOpener(context, values, verifierOf(context, values), async (opener) => {
      const input = await openChunks(task.input, { again: true, signal: context.signal })
      try {
        await openOne(context, task, input, { opener, length, findEnd: values.findEnd })
      } catch (error) {
        if (context.signal.aborted) throw error
        context.failures.report(error, task.inputName)
      } finally {
        input.close()
      }
    })
  },
})

/** What verifies the key blob of the file, if a signature was named. */
function verifierOf(
  context: Context,
  values: Values,
): ((blob: Uint8Array) => Promise<VerifiedSignature>) | undefined {
  const { signature, signer } = values
  if (signature === undefined || signer === undefined) return undefined
  return async (blob) =>
    await verifySignature([blob], await readSignature(context, { signature, signer }), values)
}

interface Opening {
  readonly opener: OldFileOpener
  /** Of the text, where it is known to end before the file. */
  readonly length: number | undefined
  readonly findEnd: boolean
}

async function openOne(context: Context, task: Task, input: ChunkInput, opening: Opening): Promise<void> {
  const { opener, findEnd } = opening
  const old = await opener.open(input.chunks())
  const progress = new ProgressLine(context.terminal, {
    verb: 'opening',
    names: [task.inputName],
    totalBytes: input.bytes,
  })
  const chunks = (): Chunks =>
    countedChunks(input.chunks(), (doneBytes) => progress.update({ job: 0, doneBytes }))
  try {
    const length = findEnd ? await endOfText(old, chunks()) : opening.length
    if (length === undefined && input.bytes !== undefined) expectWholeBlocks(old, input.bytes)
    // A stream takes nothing back: the end is looked at first. A file appears when all is known.
    if (task.outputName === undefined && old.key.blockLength > 0)
      await readToEnd(textOf(old, chunks(), length))
    const written = await writeText(task.output, textOf(old, chunks(), length))
    progress.end()
    tell(context, task, { old, ...written })
  } finally {
    progress.end()
    old.key.wipe()
  }
}

async function writeText(
  to: Task['output'],
  pieces: AsyncGenerator<Uint8Array, number>,
): Promise<{ plaintextBytes: number; tailBytes: number }> {
  let tailBytes = 0
  const text = async function* (): AsyncGenerator<Uint8Array> {
    tailBytes = yield* pieces
  }
  const plaintextBytes = await writeChunks(to, text())
  return { plaintextBytes, tailBytes }
}

async function readToEnd(pieces: AsyncGenerator<Uint8Array>): Promise<void> {
  for (let next = await pieces.next(); next.done !== true; ) next = await pieces.next()
}

interface Opened {
  readonly old: OldFile
  readonly plaintextBytes: number
  readonly tailBytes: number
}

function tell({ terminal }: Context, task: Task, opened: Opened): void {
  const { old, plaintextBytes, tailBytes } = opened
  const { facts, madeFor, signed } = old
  terminal.record({
    input: task.inputName,
    output: task.outputName ?? null,
    ...facts,
    ...(madeFor && { madeFor: rsaRecord(madeFor) }),
    keyProof: signed ? { signer: rsaRecord(signed.signer), hash: signed.hash, form: signed.form } : null,
    plaintextBytes,
    tailBytes,
  })
  const text = `opened, ${formatBytes(plaintextBytes)}, ${old.key.row.name} with ${facts.bits} bits`
  const proof = signed ? `, its key signed by ${rsaText(signed.signer)}` : ''
  if (task.outputName === undefined) terminal.note(`${displayName(task.inputName)} ${text}${proof}`)
  else terminal.done(displayName(task.outputName), `${text}${proof}`)
  if (tailBytes > 0) terminal.note(`${formatBytes(tailBytes)} behind the text were left out`)
  warnOfProof(terminal, old)
}

function warnOfProof(terminal: Context['terminal'], { facts, key, signed }: OldFile): void {
  if (facts.layout === 'password') {
    const noise = 'RC4 makes noise of a wrong password and of damage alike'
    if (key.blockLength === 0) terminal.warning(`nothing shows whether the password was right: ${noise}`)
  } else if (!signed) {
    terminal.warning('nobody proves who made this key: anybody with your public key could have')
  }
}

function checkCombination(values: Values): void {
  checkSignatureValues(values, { option: '--signature', value: values.signature })
  if (values.findEnd && values.length !== undefined)
    throw usage('--find-end and --length exclude each other', 'give one of them')
}

/** The number after `--length`. @throws CliError USAGE */
function textLength({ length: text }: Values): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw usage(`--length: expected a number of bytes, got ${displayName(text)}`)
}
