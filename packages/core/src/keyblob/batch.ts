import { ByteWriter, utf8Encode, type ByteReader } from '../bytes/index.ts'
import type { SignatureSuite, SignerKey } from '../container/index.ts'
import { MerkleError } from '../merkle/index.ts'
import { tree } from './digest.ts'
import { KeyBlobError } from './key-blob-error.ts'

/**
 * A signature over one statement or many: the signer signs the RFC 6962 root over all statements of a
 * batch once, and each seal carries the proof that its statement is a leaf. A single file is a batch
 * of one. docs/spec/key-blob.md, "Signature"
 */
export interface BatchSignature {
  readonly size: number
  readonly index: number
  /** From the leaf to the root, 32 bytes each. */
  readonly proof: readonly Uint8Array[]
  /** As long as the suite says. */
  readonly signature: Uint8Array
}

/** Most statements that one signature covers: keeps a proof within 16 hashes. */
export const MAX_BATCH = 65_536

const LABEL = utf8Encode('strongroom seal batch v1\n')

/** What is signed: the label, the number of statements (4 bytes) and the root over them (32 bytes). */
export function batchMessage(size: number, root: Uint8Array): Uint8Array {
  return new ByteWriter(64).bytes(LABEL).u32(size).bytes(root).toBytes()
}

/**
 * Signs seals together.
 *
 * @param sealIds the leaf hashes of the statements, 1 to `MAX_BATCH`
 * @param sign signs a message; called once
 * @returns one signature for each, in order
 */
export function signBatch(
  sealIds: readonly Uint8Array[],
  sign: (message: Uint8Array) => Uint8Array,
): BatchSignature[] {
  const size = sealIds.length
  if (size < 1 || size > MAX_BATCH) throw new KeyBlobError('LIMIT', `batch: cannot sign ${size} statements`)
  const { root, proofs } = tree.inclusionProofs(sealIds)
  const signature = sign(batchMessage(size, root))
  return proofs.map((proof, index) => ({ size, index, proof, signature }))
}

/** Whether `signer` signed a batch that contains the seal. */
export function verifyBatch(sealId: Uint8Array, batch: BatchSignature, signer: SignerKey): boolean {
  const root = batchRoot(sealId, batch)
  return root !== undefined && signer.verify(batchMessage(batch.size, root), batch.signature)
}

function batchRoot(sealId: Uint8Array, batch: BatchSignature): Uint8Array | undefined {
  try {
    return tree.rootFromInclusion(sealId, batch.index, batch.size, batch.proof)
  } catch (error) {
    // A proof of the wrong length leads nowhere, like one with a wrong hash.
    if (error instanceof MerkleError) return undefined
    throw error
  }
}

/** `size (4) | index (4) | hashes (1) | proof (32 each) | signature`. */
export function writeBatchSignature(writer: ByteWriter, batch: BatchSignature): void {
  writer.u32(batch.size).u32(batch.index).u8(batch.proof.length)
  for (const hash of batch.proof) writer.bytes(hash)
  writer.bytes(batch.signature)
}

/** The most bytes that a signature of a batch of `size` takes. */
export function batchSignatureBytes(size: number, suite: SignatureSuite): number {
  return 9 + 32 * Math.ceil(Math.log2(size)) + suite.signatureLength
}

/**
 * Reads a batch signature; does not verify it. Whether the proof has the length that its place asks for is found then.
 *
 * @throws KeyBlobError SEAL_FORMAT for a place that no batch has
 * @throws BytesError if it ends early
 */
export function readBatchSignature(reader: ByteReader, suite: SignatureSuite): BatchSignature {
  const size = reader.u32()
  const index = reader.u32()
  const hashes = reader.u8()
  if (size < 1 || size > MAX_BATCH || index >= size || hashes > 16) {
    throw new KeyBlobError('SEAL_FORMAT', 'signature: impossible place in its batch')
  }
  const proof = Array.from({ length: hashes }, () => reader.take(32).slice())
  return { size, index, proof, signature: reader.take(suite.signatureLength).slice() }
}
