import { acquireContext, type RsaKey, signHash } from '@strongroom/core/cryptoapi'
import { openChunks, writeChunks, type ChunkInput } from '@strongroom/core/seal'
import { usage } from '../../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { HASH_OPTION, hashId } from '../../cryptoapi/algorithm-names.ts'
import { descriptionOf, SIGNATURE_FORM_OPTIONS } from '../../cryptoapi/detached-signature.ts'
import { planOne } from '../../cryptoapi/one-input.ts'
import { USE_OPTION, useOf } from '../../cryptoapi/pair-use.ts'
import { PRIVATE_KEY_OPTIONS, withPrivateKeys } from '../../cryptoapi/private-keys.ts'
import { rsaRecord, rsaText } from '../../cryptoapi/rsa-text.ts'
import { SIGNED_BYTES_OPTIONS, signedBytes, weaknessOf } from '../../cryptoapi/signed-bytes.ts'
import { displayName } from '../../escape-text.ts'
import { OUTPUT_OPTIONS, type Task } from '../../outputs.ts'

const { output, force } = OUTPUT_OPTIONS
const DEFAULT_HASH = 'sha256'

const OPTIONS = {
  output,
  force,
  ...PRIVATE_KEY_OPTIONS,
  use: {
    ...USE_OPTION,
    description: 'with which pair: the signature pair unless told, or the exchange pair',
    group: 'Keys:',
  },
  hash: {
    ...HASH_OPTION,
    description: `the hash that is signed; ${DEFAULT_HASH} unless told`,
    group: 'Signature:',
  },
  ...SIGNATURE_FORM_OPTIONS,
  ...SIGNED_BYTES_OPTIONS,
} as const

type Values = OptionValues<typeof OPTIONS>

/** `strongroom cryptoapi sign`. */
export const cryptoapiSign = defineCommand({
  operands: [
    {
      name: '<file>',
      description: 'what is to be signed: a key blob, or any file; - is standard input',
      completes: 'file',
    },
  ],
  options: OPTIONS,
  notes: [
    'Makes <file>.sig, for programs that verify with CryptVerifySignature: as many bytes as the modulus, least',
    'significant first. For anybody else there is strongroom seal, which signs what it encrypts.',
  ],
  examples: [
    {
      line: 'strongroom cryptoapi sign session.blob',
      purpose: 'with the RSA signature pair in your container',
    },
    {
      line: 'strongroom cryptoapi sign letter.enc --sample-file --key sign.pvk --hash sha1',
      purpose: 'signs the key blob in front, for an old program that knows SHA-1 alone',
    },
  ],
  run: async (context, [path = ''], values) => {
    const task = planOne(context, path, values, { suffix: '.sig', binary: true })
    if (!task) return
    if (values.key.length > 1) throw usage('one key makes a signature', 'give --key once')
    await withPrivateKeys(context, values, useOf(values.use) ?? 'signature', async ([key]) => {
      const input = await openChunks(task.input, { signal: context.signal })
      try {
        if (key) await signOne(context, task, input, key, values)
      } catch (error) {
        if (context.signal.aborted) throw error
        context.failures.report(error, task.inputName)
      } finally {
        input.close()
      }
    })
  },
})

async function signOne(
  context: Context,
  task: Task,
  input: ChunkInput,
  key: RsaKey,
  values: Values,
): Promise<void> {
  const { hash: name = DEFAULT_HASH, noHashOid } = values
  const hash = acquireContext().createHash(hashId(name))
  for await (const chunk of await signedBytes(input.chunks(), values)) hash.update(chunk)
  const form = noHashOid ? 'bare' : 'oid'
  const signature = signHash(key, hash, { form, ...descriptionOf(values) })
  await writeChunks(task.output, chunkOf(signature))
  tell(context, task, key, { hash: name, form })
}

async function* chunkOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function tell(
  { terminal }: Context,
  { inputName, outputName }: Task,
  key: RsaKey,
  made: { readonly hash: string; readonly form: string },
): void {
  const signer = rsaRecord(key)
  terminal.record({ input: inputName, output: outputName ?? null, signer, ...made })
  if (outputName !== undefined)
    terminal.done(displayName(outputName), `signed with ${made.hash} by ${rsaText(key)}`)
  const weak = weaknessOf({ hash: made.hash, bits: signer.bits })
  if (weak !== undefined) terminal.warning(weak)
}
