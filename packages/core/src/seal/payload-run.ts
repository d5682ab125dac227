import { setImmediate } from 'node:timers/promises'
import { LeafQueue } from './leaf-queue.ts'
import { LEAF_PLAINTEXT_BYTES, LeafWorker, plaintextLeaves, type PayloadWork } from './leaf-work.ts'
import { SealError } from './seal-error.ts'
import { revived, startWorkerThread, threadCount } from './worker-thread.ts'

/** How a payload is run. */
export interface RunOptions {
  /** Threads that work, this one included; by default as many as the machine has, at most 8. */
  readonly threads?: number | undefined
  /** Called now and then with plaintext bytes. */
  readonly onBytes?: ((done: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** RFC 6962 leaf hashes of the encrypted sides, in order; empty for a plain side. */
export interface PayloadHashes {
  readonly input: readonly Uint8Array[]
  readonly output: readonly Uint8Array[]
}

// Below this a worker takes longer to start than this thread takes to finish.
const LEAST_LEAVES_FOR_WORKERS = 8

/**
 * Does payload work with as many threads as pay: this one starts at once, workers join as they come up.
 *
 * @throws AgeError PAYLOAD if a chunk does not decrypt
 * @throws SealError IO, INPUT_CHANGED, CANCELLED
 */
export async function runPayload(work: PayloadWork, options: RunOptions = {}): Promise<PayloadHashes> {
  const queue = new LeafQueue(plaintextLeaves(work.plaintextLength))
  const workers = startWorkers(work, queue, options.threads)
  try {
    await runHere(work, queue, options)
    await Promise.all(workers.map((worker) => worker.finished))
  } finally {
    queue.stop()
    await Promise.all(workers.map((worker) => worker.end()))
  }
  return { input: hashesOf(queue, 'input', work), output: hashesOf(queue, 'output', work) }
}

function hashesOf(queue: LeafQueue, side: 'input' | 'output', work: PayloadWork): readonly Uint8Array[] {
  return work[side]?.key ? queue.hashes(side) : []
}

async function runHere(work: PayloadWork, queue: LeafQueue, options: RunOptions): Promise<void> {
  const worker = new LeafWorker(work)
  for (let leaf = queue.take(); leaf !== undefined; leaf = queue.take()) {
    if (options.signal?.aborted) throw new SealError('CANCELLED', 'stopped on request')
    const hashes = worker.run(leaf)
    queue.finish(leaf, hashes.input, hashes.output)
    options.onBytes?.(Math.min(queue.done * LEAF_PLAINTEXT_BYTES, work.plaintextLength))
    // Signals, failures of workers and progress come in between leaves.
    if (queue.total > 1) await setImmediate()
  }
}

interface Running {
  /** Settles when the worker found no more leaves, or failed. */
  readonly finished: Promise<void>
  end(): Promise<unknown>
}

function startWorkers(work: PayloadWork, queue: LeafQueue, threads?: number): Running[] {
  const useful = queue.total < LEAST_LEAVES_FOR_WORKERS ? 1 : Math.min(threadCount(threads), queue.total)
  return Array.from({ length: useful - 1 }, () => startWorker(work, queue))
}

function startWorker(work: PayloadWork, queue: LeafQueue): Running {
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>()
  const fail = (error: unknown) => {
    queue.stop()
    reject(error)
  }
  const worker = startWorkerThread(
    { work, queue: { total: queue.total, shared: queue.shared } },
    (answer) => {
      if (answer.done || !answer.failure) resolve()
      else fail(revived(answer.failure))
    },
    fail,
  )
  // The failure is looked at after this thread's own part; until then it is not unhandled.
  finished.catch(() => undefined)
  return { finished, end: () => worker.terminate() }
}
