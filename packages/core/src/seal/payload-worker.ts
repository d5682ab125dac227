import { parentPort, workerData } from 'node:worker_threads'
import { AgeError } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'
import { LeafQueue, type SharedQueue } from './leaf-queue.ts'
import { LeafWorker, type PayloadWork } from './leaf-work.ts'
import { SealError, type SealErrorCode } from './seal-error.ts'

/** What a worker is started with. */
export interface PayloadTask {
  readonly work: PayloadWork
  readonly total: number
  readonly shared: SharedQueue
}

/** Why a worker stopped, in a form that can be sent. */
export type PayloadFailure =
  | { readonly layer: 'age'; readonly message: string }
  | {
      readonly layer: 'seal'
      readonly code: SealErrorCode
      readonly message: string
      readonly cause: unknown
    }

/** Takes leaves until none is left; answers with nothing, or with why it stopped. */
function runTask(task: PayloadTask): PayloadFailure | undefined {
  const queue = new LeafQueue(task.total, task.shared)
  const worker = new LeafWorker(task.work)
  wipeKeys(task.work)
  try {
    for (let leaf = queue.take(); leaf !== undefined; leaf = queue.take()) {
      const hashes = worker.run(leaf)
      queue.finish(leaf, hashes.input, hashes.output)
    }
    return undefined
  } catch (error) {
    queue.stop()
    return failureOf(error)
  }
}

/** The key objects are made; this thread's copies of the bytes are of no more use. */
function wipeKeys(work: PayloadWork): void {
  for (const key of [work.input.key, work.output?.key]) if (key) wipe(key)
}

function failureOf(error: unknown): PayloadFailure {
  if (error instanceof AgeError) return { layer: 'age', message: error.message }
  if (error instanceof SealError) {
    return { layer: 'seal', code: error.code, message: error.message, cause: error.cause }
  }
  throw error
}

parentPort?.postMessage(runTask(workerData as PayloadTask))
