import type { Stanza } from '../age/index.ts'
import type { SignerKey, SigningKey } from '../container/index.ts'
import { SIGNATURE_SUITES } from '../container/index.ts'
import { signBatch, type BatchSignature } from './batch.ts'
import { keyCommitment } from './commitment.ts'
import { sha256 } from './digest.ts'
import { encodeMetadata, type Metadata } from './metadata.ts'
import { encodeSealBody, sealBodyBytes } from './seal-body.ts'
import { SEAL_TYPE, sealStanza, sealStanzaBodyBytes, type Visibility } from './seal-stanza.ts'
import { payloadRoot, segmentLevel, segmentTable, leafCount, type SegmentTable } from './segment-table.ts'
import type { Serial } from './serial.ts'
import { encodeStatement, sealIdOf, type StatementKind } from './statement.ts'

/** What a seal will say. */
export interface SealContents {
  readonly kind: StatementKind
  readonly serial: Serial
  /** age's file key, 16 bytes. */
  readonly sessionKey: Uint8Array
  /** The payload nonce, 16 bytes. */
  readonly nonce: Uint8Array
  /** Ciphertext bytes behind the nonce. */
  readonly payloadLength: number
  /** RFC 6962 leaf hashes of the ciphertext's leaves, in order. */
  readonly leafHashes: readonly Uint8Array[]
  readonly metadata: Metadata
  readonly signer: SignerKey
}

/** A seal that waits for its signature. */
export interface SealDraft {
  readonly statementBytes: Uint8Array
  /** What the signature covers: `sealIdOf(statementBytes)`. */
  readonly sealId: Uint8Array
  readonly metadataBytes: Uint8Array
  readonly table: SegmentTable
  readonly nonce: Uint8Array
}

/** Fixes every byte that will be signed. @throws KeyBlobError LIMIT if a text is too long */
export function draftSeal(contents: SealContents): SealDraft {
  const { kind, serial, nonce, payloadLength } = contents
  const metadataBytes = encodeMetadata(contents.metadata)
  const table = segmentTable(contents.leafHashes)
  const statementBytes = encodeStatement({
    kind,
    suite: SIGNATURE_SUITES[contents.signer.suite],
    serial,
    commitment: keyCommitment(contents.sessionKey, serial),
    nonce,
    payloadLength,
    payloadRoot: payloadRoot(table, payloadLength),
    metadataDigest: sha256(metadataBytes),
    signerId: contents.signer.keyId,
  })
  return { statementBytes, sealId: sealIdOf(statementBytes), metadataBytes, table, nonce }
}

/** Signs drafts with one signature and returns the signature of each, in order. */
export function signDrafts(drafts: readonly SealDraft[], signingKey: SigningKey): BatchSignature[] {
  return signBatch(
    drafts.map((draft) => draft.sealId),
    (message) => signingKey.sign(message),
  )
}

/** The stanza of a signed draft. */
export function finishSeal(
  draft: SealDraft,
  batch: BatchSignature,
  sessionKey: Uint8Array,
  visibility: Visibility,
): Stanza {
  return sealStanza(encodeSealBody({ ...draft, batch }), draft.nonce, sessionKey, visibility)
}

/** What decides how long a seal stanza can become. */
export interface SealSize {
  readonly metadata: Metadata
  /** Ciphertext bytes; for an unknown length, `LONGEST_TABLE_BYTES`. */
  readonly payloadLength: number
  readonly batchSize: number
  readonly signer: SignerKey
  readonly visibility: Visibility
}

/**
 * A stanza as long as the longest that a seal of that size can become: to keep room for it in a header
 * that is written before its payload.
 */
export function largestSealStanza(size: SealSize): Stanza {
  const leaves = leafCount(size.payloadLength)
  const segments = Math.ceil(leaves / 2 ** segmentLevel(leaves))
  const metadataBytes = encodeMetadata(size.metadata).length
  const body = sealBodyBytes(metadataBytes, segments, size.batchSize, SIGNATURE_SUITES[size.signer.suite])
  const nonce = 'A'.repeat(22)
  return {
    type: SEAL_TYPE,
    args: ['1', size.visibility, nonce],
    body: new Uint8Array(sealStanzaBodyBytes(body, size.visibility)),
  }
}
