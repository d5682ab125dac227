import { ByteReader, ByteWriter, concat, utf8Encode } from '../bytes/index.ts'
import { encodeDepositContext, parseDepositContext, type DepositContext } from './deposit-context.ts'
import { LIMITS } from './limits.ts'
import { checkLimit, ProtocolError, readAs } from './protocol-error.ts'
import { signatureLengthOf } from './signer-text.ts'

/** The stanza of a key blob that makes it a deposit: `-> strongroom/deposit 1`, with the body of this module. */
export const DEPOSIT_TYPE = 'strongroom/deposit'
export const DEPOSIT_VERSION = '1'

const LABEL = utf8Encode('strongroom deposit v1\n')

/** The body of a deposit stanza, taken apart and not verified. */
export interface DepositBody {
  readonly context: DepositContext
  /** The encoded context: what is signed, behind a label. */
  readonly contextBytes: Uint8Array
  readonly signature: Uint8Array
}

/** What a client signs: the label `strongroom deposit v1\n` and the encoded context. */
export function depositMessage(contextBytes: Uint8Array): Uint8Array {
  return concat(LABEL, contextBytes)
}

/**
 * Makes the body of a deposit stanza: `u16 length || context || signature`.
 *
 * @param sign signs `depositMessage` with the pair of `context.signer`
 * @throws ProtocolError PROTOCOL_FORMAT or PROTOCOL_LIMIT for a context that could not be read back, PROTOCOL_SIGNATURE if the
 *   signature does not have the length of the suite
 */
export function encodeDepositBody(
  context: DepositContext,
  sign: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  const contextBytes = encodeDepositContext(context)
  const signature = sign(depositMessage(contextBytes))
  if (signature.length !== signatureLengthOf(context.signer.suiteId)) {
    throw new ProtocolError('PROTOCOL_SIGNATURE', 'deposit: signed with another suite than the context names')
  }
  return new ByteWriter(contextBytes.length + signature.length + 2)
    .u16(contextBytes.length)
    .bytes(contextBytes)
    .bytes(signature)
    .toBytes()
}

/**
 * Reads the body of a deposit stanza. Nothing is verified: use it to find whose deposit it claims to be.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT
 */
export function parseDepositBody(body: Uint8Array): DepositBody {
  return readAs('deposit', () => {
    const reader = new ByteReader(body)
    const length = reader.u16()
    checkLimit('deposit context, in bytes', length, LIMITS.contextBytes)
    const contextBytes = reader.take(length).slice()
    const context = parseDepositContext(contextBytes)
    const signature = reader.take(signatureLengthOf(context.signer.suiteId) ?? 0).slice()
    reader.end()
    return { context, contextBytes, signature }
  })
}
