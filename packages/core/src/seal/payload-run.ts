import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { AgeError } from '../age/index.ts'
import { LeafQueue } from './leaf-queue.ts'
import { LEAF_PLAINTEXT_BYTES, LeafWorker, plaintextLeaves, type PayloadWork } from './leaf-work.ts'
import { SealError } from './seal-error.ts'
import type { PayloadFailure, PayloadTask } from './payload-worker.ts'

/** How a payload is run. */
export interface RunOptions {
  /** Threads that work, this one included; by default what the machine has, at most 8. */
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
const MOST_THREADS = 8

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
  const wanted = threads ?? Math.min(availableParallelism(), MOST_THREADS)
  const useful = queue.total < LEAST_LEAVES_FOR_WORKERS ? 1 : Math.min(wanted, queue.total)
  return Array.from({ length: useful - 1 }, () => startWorker(work, queue))
}

function startWorker(work: PayloadWork, queue: LeafQueue): Running {
  const task: PayloadTask = { work, total: queue.total, shared: queue.shared }
  const worker = new Worker(workerUrl(), { workerData: task })
  const finished = new Promise<void>((resolve, reject) => {
    worker.once('message', (failure: PayloadFailure | undefined) => {
      if (failure) {
        queue.stop()
        reject(revived(failure))
      } else resolve()
    })
    worker.once('error', (error) => {
      queue.stop()
      reject(error)
    })
  })
  // The failure is looked at after this thread's own part; until then it is not unhandled.
  finished.catch(() => undefined)
  return { finished, end: () => worker.terminate() }
}

/** The worker's module: source beside source, JavaScript beside JavaScript. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./payload-worker.${extension}`, import.meta.url)
}

function revived(failure: PayloadFailure): Error {
  if (failure.layer === 'age') return new AgeError('PAYLOAD', failure.message)
  return new SealError(failure.code, failure.message, { cause: failure.cause })
}
