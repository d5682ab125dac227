import {
  acquireContext,
  encryptTextStream,
  exportKeyBlob,
  joinSampleStream,
  type RsaKey,
  type SessionKey,
  wincrypt,
} from '@strongroom/core/cryptoapi'
import { openChunks, writeChunks, type ChunkInput } from '@strongroom/core/seal'
import { usage } from '../../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { bitsOf, cipherId } from '../../cryptoapi/algorithm-names.ts'
import { countedChunks } from '../../cryptoapi/counted-chunks.ts'
import { asUsage, checkDerivation } from '../../cryptoapi/derived-keys.ts'
import { readKeyFile } from '../../cryptoapi/key-files.ts'
import { oldPassword } from '../../cryptoapi/old-password.ts'
import { planOne } from '../../cryptoapi/one-input.ts'
import { PRIVATE_KEY_OPTIONS, withPrivateKeys } from '../../cryptoapi/private-keys.ts'
import { rsaRecord, rsaText } from '../../cryptoapi/rsa-text.ts'
import { cipherFacts, keyFromPassword, limitRc2 } from '../../cryptoapi/sample-keys.ts'
import { rc2EffectiveBits, refuseDerivation, SAMPLE_FORMAT_OPTIONS } from '../../cryptoapi/sample-options.ts'
import { displayName } from '../../escape-text.ts'
import { OUTPUT_OPTIONS, type Task } from '../../outputs.ts'
import { ProgressLine } from '../../progress.ts'
import { formatBytes } from '../../quantities.ts'

const { output, force } = OUTPUT_OPTIONS
const OPTIONS = {
  output,
  force,
  for: {
    flags: '--for <file>',
    kind: 'value',
    description: 'the exchange key of whoever is to open it (PUBLICKEYBLOB or PEM); your own unless told',
    completes: 'file',
    group: 'Keys:',
  },
  ...PRIVATE_KEY_OPTIONS,
  ...SAMPLE_FORMAT_OPTIONS,
  algorithm: {
    ...SAMPLE_FORMAT_OPTIONS.algorithm,
    description: 'the cipher that the old program expects; it has to be named',
  },
} as const

type Values = OptionValues<typeof OPTIONS>

/** `strongroom cryptoapi encrypt-file`. */
export const cryptoapiEncryptFile = defineCommand({
  operands: [
    { name: '<file>', description: 'what is to be encrypted; - is standard input', completes: 'file' },
  ],
  options: OPTIONS,
  notes: [
    'For exchange with old programs, and for nothing else: it writes <file>.enc as Microsoft’s encryption sample does.',
    'Nobody can tell who made such a file, changes in it go unnoticed, and its IV is always zero. For everybody else',
    'there is strongroom seal.',
  ],
  examples: [
    {
      line: 'strongroom cryptoapi encrypt-file letter.doc --algorithm 3des --for bob.blob',
      purpose: 'for the program of bob, whose public exchange key that is',
    },
    {
      line: 'strongroom cryptoapi encrypt-file letter.doc --algorithm rc4 --password',
      purpose: 'as the sample does that asks for a password',
    },
  ],
  run: async (context, [path = ''], values) => {
    checkCombination(values)
    const task = planOne(context, path, values, { suffix: '.enc', binary: true })
    if (!task) return
    const sealing = await sealingKey(context, values)
    try {
      const input = await openChunks(task.input, { signal: context.signal })
      try {
        await encryptOne(context, task, input, sealing)
      } catch (error) {
        if (context.signal.aborted) throw error
        context.failures.report(error, task.inputName)
      } finally {
        input.close()
      }
    } finally {
      sealing.key.wipe()
    }
  },
})

/** A session key, and how it reaches whoever opens the file. */
interface OldSealing {
  readonly key: SessionKey
  /** Absent where it comes from a password. */
  readonly wrapped?: { readonly blob: Uint8Array; readonly madeFor: RsaKey }
}

