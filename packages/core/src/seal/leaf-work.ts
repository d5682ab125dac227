import { CHUNK_BYTES, chunkCount, PayloadKey, SEALED_CHUNK_BYTES } from '../age/index.ts'
import { LEAF_CHUNKS, LeafHasher } from '../keyblob/index.ts'
import { readFullyAt, writeAllAt } from './positional-io.ts'

/** Plaintext bytes of a full leaf: 1 MiB. */
export const LEAF_PLAINTEXT_BYTES = LEAF_CHUNKS * CHUNK_BYTES

// 256 KiB at a time: what is encrypted is hashed and written while it is still in the processor's cache.
const PIECE_CHUNKS = 4

/** One side of the work: bytes in a file, plain, or encrypted under a payload key. */
export interface Side {
  readonly fd: number
  /** Where the side's first byte stands in the file. */
  readonly offset: number
  /** The raw payload key, 32 bytes; absent where the bytes are plain. */
  readonly key?: Uint8Array | undefined
}

/**
 * Payload bytes that go from one file to another, or are only looked at.
 *
 * Plain to encrypted seals, encrypted to plain opens, encrypted to encrypted reseals, encrypted to
 * nowhere verifies.
 */
export interface PayloadWork {
  /** Bytes; Infinity for a stream, whose leaves are given. */
  readonly plaintextLength: number
  readonly input: Side
  readonly output?: Side | undefined
}

/** The leaf hashes of the encrypted sides. */
export interface LeafHashes {
  readonly input: Uint8Array | undefined
  readonly output: Uint8Array | undefined
}

/** A leaf that was read from a stream. */
export interface GivenLeaf {
  /** 1 MiB; fewer only if it is the last. */
  readonly bytes: Uint8Array
  readonly last: boolean
}

/** How many leaves so much plaintext has; an empty file has one, with one empty chunk. */
export function plaintextLeaves(plaintextLength: number): number {
  return Math.max(1, Math.ceil(plaintextLength / LEAF_PLAINTEXT_BYTES))
}

/** Does the work of single leaves; keys and buffers are made once. Leaves may be done in any order, by any thread. */
export class LeafWorker {
  readonly #work: PayloadWork
  readonly #inputKey: PayloadKey | undefined
  readonly #outputKey: PayloadKey | undefined
  readonly #buffer: Uint8Array
  #chunks: number

  constructor(work: PayloadWork) {
    this.#work = work
    this.#inputKey = work.input.key && PayloadKey.fromRaw(work.input.key)
    this.#outputKey = work.output?.key && PayloadKey.fromRaw(work.output.key)
    this.#chunks = chunksOf(work.plaintextLength)
    this.#buffer = new Uint8Array(Math.min(this.#chunks, PIECE_CHUNKS) * SEALED_CHUNK_BYTES)
  }

  /**
   * Reads, converts and writes one leaf.
   *
   * @param given the leaf's plaintext, where the input is a stream that cannot be read at a position
   * @throws AgeError PAYLOAD if a chunk does not decrypt
   * @throws SealError IO, INPUT_CHANGED
   */
  run(leaf: number, given?: GivenLeaf): LeafHashes {
    if (given) this.#chunks = given.last ? leaf * LEAF_CHUNKS + chunkCount(given.bytes.length) : Infinity
    const inputHash = this.#inputKey && new LeafHasher()
    const outputHash = this.#outputKey && new LeafHasher()
    const end = Math.min((leaf + 1) * LEAF_CHUNKS, this.#chunks)
    for (let chunk = leaf * LEAF_CHUNKS; chunk < end; chunk += PIECE_CHUNKS) {
      const bytes = given
        ? slice(given, chunk - leaf * LEAF_CHUNKS)
        : this.#read(chunk, Math.min(chunk + PIECE_CHUNKS, end))
      this.#convert(chunk, bytes, inputHash, outputHash)
    }
    return { input: inputHash?.digest(), output: outputHash?.digest() }
  }

  #read(first: number, end: number): Uint8Array {
    const { input, plaintextLength } = this.#work
    const start = sideStart(first, input)
    const bytes = this.#buffer.subarray(0, sideStart(end, input, plaintextLength) - start)
    readFullyAt(input.fd, bytes, input.offset + start)
    return bytes
  }

  #convert(first: number, bytes: Uint8Array, inputHash?: LeafHasher, outputHash?: LeafHasher): void {
    const { output } = this.#work
    inputHash?.update(bytes)
    if (!output) return
    const plain = this.#inputKey ? this.#decrypt(first, bytes) : split(bytes, CHUNK_BYTES)
    const parts = this.#outputKey ? this.#encrypt(first, plain, outputHash) : plain
    writeAllAt(output.fd, parts, output.offset + sideStart(first, output))
    if (this.#inputKey && this.#outputKey) detachAll(plain)
    if (this.#inputKey || this.#outputKey) detachAll(parts)
  }

  #decrypt(first: number, bytes: Uint8Array): Uint8Array[] {
    const key = this.#inputKey
    if (!key) return []
    return split(bytes, SEALED_CHUNK_BYTES).map((sealed, i) =>
      key.decryptChunk(first + i, first + i === this.#chunks - 1, sealed),
    )
  }

  #encrypt(first: number, plain: readonly Uint8Array[], hash: LeafHasher | undefined): Uint8Array[] {
    const key = this.#outputKey
    if (!key) return []
    const parts = plain.flatMap((chunk, i) => {
      const { ciphertext, tag } = key.encryptChunk(first + i, first + i === this.#chunks - 1, chunk)
      return [ciphertext, tag]
    })
    for (const part of parts) hash?.update(part)
    return parts
  }
}

function slice({ bytes }: GivenLeaf, chunk: number): Uint8Array {
  return bytes.subarray(chunk * CHUNK_BYTES, (chunk + PIECE_CHUNKS) * CHUNK_BYTES)
}

/** A stream has no end until it ends. */
function chunksOf(plaintextLength: number): number {
  return plaintextLength === Infinity ? Infinity : chunkCount(plaintextLength)
}

/** Where chunk `chunk` starts on a side, or, with the length, where the side ends if it ends before. */
function sideStart(chunk: number, side: Side, plaintextLength = Infinity): number {
  const plain = Math.min(chunk * CHUNK_BYTES, plaintextLength)
  const tags = side.key ? (SEALED_CHUNK_BYTES - CHUNK_BYTES) * Math.min(chunk, chunksOf(plaintextLength)) : 0
  return plain + tags
}

/** Cuts bytes into parts of `size`; the last may be shorter. Nothing is one empty part: an empty file has one chunk. */
function split(bytes: Uint8Array, size: number): Uint8Array[] {
  const count = Math.max(1, Math.ceil(bytes.length / size))
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

function detachAll(parts: readonly Uint8Array[]): void {
  for (const part of parts) detach(part)
}

/**
 * Gives the memory of a cipher's output back at once. The cipher allocates every output anew; waiting for
 * the collector costs a quarter of the throughput and twice the memory (docs/benchmarks.md).
 *
 * @param part used no more; a view of anything but a whole chunk's buffer is left alone
 */
export function detach(part: Uint8Array): void {
  if (part.length !== CHUNK_BYTES || part.buffer.byteLength !== CHUNK_BYTES) return
  ;(part.buffer as ArrayBuffer).transfer(0)
}
