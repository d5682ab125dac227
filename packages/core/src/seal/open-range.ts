import { CHUNK_BYTES, chunkCount, PayloadKey, SEALED_CHUNK_BYTES, sealedPayloadLength } from '../age/index.ts'
import { LEAF_BYTES, LEAF_CHUNKS, tree, type SegmentTable } from '../keyblob/index.ts'
import { detach, LEAF_PLAINTEXT_BYTES, plaintextLeaves } from './leaf-work.ts'
import type { RunOptions } from './payload-run.ts'
import { readFullyAt } from './positional-io.ts'
import { SealError } from './seal-error.ts'
import { checkSegment } from './segment-check.ts'

/** A part of the plaintext, in bytes. */
export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/** A payload that can be read at any position. */
export interface Payload {
  readonly fd: number
  /** Where its first chunk stands. */
  readonly offset: number
  /** The raw payload key, 32 bytes. */
  readonly key: Uint8Array
  readonly plaintextLength: number
  /** The signed segments; absent for a file that nobody signed. */
  readonly table: SegmentTable | undefined
}

// A segment of at most so many leaves stays in memory between its verification and its decryption; a
// larger one is read twice, each leaf verified again against what the segment proved.
const LEAVES_IN_MEMORY = 8

/**
 * Writes a range of the plaintext to a sink, in order; a segment is verified before any of it is written.
 *
 * @returns the bytes written: fewer than asked for if the file ends before
 * @throws SealError NOT_AUTHENTIC, LIMIT for a range outside the file, CANCELLED, IO
 * @throws AgeError PAYLOAD
 */
export async function openRange(
  payload: Payload,
  range: ByteRange,
  sink: (bytes: Uint8Array) => Promise<void>,
  options: RunOptions,
): Promise<number> {
  const end = checkedEnd(range, payload.plaintextLength)
  const leaves = new VerifiedLeaves(payload)
  const key = PayloadKey.fromRaw(payload.key)
  if (!payload.table) checkLength(payload, key)
  const lastLeaf = Math.max(0, Math.ceil(end / LEAF_PLAINTEXT_BYTES) - 1)
  let written = 0
  for (let leaf = Math.floor(range.offset / LEAF_PLAINTEXT_BYTES); leaf <= lastLeaf; leaf++) {
    if (options.signal?.aborted) throw new SealError('CANCELLED', 'stopped on request')
    const ciphertext = leaves.read(leaf)
    for (const [chunk, plain] of decrypted(leaf, ciphertext, key, payload.plaintextLength)) {
      const part = overlap(plain, chunk * CHUNK_BYTES, range.offset, end)
      if (part.length > 0) await sink(part)
      written += part.length
      detach(plain)
    }
    options.onBytes?.(written)
  }
  return written
}

/** The payload's leaves, each returned only after it was found to be what was signed. */
class VerifiedLeaves {
  readonly #payload: Payload
  readonly #ciphertextLength: number
  readonly #leafCount: number
  #segment = -1
  #hashes: readonly Uint8Array[] = []
  #kept: Uint8Array | undefined
  /** Everything is read into this one buffer: what `read` returned holds until the next call. */
  readonly #buffer: Uint8Array

  constructor(payload: Payload) {
    this.#payload = payload
    const leaves = 2 ** (payload.table?.level ?? 0)
    this.#buffer = new Uint8Array((leaves <= LEAVES_IN_MEMORY ? leaves : 1) * LEAF_BYTES)
    this.#ciphertextLength = sealedPayloadLength(payload.plaintextLength)
    this.#leafCount = plaintextLeaves(payload.plaintextLength)
  }

  read(leaf: number): Uint8Array {
    const { table } = this.#payload
    if (!table) return this.#readLeaves(leaf, leaf + 1)
    const leaves = 2 ** table.level
    const segment = Math.floor(leaf / leaves)
    if (segment !== this.#segment) this.#verifySegment(segment, leaves, table)
    const inSegment = leaf - segment * leaves
    if (this.#kept) return this.#kept.subarray(inSegment * LEAF_BYTES, (inSegment + 1) * LEAF_BYTES)
    const ciphertext = this.#readLeaves(leaf, leaf + 1)
    checkSegment(tree.leafHash(ciphertext), this.#hashes[inSegment], segment)
    return ciphertext
  }

  #verifySegment(segment: number, leaves: number, table: SegmentTable): void {
    const first = segment * leaves
    const end = Math.min(first + leaves, this.#leafCount)
    this.#kept = leaves <= LEAVES_IN_MEMORY ? this.#readLeaves(first, end) : undefined
    this.#hashes = Array.from({ length: end - first }, (_, i) =>
      tree.leafHash(
        this.#kept?.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES) ??
          this.#readLeaves(first + i, first + i + 1),
      ),
    )
    checkSegment(tree.rootOf(this.#hashes), table.roots[segment], segment)
    this.#segment = segment
  }

  #readLeaves(first: number, end: number): Uint8Array {
    const length = Math.min(end * LEAF_BYTES, this.#ciphertextLength) - first * LEAF_BYTES
    const bytes = this.#buffer.subarray(0, length)
    readFullyAt(this.#payload.fd, bytes, this.#payload.offset + first * LEAF_BYTES)
    return bytes
  }
}

/** Nobody signed the length: that its last chunk is the last proves it. @throws AgeError PAYLOAD */
function checkLength({ fd, offset, plaintextLength }: Payload, key: PayloadKey): void {
  const last = chunkCount(plaintextLength) - 1
  const sealed = new Uint8Array(sealedPayloadLength(plaintextLength) - last * SEALED_CHUNK_BYTES)
  readFullyAt(fd, sealed, offset + last * SEALED_CHUNK_BYTES)
  key.decryptChunk(last, true, sealed)
}

function* decrypted(
  leaf: number,
  ciphertext: Uint8Array,
  key: PayloadKey,
  plaintextLength: number,
): Generator<[chunk: number, plain: Uint8Array]> {
  const lastChunk = chunkCount(plaintextLength) - 1
  for (let at = 0, chunk = leaf * LEAF_CHUNKS; at < ciphertext.length; at += SEALED_CHUNK_BYTES, chunk++) {
    yield [
      chunk,
      key.decryptChunk(chunk, chunk === lastChunk, ciphertext.subarray(at, at + SEALED_CHUNK_BYTES)),
    ]
  }
}

function overlap(plain: Uint8Array, start: number, from: number, to: number): Uint8Array {
  return plain.subarray(Math.max(0, from - start), Math.max(0, Math.min(plain.length, to - start)))
}

function checkedEnd({ offset, length }: ByteRange, plaintextLength: number): number {
  const valid = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
  if (!valid || offset > plaintextLength) {
    throw new SealError('LIMIT', `range: the file has ${plaintextLength} bytes`)
  }
  return Math.min(offset + length, plaintextLength)
}
