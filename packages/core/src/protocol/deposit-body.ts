import { ByteReader, ByteWriter, concat, utf8Encode } from '../bytes/index.ts'
import { encodeDepositContext, parseDepositContext, type DepositContext } from './deposit-context.ts'
import { LIMITS } from './limits.ts'
import { checkLimit, ProtocolError, readAs } from './protocol-error.ts'
import { signatureLengthOf } from './signer-text.ts'

/** The stanza of a key blob that makes it a deposit: `-> strongroom/deposit 1`, with the body of this module. */
export const DEPOSIT_TYPE = 'strongroom/deposit'
export const DEPOSIT_VERSION = '1'

const LABEL = utf8Encode('strongroom deposit v1\n')

// Held by this module alone: nobody else can make a DepositBody, whose context could then be another than the one that is signed.
const MADE_BY_PARSING = Symbol('parsed')

/** The body of a deposit stanza, taken apart and not verified. Only `parseDepositBody` makes one. It shares no memory with others. */
export class DepositBody {
  readonly context: DepositContext
  /** What is signed: `depositMessage` of the encoded context. */
  readonly message: Uint8Array
  readonly signature: Uint8Array

  constructor(
    token: typeof MADE_BY_PARSING,
    { context, message, signature }: Pick<DepositBody, 'context' | 'message' | 'signature'>,
  ) {
    if (token !== MADE_BY_PARSING) throw new TypeError('a deposit is taken apart by parseDepositBody alone')
    this.context = context
    this.message = message
    this.signature = signature
  }

  /** The encoded context: a view of the message. */
  get contextBytes(): Uint8Array {
    return this.message.subarray(LABEL.length)
  }
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
    const message = depositMessage(reader.take(length))
    const context = parseDepositContext(message.subarray(LABEL.length))
    const signature = reader.take(signatureLengthOf(context.signer.suiteId) ?? 0).slice()
    reader.end()
    return new DepositBody(MADE_BY_PARSING, { context, message, signature })
  })
}
