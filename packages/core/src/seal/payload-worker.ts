import { parentPort, workerData } from 'node:worker_threads'
import { AgeError } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'
import { LeafQueue, type SharedQueue } from './leaf-queue.ts'
import { LeafWorker, type GivenLeaf, type PayloadWork } from './leaf-work.ts'
import { SealError, type SealErrorCode } from './seal-error.ts'

/** What a worker is started with. */
export interface PayloadTask {
  readonly work: PayloadWork
  /** The leaves of a file, taken from a queue; absent for a stream, whose leaves are sent. */
  readonly queue?: { readonly total: number; readonly shared: SharedQueue }
}

/** A leaf of a stream, sent to a worker; its bytes move there. */
export interface SentLeaf extends GivenLeaf {
  readonly leaf: number
}

/** A leaf of a stream that is done; its buffer moves back to be filled again. */
export interface DoneLeaf {
  readonly leaf: number
  readonly hash: Uint8Array | undefined
  readonly buffer: ArrayBufferLike
}

/** Why a worker stopped, in a form that can be sent. */
export type PayloadFailure =
  | { readonly layer: 'age'; readonly message: string }
  | {
      readonly layer: 'seal'
      readonly code: SealErrorCode
      readonly message: string
      readonly cause: SentCause | undefined
    }

/** A system's error: of an error that is sent, only the message would arrive. */
export interface SentCause {
  readonly message: string
  /** Its code, its system call and its number. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** What a worker answers: a leaf of a stream, the end of a queue, or why it stopped. */
export type PayloadAnswer =
  | { readonly done: DoneLeaf }
  | { readonly done: undefined; readonly failure: PayloadFailure | undefined }

/** Takes leaves until none is left. */
function runQueue(worker: LeafWorker, queue: LeafQueue): PayloadAnswer {
  try {
    for (let leaf = queue.take(); leaf !== undefined; leaf = queue.take()) {
      const hashes = worker.run(leaf)
      queue.finish(leaf, hashes.input, hashes.output)
    }
    return { done: undefined, failure: undefined }
  } catch (error) {
    queue.stop()
    return { done: undefined, failure: failureOf(error) }
  }
}

function runSent(worker: LeafWorker, { leaf, bytes, last }: SentLeaf): PayloadAnswer {
  try {
    const { output: hash } = worker.run(leaf, { bytes, last })
    return { done: { leaf, hash, buffer: bytes.buffer } }
  } catch (error) {
    return { done: undefined, failure: failureOf(error) }
  }
}

/** The key objects are made; this thread's copies of the bytes are of no more use. */
function wipeKeys(work: PayloadWork): void {
  for (const key of [work.input.key, work.output?.key]) if (key) wipe(key)
}

function failureOf(error: unknown): PayloadFailure {
  if (error instanceof AgeError) return { layer: 'age', message: error.message }
  if (error instanceof SealError) {
    return { layer: 'seal', code: error.code, message: error.message, cause: sentCause(error.cause) }
  }
  throw error
}

function sentCause(cause: unknown): SentCause | undefined {
  return cause instanceof Error
    ? { message: cause.message, fields: Object.fromEntries(Object.entries(cause)) }
    : undefined
}

const { work, queue } = workerData as PayloadTask
const worker = new LeafWorker(work)
wipeKeys(work)
if (queue) parentPort?.postMessage(runQueue(worker, new LeafQueue(queue.total, queue.shared)))
else parentPort?.on('message', (sent: SentLeaf) => answer(runSent(worker, sent)))

/** The buffer moves back: a copy would leave the original to the collector, a mebibyte each time. */
function answer(done: PayloadAnswer): void {
  parentPort?.postMessage(done, done.done ? [done.done.buffer as ArrayBuffer] : [])
}
