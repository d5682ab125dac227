import { AgeError, encodedStanzaLength, parseHeader, type Stanza } from '@strongroom/core/age'
import { fromBase64, BytesError } from '@strongroom/core/bytes'
import {
  DEPOSIT_TYPE,
  DEPOSIT_VERSION,
  LIMITS,
  parseDepositBody,
  ProtocolError,
  type DepositBody,
} from '@strongroom/core/protocol'
import { AdmissionError } from './admission-error.ts'

// Held by this module alone: nobody else can make a DepositBlob, whose parts could then be of different blobs.
const MADE_BY_PARSING = Symbol('parsed')

/** A deposit taken apart; nothing is verified. Views of the key blob. Only `parseDepositBlob` makes one. */
export class DepositBlob {
  /** All of it. */
  readonly bytes: Uint8Array
  /** The recipient stanza as it is encoded, its last line feed included. */
  readonly recipientStanza: Uint8Array
  /** The body of the deposit stanza: for `verifyDeposit`. */
  readonly body: Uint8Array
  #claim: DepositBody | undefined

  constructor(
    token: typeof MADE_BY_PARSING,
    { bytes, recipientStanza, body }: Pick<DepositBlob, 'bytes' | 'recipientStanza' | 'body'>,
  ) {
    if (token !== MADE_BY_PARSING) throw new TypeError('a deposit is taken apart by parseDepositBlob alone')
    this.bytes = bytes
    this.recipientStanza = recipientStanza
    this.body = body
  }

  /** What the body says: read when it is first asked for. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
  claim(): DepositBody {
    return (this.#claim ??= parseDepositBody(this.body))
  }
}

const RECIPIENT_TYPE = 'mlkem768x25519'
const ENCAPSULATED_BYTES = 1120 // C2SP age.md: 1,088 of ML-KEM-768 and 32 of X25519
const WRAPPED_KEY_BYTES = 32
const VERSION_LINE_BYTES = 'age-encryption.org/v1\n'.length

/**
 * Takes a deposit apart: an age header of one hybrid recipient stanza and one deposit stanza, and no byte more.
 *
 * The MAC cannot be checked here: it takes the session key.
 *
 * @throws AdmissionError ADMISSION_BLOB; ProtocolError PROTOCOL_LIMIT
 */
export function parseDepositBlob(blob: Uint8Array): DepositBlob {
  if (blob.length > LIMITS.depositBytes) {
    throw new ProtocolError(
      'PROTOCOL_LIMIT',
      `deposit: expected at most ${LIMITS.depositBytes} bytes, got ${blob.length}`,
    )
  }
  const { stanzas, length } = headerOf(blob)
  const [recipient, deposit] = stanzas
  if (length !== blob.length) throw noDeposit('bytes behind the header')
  if (!recipient || !deposit || stanzas.length !== 2) {
    throw noDeposit(`expected 2 stanzas, got ${stanzas.length}`)
  }
  checkRecipient(recipient)
  if (deposit.type !== DEPOSIT_TYPE || deposit.args.length !== 1 || deposit.args[0] !== DEPOSIT_VERSION) {
    throw noDeposit(`the second stanza is not ${DEPOSIT_TYPE} ${DEPOSIT_VERSION}`)
  }
  const end = VERSION_LINE_BYTES + encodedStanzaLength(recipient)
  const recipientStanza = blob.subarray(VERSION_LINE_BYTES, end)
  return new DepositBlob(MADE_BY_PARSING, { bytes: blob, recipientStanza, body: deposit.body })
}

function headerOf(blob: Uint8Array): { readonly stanzas: readonly Stanza[]; readonly length: number } {
  try {
    return parseHeader(blob)
  } catch (cause) {
    if (cause instanceof AgeError) throw noDeposit(cause.message, cause)
    throw cause
  }
}

/** Only what can be seen without a key: a deposit that nobody could ever open is not taken. */
function checkRecipient({ type, args, body }: Stanza): void {
  if (type !== RECIPIENT_TYPE) throw noDeposit(`the first stanza is not ${RECIPIENT_TYPE}`)
  const [encapsulated = '', ...more] = args
  if (more.length > 0 || lengthOf(encapsulated) !== ENCAPSULATED_BYTES || body.length !== WRAPPED_KEY_BYTES) {
    throw noDeposit(`a malformed ${RECIPIENT_TYPE} stanza`)
  }
}

function lengthOf(base64: string): number | undefined {
  try {
    return fromBase64(base64).length
  } catch (error) {
    if (error instanceof BytesError) return undefined
    throw error
  }
}

function noDeposit(reason: string, cause?: Error): AdmissionError {
  return new AdmissionError('ADMISSION_BLOB', `no deposit: ${reason}`, { cause })
}
