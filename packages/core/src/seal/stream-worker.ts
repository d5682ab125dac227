import type { Worker } from 'node:worker_threads'
import type { PayloadWork } from './leaf-work.ts'
import type { DoneLeaf, SentLeaf } from './payload-worker.ts'
import { revived, startWorkerThread } from './worker-thread.ts'

// One leaf in work and one that waits: the worker is never without, and memory stays small.
const MOST_SENT = 2

/** A worker thread that encrypts leaves that are sent to it. */
export class StreamWorker {
  readonly #worker: Worker
  readonly #idle = Promise.withResolvers<void>()
  #sent = 0
  #finishing = false
  #failure: { readonly error: unknown } | undefined

  constructor(work: PayloadWork, onDone: (done: DoneLeaf) => void) {
    this.#worker = startWorkerThread(
      { work },
      (answer) => {
        if (answer.done) {
          onDone(answer.done)
          this.#sent--
        } else if (answer.failure) this.#fail(revived(answer.failure))
        this.#settle()
      },
      (error) => {
        this.#fail(error)
        this.#settle()
      },
    )
    // Looked at in `idle`; until then it is not unhandled.
    this.#idle.promise.catch(() => undefined)
  }

  /** Whether it takes a leaf now; one that broke down takes it to say so. */
  get isFree(): boolean {
    return this.#failure !== undefined || this.#sent < MOST_SENT
  }

  /** Gives a leaf to the worker; its bytes are no longer the caller's. @throws what broke the worker */
  send(leaf: SentLeaf): void {
    if (this.#failure) throw this.#failure.error
    this.#sent++
    this.#worker.postMessage(leaf, [leaf.bytes.buffer as ArrayBuffer])
  }

  /** Waits until every leaf is done. @throws what broke the worker */
  idle(): Promise<void> {
    this.#finishing = true
    this.#settle()
    return this.#idle.promise
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
  }

  #settle(): void {
    if (this.#failure) this.#idle.reject(this.#failure.error)
    else if (this.#finishing && this.#sent === 0) this.#idle.resolve()
  }
}
