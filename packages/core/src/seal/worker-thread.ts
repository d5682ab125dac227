import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { AgeError } from '../age/index.ts'
import type { PayloadAnswer, PayloadFailure, PayloadTask } from './payload-worker.ts'
import { SealError } from './seal-error.ts'

// More threads than this wait for memory and disk, not for processors.
const MOST_THREADS = 8

/** How many threads may work: what the caller says, or what the machine has. */
export function threadCount(wanted: number | undefined): number {
  return Math.max(1, wanted ?? Math.min(availableParallelism(), MOST_THREADS))
}

/**
 * Starts a worker thread.
 *
 * @param onAnswer called for every answer
 * @param onFailure called if the thread breaks down
 */
export function startWorkerThread(
  task: PayloadTask,
  onAnswer: (answer: PayloadAnswer) => void,
  onFailure: (error: unknown) => void,
): Worker {
  const worker = new Worker(workerUrl(), { workerData: task })
  worker.on('message', onAnswer)
  worker.once('error', onFailure)
  return worker
}

/** The worker's module: source beside source, JavaScript beside JavaScript. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./payload-worker.${extension}`, import.meta.url)
}

/** A failure that was sent by a worker, as it was thrown there. */
export function revived(failure: PayloadFailure): Error {
  if (failure.layer === 'age') return new AgeError('PAYLOAD', failure.message)
  const { code, message, cause } = failure
  return new SealError(code, message, {
    cause: cause && Object.assign(new Error(cause.message), cause.fields),
  })
}
