import { encodeJson, parseJson } from './canonical-json.ts'
import { ENVELOPE, type Envelope } from './dsse.ts'
import { wholeNumber, exactly, listOf, objectOf, type JsonField } from './json-fields.ts'
import { LIMITS } from './limits.ts'

/**
 * What an authority says of itself to everybody: the answer of `GET /v1/authority`.
 *
 * Its name and keys stand in the epoch records and nowhere else: nobody can show what was not verified.
 */
export interface AuthorityCard {
  /** All its epoch records, from number 1 on: for `verifyEpochs`. */
  readonly epochs: readonly Envelope[]
  readonly limits: AuthorityLimits
}

/** What it takes: at most what `LIMITS` has. */
export interface AuthorityLimits {
  readonly depositBytes: number
  readonly depositsPerRequest: number
}

interface CardMembers extends AuthorityCard {
  readonly strongroom: 'authority'
  readonly version: 1
}

const CARD: JsonField<CardMembers> = objectOf({
  strongroom: exactly('authority'),
  version: exactly(1),
  epochs: listOf(ENVELOPE, 1, LIMITS.epochs),
  limits: objectOf({
    depositBytes: wholeNumber(1, LIMITS.depositBytes),
    depositsPerRequest: wholeNumber(1, LIMITS.depositsPerRequest),
  }),
})

/** The one encoding of a card. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeAuthorityCard({ epochs, limits }: AuthorityCard): Uint8Array {
  const members: CardMembers = { strongroom: 'authority', version: 1, epochs, limits }
  return encodeJson(CARD, members, LIMITS.authorityBytes)
}

/** Reads what `encodeAuthorityCard` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseAuthorityCard(bytes: Uint8Array): AuthorityCard {
  const { epochs, limits } = parseJson(CARD, bytes, LIMITS.authorityBytes)
  return { epochs, limits }
}
