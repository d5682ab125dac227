import { base64Bytes, objectOf, type JsonField } from './json-fields.ts'
import { recipientText, signerText } from './key-texts.ts'

/** What a client asks before it enrols: the body of `POST /v1/enrolments/challenge`. */
export interface ChallengeRequest {
  /** The public key of its invitation, in text form. */
  readonly invitation: string
  /** The age recipient that it is going to enrol. */
  readonly exchange: string
}

/** The answer: 32 random bytes, as an age file for `exchange` alone. Who opens it holds the key. */
export interface Challenge {
  readonly file: Uint8Array
}

const MAX_FILE_BYTES = 4_096

/** A request for a challenge in JSON, for `encodeJson` and `parseJson`. */
export const CHALLENGE_REQUEST: JsonField<ChallengeRequest> = objectOf({
  invitation: signerText,
  exchange: recipientText,
})

/** A challenge in JSON, for `encodeJson` and `parseJson`. */
export const CHALLENGE: JsonField<Challenge> = objectOf({ file: base64Bytes(MAX_FILE_BYTES) })
