import {
  ACTS,
  base64Bytes,
  checkedText,
  encodeJson,
  exactly,
  hexBytes,
  LIMITS,
  listOf,
  objectOf,
  pae,
  parseJson,
  parseSignerText,
  type JsonField,
  type Release,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'

/**
 * That a subject is spent: `releases/<subject in hex>.record`, written before anything is signed. What is signed later, and again after
 * a crash, is this payload and no other, so that there is one release however often it is signed.
 */
export interface ReleaseRecord {
  /** The release, in the encoding that is signed. */
  readonly payload: Uint8Array
  /** The keys of the codes that it rests on, in text form: nobody uses them again. */
  readonly codes: readonly string[]
  /** SHA-256 of the file with the key blobs. */
  readonly blobs: Uint8Array
}

interface RecordMembers extends ReleaseRecord {
  readonly strongroom: 'custodian release'
  readonly version: 1
}

const MAX_RECORD_BYTES = 65_536
const RECORD: JsonField<RecordMembers> = objectOf({
  strongroom: exactly('custodian release'),
  version: exactly(1),
  payload: base64Bytes(LIMITS.payloadBytes),
  codes: listOf(checkedText(4_096, parseSignerText), 0, 16),
  blobs: hexBytes(32),
})

/** The one encoding of a record. */
export function encodeRecord({ payload, codes, blobs }: ReleaseRecord): Uint8Array {
  const members: RecordMembers = { strongroom: 'custodian release', version: 1, payload, codes, blobs }
  return encodeJson(RECORD, members, MAX_RECORD_BYTES)
}

/** Reads what `encodeRecord` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseRecord(bytes: Uint8Array): ReleaseRecord {
  const { payload, codes, blobs } = parseJson(RECORD, bytes, MAX_RECORD_BYTES)
  releaseOf({ payload })
  return { payload, codes, blobs }
}

/** What a record releases. @throws ProtocolError */
export function releaseOf({ payload }: Pick<ReleaseRecord, 'payload'>): Release {
  return parseJson(ACTS.release.payload, payload, LIMITS.payloadBytes)
}

/** The statement digest of the release of a record: whoever signs it, and how often, it is this. */
export function releaseDigest({ payload }: Pick<ReleaseRecord, 'payload'>): Uint8Array {
  return sha256(pae(ACTS.release.payloadType, payload))
}
