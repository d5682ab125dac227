import {
  encodeJson,
  exactly,
  hexBytes,
  listOf,
  objectOf,
  parseJson,
  wholeNumber,
  type JsonField,
} from '@strongroom/core/protocol'
import { MOST_SHARES, type ShareSet } from './secret-shares.ts'

const MAX_BYTES = 16_384
const SET: JsonField<ShareSet & { readonly strongroom: 'custodian shares'; readonly version: 1 }> = objectOf({
  strongroom: exactly('custodian shares'),
  version: exactly(1),
  threshold: wholeNumber(2, MOST_SHARES),
  key: hexBytes(8),
  set: hexBytes(8),
  checks: listOf(hexBytes(32), 2, MOST_SHARES),
})

/** The one encoding of what everybody may know of shares: `shares.json`. */
export function encodeShareSet({ threshold, key, set, checks }: ShareSet): Uint8Array {
  const members = { strongroom: 'custodian shares', version: 1, threshold, key, set, checks } as const
  return encodeJson(SET, members, MAX_BYTES)
}

/** Reads what `encodeShareSet` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseShareSet(bytes: Uint8Array): ShareSet {
  const { threshold, key, set, checks } = parseJson(SET, bytes, MAX_BYTES)
  return { threshold, key, set, checks }
}
