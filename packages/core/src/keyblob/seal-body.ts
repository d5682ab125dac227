import { ByteReader, ByteWriter, BytesError, equalBytes } from '../bytes/index.ts'
import { batchSignatureBytes, readBatchSignature, writeBatchSignature, type BatchSignature } from './batch.ts'
import { sha256 } from './digest.ts'
import { KeyBlobError } from './key-blob-error.ts'
import { MAX_METADATA_BYTES, parseMetadata, type Metadata } from './metadata.ts'
import {
  MAX_SEGMENTS,
  readSegmentTable,
  segmentTableBytes,
  writeSegmentTable,
  type SegmentTable,
} from './segment-table.ts'
import { parseStatement, STATEMENT_BYTES, type Statement } from './statement.ts'
import type { SignatureSuite } from '../container/index.ts'

/** A seal's parts as they stand in its body; the digests inside fit each other, nothing else is proved. */
export interface SealBody {
  /** The exact bytes that were signed. */
  readonly statementBytes: Uint8Array
  readonly statement: Statement
  readonly metadata: Metadata
  readonly table: SegmentTable
  readonly batch: BatchSignature
}

/** The parts that a writer puts into a seal body. */
export interface SealBodyParts {
  readonly statementBytes: Uint8Array
  readonly metadataBytes: Uint8Array
  readonly table: SegmentTable
  readonly batch: BatchSignature
}

/** `statement | metadata length (2) | metadata | segment table | batch signature`. */
export function encodeSealBody(parts: SealBodyParts): Uint8Array {
  const writer = new ByteWriter(8192)
  writer.bytes(parts.statementBytes).u16(parts.metadataBytes.length).bytes(parts.metadataBytes)
  writeSegmentTable(writer, parts.table)
  writeBatchSignature(writer, parts.batch)
  return writer.toBytes()
}

/** The most bytes a body takes with that much metadata, so many segments, and a batch of `batchSize`. */
export function sealBodyBytes(
  metadataBytes: number,
  segments: number,
  batchSize: number,
  suite: SignatureSuite,
): number {
  return (
    STATEMENT_BYTES + 2 + metadataBytes + segmentTableBytes(segments) + batchSignatureBytes(batchSize, suite)
  )
}

/** No body is longer; a longer one is refused before it is read. */
export function maxSealBodyBytes(suite: SignatureSuite): number {
  return sealBodyBytes(MAX_METADATA_BYTES, MAX_SEGMENTS, 65_536, suite)
}

/**
 * Reads a seal body: accepts exactly what `encodeSealBody` writes, and checks what needs no key: the
 * metadata against its digest, the segment table against the payload root.
 *
 * @throws KeyBlobError SEAL_FORMAT if malformed, NOT_AUTHENTIC if a digest does not fit
 */
export function parseSealBody(bytes: Uint8Array): SealBody {
  try {
    return parseParts(new ByteReader(bytes))
  } catch (cause) {
    if (!(cause instanceof BytesError)) throw cause
    throw new KeyBlobError('SEAL_FORMAT', 'seal: malformed body', { cause })
  }
}

function parseParts(reader: ByteReader): SealBody {
  const statementBytes = reader.take(STATEMENT_BYTES).slice()
  const statement = parseStatement(statementBytes)
  const metadataBytes = reader.take(reader.u16())
  if (!equalBytes(sha256(metadataBytes), statement.metadataDigest)) {
    throw new KeyBlobError('NOT_AUTHENTIC', 'metadata: is not what was signed')
  }
  const metadata = parseMetadata(metadataBytes)
  const table = readSegmentTable(reader, statement.payloadLength, statement.payloadRoot)
  const batch = readBatchSignature(reader, statement.suite)
  reader.end()
  return { statementBytes, statement, metadata, table, batch }
}
