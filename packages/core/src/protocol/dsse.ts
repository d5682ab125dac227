import { concat, utf8Encode } from '../bytes/index.ts'
import { encodeJson, parseJson } from './canonical-json.ts'
import { checkedText, listOf, objectOf, paddedBase64Bytes, type JsonField } from './json-fields.ts'
import { LIMITS } from './limits.ts'
import { malformed } from './protocol-error.ts'
import { MAX_SIGNATURE_BYTES, parseFingerprint } from './signer-text.ts'

/** A signature of an envelope. */
export interface EnvelopeSignature {
  /** The fingerprint of the signer: a hint, which nothing vouches for. */
  readonly keyid: string
  readonly sig: Uint8Array
}

/** A signed message as it travels: DSSE envelope.md. What is signed is `pae` of type and payload. */
export interface Envelope {
  readonly payload: Uint8Array
  readonly payloadType: string
  readonly signatures: readonly EnvelopeSignature[]
}

const MAX_TYPE_CHARACTERS = 128
/** As many as the act with the most signers has: a request, its requester, and one piece of evidence of each kind. */
const MAX_SIGNATURES = 5
/** RFC 6838 §4.2: what a media type of ours is made of. */
const TYPE = /^application\/[a-z0-9.+-]+$/

/**
 * DSSE's pre-authentication encoding: protocol.md, "Signature Definition". No two pairs of type and payload have the same.
 *
 * `DSSEv1 SP LEN(type) SP type SP LEN(payload) SP payload`, lengths in bytes and decimal.
 */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8Encode(payloadType)
  return concat(utf8Encode(`DSSEv1 ${type.length} `), type, utf8Encode(` ${payload.length} `), payload)
}

const SIGNATURE: JsonField<EnvelopeSignature> = objectOf({
  keyid: checkedText(64, parseFingerprint),
  sig: paddedBase64Bytes(MAX_SIGNATURE_BYTES),
})

/** An envelope in JSON: of all that DSSE allows, one encoding. */
export const ENVELOPE: JsonField<Envelope> = objectOf({
  payload: paddedBase64Bytes(LIMITS.payloadBytes),
  payloadType: checkedText(MAX_TYPE_CHARACTERS, checkType),
  signatures: listOf(SIGNATURE, 1, MAX_SIGNATURES),
})

/** The one encoding of an envelope. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return encodeJson(ENVELOPE, envelope, LIMITS.envelopeBytes)
}

/**
 * Reads what `encodeEnvelope` writes. Nothing is verified.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT
 */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  return parseJson(ENVELOPE, bytes, LIMITS.envelopeBytes)
}

function checkType(text: string, path: string): void {
  if (!TYPE.test(text)) throw malformed(path, 'expected a media type in lower case')
}
