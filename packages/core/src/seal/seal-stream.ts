import { LEAF_PLAINTEXT_BYTES, LeafWorker, type PayloadWork, type Side } from './leaf-work.ts'
import type { RunOptions } from './payload-run.ts'
import { SealError } from './seal-error.ts'
import { StreamWorker } from './stream-worker.ts'
import { threadCount } from './worker-thread.ts'

/** What a stream turned out to be. */
export interface SealedStream {
  readonly plaintextLength: number
  readonly leafHashes: readonly Uint8Array[]
}

/** Fills a buffer as far as the stream goes; returns how many bytes it put there. */
export type LeafReader = (buffer: Uint8Array) => Promise<number>

// The leaves are given to whoever encrypts them: nobody reads there.
const NOWHERE = { fd: -1, offset: 0 }
// A stream that is longer than this gets workers.
const LEAVES_BEFORE_WORKERS = 8

/**
 * Encrypts a stream to a place in a file, leaf by leaf, until it ends. This thread reads; workers, once the
 * stream turned out to be long, encrypt; when all of them are busy, this thread does a leaf itself.
 *
 * @throws SealError IO, CANCELLED
 */
export async function sealStream(read: LeafReader, output: Side, options: RunOptions): Promise<SealedStream> {
  const sealer = new StreamSealer({ plaintextLength: Infinity, input: NOWHERE, output }, options.threads)
  let plaintextLength = 0
  try {
    // One leaf ahead: a leaf must know whether it is the last.
    for (let bytes = await readLeaf(read, sealer.takeBuffer()), leaf = 0; ; leaf++) {
      if (options.signal?.aborted) throw new SealError('CANCELLED', 'stopped on request')
      const full = bytes.length === LEAF_PLAINTEXT_BYTES
      const next = full ? await readLeaf(read, sealer.takeBuffer()) : undefined
      const last = next === undefined || next.length === 0
      plaintextLength += bytes.length
      sealer.seal(leaf, bytes, last)
      options.onBytes?.(plaintextLength)
      if (last) return { plaintextLength, leafHashes: await sealer.finish() }
      bytes = next
    }
  } finally {
    await sealer.end()
  }
}

/** Hands leaves to whoever is free, and collects their hashes. */
class StreamSealer {
  readonly #work: PayloadWork
  readonly #own: LeafWorker
  readonly #most: number
  readonly #workers: StreamWorker[] = []
  readonly #hashes: Uint8Array[] = []
  readonly #buffers: ArrayBufferLike[] = []

  constructor(work: PayloadWork, threads: number | undefined) {
    this.#work = work
    this.#own = new LeafWorker(work)
    this.#most = threadCount(threads) - 1
  }

  /** A buffer that nobody uses. */
  takeBuffer(): Uint8Array {
    return new Uint8Array(this.#buffers.pop() ?? new ArrayBuffer(LEAF_PLAINTEXT_BYTES))
  }

  seal(leaf: number, bytes: Uint8Array, last: boolean): void {
    if (leaf === LEAVES_BEFORE_WORKERS) this.#startWorkers()
    const free = this.#workers.find((worker) => worker.isFree)
    if (free) free.send({ leaf, bytes, last })
    else this.#keep(leaf, this.#own.run(leaf, { bytes, last }).output, bytes.buffer)
  }

  /** The hashes of all leaves, in order, when all are done. */
  async finish(): Promise<readonly Uint8Array[]> {
    await Promise.all(this.#workers.map((worker) => worker.idle()))
    return this.#hashes
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end()))
  }

  #startWorkers(): void {
    for (let i = 0; i < this.#most; i++) {
      this.#workers.push(
        new StreamWorker(this.#work, (done) => this.#keep(done.leaf, done.hash, done.buffer)),
      )
    }
  }

  #keep(leaf: number, hash: Uint8Array | undefined, buffer: ArrayBufferLike): void {
    if (hash) this.#hashes[leaf] = hash
    this.#buffers.push(buffer)
  }
}

async function readLeaf(read: LeafReader, buffer: Uint8Array): Promise<Uint8Array> {
  return buffer.subarray(0, await read(buffer))
}
