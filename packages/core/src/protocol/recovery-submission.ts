import { encodeJson, parseJson } from './canonical-json.ts'
import { ENVELOPE, type Envelope } from './dsse.ts'
import { hexBytes, listOf, objectOf, type JsonField } from './json-fields.ts'
import { hybridRecipientText, signerText } from './key-texts.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/** What somebody asks before a request: the body of `POST /v1/requests/challenge`. The answer is a `Challenge`. */
export interface RecipientChallenge {
  /** The `signer` of the request, in text form. */
  readonly signer: string
  /** Its `recipient`: whoever opens the answer holds the key. */
  readonly recipient: string
}

/** A request with what travels beside it: the body of `POST /v1/requests`. */
export interface RequestSubmission {
  readonly statement: Envelope
  /** The ids of the deposits, 32 bytes each, in any order: the statement has their `depositListDigest`. */
  readonly deposits: readonly Uint8Array[]
  /** The 32 bytes that were found in the challenge's file. */
  readonly challenge: Uint8Array
}

/** A recipient challenge in JSON, for `encodeJson` and `parseJson`. */
export const RECIPIENT_CHALLENGE: JsonField<RecipientChallenge> = objectOf({
  signer: signerText,
  recipient: hybridRecipientText,
})

const SUBMISSION: JsonField<RequestSubmission> = objectOf({
  statement: ENVELOPE,
  deposits: listOf(hexBytes(32), 1, RECOVERY_LIMITS.deposits),
  challenge: hexBytes(32),
})

/** The one encoding of a submission. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeRequestSubmission(submission: RequestSubmission): Uint8Array {
  return encodeJson(SUBMISSION, submission, RECOVERY_LIMITS.submissionBytes)
}

/** Reads what `encodeRequestSubmission` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseRequestSubmission(bytes: Uint8Array): RequestSubmission {
  return parseJson(SUBMISSION, bytes, RECOVERY_LIMITS.submissionBytes)
}
