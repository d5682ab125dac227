import { encodeJson, parseJson } from './canonical-json.ts'
import type { CharterLink } from './charter-chain.ts'
import { ENVELOPE, type Envelope } from './dsse.ts'
import { listOf, objectOf, orNull, paddedBase64Bytes, type JsonField } from './json-fields.ts'
import { signerText } from './key-texts.ts'
import { LIMITS } from './limits.ts'
import { leafIndex, LOGGED_ENVELOPE } from './logged-envelope.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/**
 * The charters of a tenant: the answer of `GET /v1/charter`. Statements with the places that the authority says they have; for
 * `verifyCharters`.
 */
export interface CharterPage {
  /** All that are or were in force, from number 1 on. */
  readonly charters: readonly CharterLink[]
  /** The leaves of the epoch records, from number 1 on: for `custodianAt`. */
  readonly epochs: readonly number[]
  /** The policy document of the last epoch: for `parseTerms`, after its digest was compared. */
  readonly terms: Uint8Array
  /** The signers, in text form, whose fingerprints stand in the charters; as many of them as the authority was given. */
  readonly keys: readonly string[]
}

/** A charter that is proposed: a body of `POST /v1/statements`. */
export interface CharterProposal {
  readonly statement: Envelope
  /** The signers of its people in text form: all that the authority does not know from the charter before. */
  readonly keys: readonly string[]
}

const MOST_CHARTERS = 1_024
const KEYS_OF_CHARTER = RECOVERY_LIMITS.people * RECOVERY_LIMITS.signersOfPerson

const CHARTER_PAGE: JsonField<CharterPage> = objectOf({
  charters: listOf(
    objectOf<CharterLink>({ charter: LOGGED_ENVELOPE, release: orNull(LOGGED_ENVELOPE) }),
    1,
    MOST_CHARTERS,
  ),
  epochs: listOf(leafIndex, 1, LIMITS.epochs),
  terms: paddedBase64Bytes(RECOVERY_LIMITS.termsBytes),
  keys: listOf(signerText, 0, 8 * KEYS_OF_CHARTER),
})
const CHARTER_PROPOSAL: JsonField<CharterProposal> = objectOf({
  statement: ENVELOPE,
  keys: listOf(signerText, 0, KEYS_OF_CHARTER),
})

/** The one encoding of a page. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeCharterPage(page: CharterPage): Uint8Array {
  return encodeJson(CHARTER_PAGE, page, LIMITS.pageBytes)
}

/** Reads what `encodeCharterPage` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseCharterPage(bytes: Uint8Array): CharterPage {
  return parseJson(CHARTER_PAGE, bytes, LIMITS.pageBytes)
}

/** The one encoding of a proposal. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeCharterProposal(proposal: CharterProposal): Uint8Array {
  return encodeJson(CHARTER_PROPOSAL, proposal, RECOVERY_LIMITS.submissionBytes)
}

/** Reads what `encodeCharterProposal` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseCharterProposal(bytes: Uint8Array): CharterProposal {
  return parseJson(CHARTER_PROPOSAL, bytes, RECOVERY_LIMITS.submissionBytes)
}
