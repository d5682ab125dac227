import {
  checkedText,
  encodeJson,
  exactly,
  hexBytes,
  listOf,
  objectOf,
  orNull,
  parseFingerprint,
  parseJson,
  checkUrl,
  wholeNumber,
  type JsonField,
} from '@strongroom/core/protocol'

/** What a custodian is told by its people: `custodian.json`. */
export interface CustodianSettings {
  /** The fingerprint of the authority; nothing else is trusted. Null before there is one: then every bundle is refused. */
  readonly identity: string | null
  /** The latest checkpoint of a bundle may be so old: seconds. */
  readonly freshness: number
  /** Where the authority is, for a connected custodian; null for one without a network. */
  readonly url: string | null
  /** Digests of first charters that a person compared: only a tenant whose charters begin with one of them is let in. */
  readonly charters: readonly Uint8Array[]
}

/** A day. */
export const USUAL_FRESHNESS = 86_400
/** A month. */
export const MOST_FRESHNESS = 2_678_400

const MOST_CHARTERS = 10_000
const MAX_BYTES = 1024 * 1024
const SETTINGS: JsonField<CustodianSettings & { readonly strongroom: 'custodian'; readonly version: 1 }> =
  objectOf({
    strongroom: exactly('custodian'),
    version: exactly(1),
    identity: orNull(checkedText(64, parseFingerprint)),
    freshness: wholeNumber(60, MOST_FRESHNESS),
    url: orNull(checkedText(300, checkUrl)),
    charters: listOf(hexBytes(32), 0, MOST_CHARTERS),
  })

/** The one encoding of settings. @throws ProtocolError PROTOCOL_FORMAT */
export function encodeSettings({ identity, freshness, url, charters }: CustodianSettings): Uint8Array {
  const members = { strongroom: 'custodian', version: 1, identity, freshness, url, charters } as const
  return encodeJson(SETTINGS, members, MAX_BYTES)
}

/** Reads what `encodeSettings` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseSettings(bytes: Uint8Array): CustodianSettings {
  const { identity, freshness, url, charters } = parseJson(SETTINGS, bytes, MAX_BYTES)
  return { identity, freshness, url, charters }
}