async function sealingKey(context: Context, values: Values): Promise<OldSealing> {
  if (values.password) return { key: keyFromPassword(values, await newPassword(context, values)) }
  const { for: recipient } = values
  if (recipient === undefined) {
    return await withPrivateKeys(context, values, 'exchange', ([own]) => newKeyFor(own, values))
  }
  const { key } = await readKeyFile(context, recipient, { use: 'exchange', passwordFile: undefined })
  key.privateKey?.wipe()
  return newKeyFor(key, values)
}

function newKeyFor(madeFor: RsaKey | undefined, values: Values): OldSealing {
  if (!madeFor) throw usage('there is no key to encrypt for', 'name one with --for FILE')
  const wanted = { bits: bitsOf(values.bits), exportable: true }
  const key = asUsage(() => acquireContext().generateKey(cipherId(values.algorithm), wanted))
  limitRc2(key, rc2EffectiveBits(values))
  const blob = exportKeyBlob(key, wincrypt.SIMPLEBLOB, { wrapWith: madeFor, oaep: values.oaep })
  return { key, wrapped: { blob, madeFor } }
}

/** Asked for twice where it is typed: a mistyped password opens nothing, ever. */
async function newPassword(context: Context, values: Values): Promise<Uint8Array> {
  const first = await oldPassword(context, values, 'Password for the file')
  if (values.passwordFile !== undefined) return first
  const second = await oldPassword(context, values, 'Same password again')
  const same = Buffer.compare(first, second) === 0
  second.fill(0)
  if (same) return first
  first.fill(0)
  throw usage('the two passwords differ', 'nothing was done; try again')
}

async function encryptOne(
  context: Context,
  task: Task,
  input: ChunkInput,
  { key, wrapped }: OldSealing,
): Promise<void> {
  const progress = new ProgressLine(context.terminal, {
    verb: 'encrypting',
    names: [task.inputName],
    totalBytes: input.bytes,
  })
  let plaintextBytes = 0
  const text = countedChunks(input.chunks(), (doneBytes) => {
    plaintextBytes = doneBytes
    progress.update({ job: 0, doneBytes })
  })
  const ciphertext = encryptTextStream(key, text)
  try {
    await writeChunks(task.output, wrapped ? joinSampleStream(wrapped.blob, ciphertext) : ciphertext)
  } finally {
    progress.end()
  }
  tell(context, task, { key, ...(wrapped && { madeFor: wrapped.madeFor }), plaintextBytes })
}

function tell(
  { terminal }: Context,
  { inputName, outputName }: Task,
  made: { readonly key: SessionKey; readonly madeFor?: RsaKey; readonly plaintextBytes: number },
): void {
  const { key, madeFor, plaintextBytes } = made
  const facts = cipherFacts(key)
  terminal.record({
    input: inputName,
    output: outputName ?? null,
    layout: madeFor ? 'key blob' : 'password',
    ...facts,
    ...(madeFor && { madeFor: rsaRecord(madeFor) }),
    plaintextBytes,
  })
  const whom = madeFor ? `for ${rsaText(madeFor)}` : 'under a password'
  const text = `encrypted, ${formatBytes(plaintextBytes)}, ${key.row.name} with ${facts.bits} bits, ${whom}`
  if (outputName !== undefined) terminal.done(displayName(outputName), text)
  terminal.warning(
    'for exchange with old programs only: nobody can tell who made this file, and changes in it go unnoticed',
  )
}

function checkCombination(values: Values): void {
  if (values.algorithm === undefined) {
    throw usage(
      'this writes an old format, and only the cipher that is named',
      'add --algorithm if an old program needs it; strongroom seal is for everybody else',
    )
  }
  const keys = values.for !== undefined || values.key.length > 0 || values.oaep
  if (values.password && keys) {
    throw usage('a file under a password has no key blob', 'leave out --password, or what names keys')
  }
  if (values.for !== undefined && values.key.length > 0)
    throw usage('--for and --key exclude each other', 'give one of them')
  if (values.key.length > 1) throw usage('the sample encrypts for one key', 'give --key once')
  if (!values.password) refuseDerivation(values, ['hash', 'provider', 'utf16', 'unicodeBuild'])
  checkDerivation(values)
}
