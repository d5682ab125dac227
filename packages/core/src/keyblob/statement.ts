import { ByteReader, ByteWriter, utf8Encode } from '../bytes/index.ts'
import { suiteById, type SignatureSuite } from '../container/index.ts'
import { tree } from './digest.ts'
import { KeyBlobError } from './key-blob-error.ts'
import type { Serial } from './serial.ts'

/**
 * What an owner signs about one session key: exact bytes, docs/spec/key-blob.md, "Statement".
 *
 * Recipients are not in it, so other keys can be given access without the owner's signature key. The
 * commitment ties the statement to the session key and the payload root to the ciphertext: a
 * substituted key matches neither, and whoever knows the key cannot exchange the content.
 */
export interface Statement {
  readonly kind: StatementKind
  readonly suite: SignatureSuite
  readonly serial: Serial
  /** `keyCommitment` of the session key: 32 bytes. */
  readonly commitment: Uint8Array
  /** The payload nonce of the file, or 16 random bytes for a session key without a payload. */
  readonly nonce: Uint8Array
  /** Ciphertext bytes behind the nonce; 0 for a session key. */
  readonly payloadLength: number
  /** RFC 6962 root over the ciphertext's leaves: 32 bytes. */
  readonly payloadRoot: Uint8Array
  /** SHA-256 of the metadata record. */
  readonly metadataDigest: Uint8Array
  /** `SignerKey.keyId`: 32 bytes. */
  readonly signerId: Uint8Array
}

export type StatementKind = 'file' | 'session-key'

const LABEL = 'strongroom seal v1\n'
const KINDS: readonly (StatementKind | undefined)[] = [undefined, 'file', 'session-key']
const LABEL_BYTES = utf8Encode(LABEL)
export const STATEMENT_BYTES = LABEL_BYTES.length + 1 + 1 + 16 + 32 + 16 + 8 + 32 + 32 + 32

/** The one encoding of a statement: `STATEMENT_BYTES` long, integers big-endian. */
export function encodeStatement(statement: Statement): Uint8Array {
  return new ByteWriter(STATEMENT_BYTES)
    .bytes(LABEL_BYTES)
    .u8(KINDS.indexOf(statement.kind))
    .u8(statement.suite.id)
    .bytes(statement.serial)
    .bytes(statement.commitment)
    .bytes(statement.nonce)
    .u64(statement.payloadLength)
    .bytes(statement.payloadRoot)
    .bytes(statement.metadataDigest)
    .bytes(statement.signerId)
    .toBytes()
}

/**
 * Reads a statement; accepts exactly what `encodeStatement` writes.
 *
 * @throws KeyBlobError SEAL_FORMAT for another label, kind or suite, or a length that no payload of the kind has
 * @throws BytesError if `bytes` is not `STATEMENT_BYTES` long
 */
export function parseStatement(bytes: Uint8Array): Statement {
  const reader = new ByteReader(bytes)
  const label = reader.take(LABEL_BYTES.length)
  if (!label.every((byte, i) => byte === LABEL_BYTES[i])) {
    throw new KeyBlobError('SEAL_FORMAT', `statement: expected the label ${LABEL.trimEnd()}`)
  }
  const statement: Statement = {
    kind: known('kind', KINDS[reader.u8()]),
    suite: known('signature suite', suiteById(reader.u8())),
    serial: reader.take(16).slice(),
    commitment: reader.take(32).slice(),
    nonce: reader.take(16).slice(),
    payloadLength: safeLength(reader.u64()),
    payloadRoot: reader.take(32).slice(),
    metadataDigest: reader.take(32).slice(),
    signerId: reader.take(32).slice(),
  }
  reader.end()
  return withPayload(statement)
}

/** The id of a seal: the RFC 6962 leaf hash of its statement, 32 bytes. */
export function sealIdOf(statement: Uint8Array): Uint8Array {
  return tree.leafHash(statement)
}

function known<T>(what: string, value: T | undefined): T {
  if (value !== undefined) return value
  throw new KeyBlobError('SEAL_FORMAT', `statement: unknown ${what}`)
}

/** A file has a payload, if only an empty chunk; a session key alone has none. */
function withPayload(statement: Statement): Statement {
  if ((statement.kind === 'file') === statement.payloadLength > 0) return statement
  throw new KeyBlobError('SEAL_FORMAT', 'statement: payload length does not fit its kind')
}

function safeLength(value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
  throw new KeyBlobError('SEAL_FORMAT', 'statement: payload length out of range')
}
