/** Indices into the control words. */
const NEXT = 0
const DONE = 1
const STOP = 2
const HASH_BYTES = 32

/** What threads share: plain buffers, so that it can be sent to a worker. */
export interface SharedQueue {
  readonly control: SharedArrayBuffer
  readonly inputHashes: SharedArrayBuffer
  readonly outputHashes: SharedArrayBuffer
}

/**
 * The leaves that are still to do and the hashes of those that are done, shared by all threads.
 *
 * A thread takes the next leaf, does it, and puts its hashes where they belong: no leaf is done twice,
 * and no bytes travel between threads.
 */
export class LeafQueue {
  readonly shared: SharedQueue
  readonly total: number
  readonly #control: Int32Array

  constructor(total: number, shared?: SharedQueue) {
    this.total = total
    this.shared = shared ?? {
      control: new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT),
      inputHashes: new SharedArrayBuffer(total * HASH_BYTES),
      outputHashes: new SharedArrayBuffer(total * HASH_BYTES),
    }
    this.#control = new Int32Array(this.shared.control)
  }

  /** The next leaf to do; undefined when none is left or somebody stopped. */
  take(): number | undefined {
    if (Atomics.load(this.#control, STOP) !== 0) return undefined
    const leaf = Atomics.add(this.#control, NEXT, 1)
    return leaf < this.total ? leaf : undefined
  }

  /** Records the hashes of a leaf that is done. */
  finish(leaf: number, input: Uint8Array | undefined, output: Uint8Array | undefined): void {
    if (input) hashAt(this.shared.inputHashes, leaf).set(input)
    if (output) hashAt(this.shared.outputHashes, leaf).set(output)
    Atomics.add(this.#control, DONE, 1)
  }

  /** Makes every thread stop before its next leaf. */
  stop(): void {
    Atomics.store(this.#control, STOP, 1)
  }

  /** How many leaves are done. */
  get done(): number {
    return Atomics.load(this.#control, DONE)
  }

  /** Copies of all hashes of one side, in order. */
  hashes(side: 'input' | 'output'): Uint8Array[] {
    const all = side === 'input' ? this.shared.inputHashes : this.shared.outputHashes
    return Array.from({ length: this.total }, (_, leaf) => hashAt(all, leaf).slice())
  }
}

function hashAt(all: SharedArrayBuffer, leaf: number): Uint8Array {
  return new Uint8Array(all, leaf * HASH_BYTES, HASH_BYTES)
}
