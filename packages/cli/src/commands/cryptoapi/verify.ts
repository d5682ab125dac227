import { openChunks } from '@strongroom/core/seal'
import { usage } from '../../cli-error.ts'
import { type Context, defineCommand } from '../../command.ts'
import {
  readSignature,
  SIGNATURE_CHECK_OPTIONS,
  SIGNATURE_HASH_OPTION,
  type VerifiedSignature,
  verifySignature,
} from '../../cryptoapi/detached-signature.ts'
import { rsaRecord, rsaText } from '../../cryptoapi/rsa-text.ts'
import { SIGNED_BYTES_OPTIONS, signedBytes, weaknessOf } from '../../cryptoapi/signed-bytes.ts'
import { displayName } from '../../escape-text.ts'

/** What stands for standard input on the command line. */
const STREAM = '-'

/** `strongroom cryptoapi verify`. */
export const cryptoapiVerify = defineCommand({
  operands: [
    {
      name: '<file>',
      description: 'what was signed: a key blob, or any file; - is standard input',
      completes: 'file',
    },
    { name: '<signature>', description: 'the signature that CryptSignHash made', completes: 'file' },
  ],
  options: {
    signer: SIGNATURE_CHECK_OPTIONS.signer,
    hash: SIGNATURE_HASH_OPTION,
    noHashOid: SIGNATURE_CHECK_OPTIONS.noHashOid,
    description: SIGNATURE_CHECK_OPTIONS.description,
    strict: SIGNATURE_CHECK_OPTIONS.strict,
    ...SIGNED_BYTES_OPTIONS,
  },
  notes: [
    'Does what CryptVerifySignature does: compares the whole signed block, and takes signatures that do not name their',
    'hash unless --strict is given. With another hash than the one that is asked for it is no signature; which of them',
    'it would be is said for files of up to 1 MiB.',
  ],
  examples: [
    {
      line: 'strongroom cryptoapi verify session.blob session.sig --signer bob.blob',
      purpose: 'whether bob signed this key blob, with SHA-1',
    },
    {
      line: 'strongroom cryptoapi verify letter.enc letter.sig --sample-file --signer bob.pem --hash sha256',
      purpose: 'whether bob signed the key in front of that file',
    },
  ],
  run: async (context, [path = '', signature = ''], values) => {
    const { signer } = values
    if (signer === undefined)
      throw usage('a signature proves nothing without the key of its maker', 'name it with --signer FILE')
    const detached = await readSignature(context, { signature, signer })
    const input = await openChunks(path === STREAM ? { fd: 0 } : { path }, { signal: context.signal })
    try {
      const bytes = await signedBytes(input.chunks(), values)
      tell(context, { path, signature }, await verifySignature(bytes, detached, values))
    } catch (error) {
      if (context.signal.aborted) throw error
      context.failures.report(error, path)
    } finally {
      input.close()
    }
  },
})

function tell(
  { terminal }: Context,
  { path, signature }: { path: string; signature: string },
  { signer, hash, form }: VerifiedSignature,
): void {
  const key = rsaRecord(signer)
  terminal.record({ input: path, signature, verified: true, signer: key, hash, form })
  const unnamed = form === 'bare' ? ', which it does not name' : ''
  terminal.done(displayName(path), `authentic, signed by ${rsaText(signer)} with ${hash}${unnamed}`)
  const weak = weaknessOf({ hash, bits: key.bits })
  if (weak !== undefined) terminal.warning(weak)
}
