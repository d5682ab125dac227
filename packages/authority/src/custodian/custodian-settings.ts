import {
  checkedText,
  encodeJson,
  exactly,
  objectOf,
  orNull,
  parseFingerprint,
  parseJson,
  checkUrl,
  wholeNumber,
  type JsonField,
} from '@strongroom/core/protocol'

/** What a custodian is told once: `custodian.json`. */
export interface CustodianSettings {
  /** The fingerprint of the authority. Nothing else is trusted. */
  readonly identity: string
  /** The latest checkpoint of a bundle may be so old: seconds. */
  readonly freshness: number
  /** Where the authority is, for a connected custodian; null for one without a network. */
  readonly url: string | null
}

/** A day. */
export const USUAL_FRESHNESS = 86_400
/** A month. */
export const MOST_FRESHNESS = 2_678_400

const MAX_BYTES = 8_192
const SETTINGS: JsonField<CustodianSettings & { readonly strongroom: 'custodian'; readonly version: 1 }> =
  objectOf({
    strongroom: exactly('custodian'),
    version: exactly(1),
    identity: checkedText(64, parseFingerprint),
    freshness: wholeNumber(60, MOST_FRESHNESS),
    url: orNull(checkedText(300, checkUrl)),
  })

/** The one encoding of settings. @throws ProtocolError PROTOCOL_FORMAT */
export function encodeSettings({ identity, freshness, url }: CustodianSettings): Uint8Array {
  const members = { strongroom: 'custodian', version: 1, identity, freshness, url } as const
  return encodeJson(SETTINGS, members, MAX_BYTES)
}

/** Reads what `encodeSettings` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseSettings(bytes: Uint8Array): CustodianSettings {
  const { identity, freshness, url } = parseJson(SETTINGS, bytes, MAX_BYTES)
  return { identity, freshness, url }
}
