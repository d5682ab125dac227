import { AgeError, encodeStanza, parseHeader, type Header, type Stanza } from '../age/index.ts'
import { BytesError, fromBase64, utf8Encode } from '../bytes/index.ts'
import { DEPOSIT_TYPE, DEPOSIT_VERSION, LIMITS, ProtocolError } from '../protocol/index.ts'

/** A deposit taken apart; nothing is verified. */
export interface DepositParts {
  readonly header: Header
  /** The recipient stanza as it is encoded, its last line feed included: for `verifyDeposit`. */
  readonly recipientStanza: Uint8Array
  /** The body of the deposit stanza: for `verifyDeposit`. */
  readonly body: Uint8Array
}

const RECIPIENT_TYPE = 'mlkem768x25519'
const ENCAPSULATED_BYTES = 1120 // C2SP age.md: 1,088 of ML-KEM-768 and 32 of X25519
const WRAPPED_KEY_BYTES = 32

/**
 * Takes a deposit apart: an age header of one hybrid recipient stanza and one deposit stanza, and no byte more.
 *
 * docs/spec/authority-protocol.md, "Verifying a deposit", step 1.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT
 */
export function parseDepositBlob(blob: Uint8Array): DepositParts {
  if (blob.length > LIMITS.depositBytes) {
    const message = `deposit: expected at most ${LIMITS.depositBytes} bytes, got ${blob.length}`
    throw new ProtocolError('PROTOCOL_LIMIT', message)
  }
  const header = headerOf(blob)
  const [recipient, deposit] = header.stanzas
  if (header.length !== blob.length) throw noDeposit('bytes behind the header')
  if (!recipient || !deposit || header.stanzas.length !== 2) {
    throw noDeposit(`expected 2 stanzas, got ${header.stanzas.length}`)
  }
  if (!isRecipient(recipient)) throw noDeposit(`the first stanza is not one of ${RECIPIENT_TYPE}`)
  if (deposit.type !== DEPOSIT_TYPE || deposit.args.length !== 1 || deposit.args[0] !== DEPOSIT_VERSION) {
    throw noDeposit(`the second stanza is not ${DEPOSIT_TYPE} ${DEPOSIT_VERSION}`)
  }
  return { header, recipientStanza: utf8Encode(encodeStanza(recipient)), body: deposit.body }
}

function headerOf(blob: Uint8Array): Header {
  try {
    return parseHeader(blob)
  } catch (cause) {
    if (cause instanceof AgeError) throw noDeposit(cause.message, cause)
    throw cause
  }
}

function isRecipient({ type, args, body }: Stanza): boolean {
  const [encapsulated = '', ...more] = args
  const shaped = type === RECIPIENT_TYPE && more.length === 0 && body.length === WRAPPED_KEY_BYTES
  return shaped && lengthOf(encapsulated) === ENCAPSULATED_BYTES
}

function lengthOf(base64: string): number | undefined {
  try {
    return fromBase64(base64).length
  } catch (error) {
    if (error instanceof BytesError) return undefined
    throw error
  }
}

function noDeposit(reason: string, cause?: Error): ProtocolError {
  return new ProtocolError('PROTOCOL_FORMAT', `no deposit: ${reason}`, { cause })
}
