import { ByteReader, ByteWriter } from '../bytes/index.ts'
import { malformed, readAs } from './protocol-error.ts'

/** The stanza behind the recipient's in a key blob that a custodian made for a requester: `-> strongroom/release 1`. */
export const RELEASE_TYPE = 'strongroom/release'
/** The stanza in a key blob that a custodian made for the exchange key of another epoch: `-> strongroom/rewrap 1`. */
export const REWRAP_TYPE = 'strongroom/rewrap'
/** The third stanza of a release blob, if the deposit encloses a SIMPLEBLOB: `-> strongroom/cryptoapi-key 1`. */
export const CRYPTOAPI_KEY_TYPE = 'strongroom/cryptoapi-key'
export const CRYPTOAPI_KEY_VERSION = '1'
export const RELEASE_VERSION = '1'
export const REWRAP_VERSION = '1'

/** For which request a session key was wrapped again, and from which deposit it is. */
export interface ReleaseBody {
  /** The statement digest of the request. */
  readonly request: Uint8Array
  /** The id of the deposit. */
  readonly deposit: Uint8Array
}

/** From which deposit, and for which epoch. */
export interface RewrapBody {
  readonly deposit: Uint8Array
  /** Number and statement digest of the epoch that it is for. */
  readonly epochNumber: number
  readonly epochDigest: Uint8Array
}

const DIGEST_BYTES = 32

/** The body of a release stanza: `request || deposit`, 64 bytes. @throws ProtocolError PROTOCOL_FORMAT */
export function encodeReleaseBody({ request, deposit }: ReleaseBody): Uint8Array {
  return new ByteWriter(64).bytes(digest(request)).bytes(digest(deposit)).toBytes()
}

/** Reads one; the header MAC alone makes it worth anything. @throws ProtocolError PROTOCOL_FORMAT */
export function parseReleaseBody(body: Uint8Array): ReleaseBody {
  return readAs('release', () => {
    const reader = new ByteReader(body)
    const found = { request: reader.take(DIGEST_BYTES).slice(), deposit: reader.take(DIGEST_BYTES).slice() }
    reader.end()
    return found
  })
}

/** The body of a rewrap stanza: `deposit || u32 number || digest`, 68 bytes. @throws ProtocolError PROTOCOL_FORMAT */
export function encodeRewrapBody({ deposit, epochNumber, epochDigest }: RewrapBody): Uint8Array {
  return readAs('rewrap', () =>
    new ByteWriter(68)
      .bytes(digest(deposit))
      .u32(checkEpoch(epochNumber))
      .bytes(digest(epochDigest))
      .toBytes(),
  )
}

/** Reads one; the header MAC alone makes it worth anything. @throws ProtocolError PROTOCOL_FORMAT */
export function parseRewrapBody(body: Uint8Array): RewrapBody {
  return readAs('rewrap', () => {
    const reader = new ByteReader(body)
    const found = {
      deposit: reader.take(DIGEST_BYTES).slice(),
      epochNumber: checkEpoch(reader.u32()),
      epochDigest: reader.take(DIGEST_BYTES).slice(),
    }
    reader.end()
    return found
  })
}

function digest(bytes: Uint8Array): Uint8Array {
  if (bytes.length === DIGEST_BYTES) return bytes
  throw malformed('release', `expected a digest of ${DIGEST_BYTES} bytes, got ${bytes.length}`)
}

function checkEpoch(number: number): number {
  if (number >= 1) return number
  throw malformed('rewrap', 'expected an epoch from 1 on')
}
