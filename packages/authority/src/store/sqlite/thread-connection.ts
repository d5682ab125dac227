import { Worker } from 'node:worker_threads'
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { copyOf } from '@strongroom/core/bytes'
import type { ThreadAnswer, ThreadData, ThreadRequest } from './database-thread.ts'
import { isDiskFailure, SqliteFailure } from './sqlite-failure.ts'

type Parameter = ThreadRequest['parameters'][number]

interface Waiting {
  readonly resolve: (answer: ThreadAnswer) => void
  readonly reject: (error: Error) => void
}

/** The id of the answer that says that the database is open. */
const OPENED = 0

/** A connection to a SQLite database that stands in a thread of its own, since node:sqlite blocks the one it is in. */
export class ThreadConnection implements DatabaseConnection {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #ended: Promise<void>
  #failure: Error | undefined
  #last = OPENED

  private constructor(data: ThreadData) {
    this.#worker = new Worker(threadUrl(), { workerData: data })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ended = promise
    this.#worker.on('message', (answer: ThreadAnswer) => this.#answered(answer))
    this.#worker.on('error', (error) => this.#fail(asFailure(error)))
    this.#worker.on('exit', () => {
      this.#fail(new SqliteFailure('the thread of the database ended'))
      resolve()
    })
  }

  /** Opens the database. @throws SqliteFailure */
  static async open(data: ThreadData): Promise<ThreadConnection> {
    const connection = new ThreadConnection(data)
    await connection.#answerOf(OPENED)
    return connection
  }

  /** @throws SqliteFailure */
  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const answer = await this.#ask(sql, parameters as ThreadRequest['parameters'])
    if ('message' in answer) throw this.#refused(new SqliteFailure(answer.message, answer.errcode))
    return { rows: answer.rows as R[], numAffectedRows: BigInt(answer.changes) }
  }

  streamQuery(): never {
    throw new TypeError('queries are not streamed here')
  }

  /** Lets go of the database when what was asked is answered. */
  async close(): Promise<void> {
    this.#worker.postMessage('close')
    await this.#ended
  }

  #ask(sql: string, parameters: ThreadRequest['parameters']): Promise<ThreadAnswer> {
    const id = ++this.#last
    const answer = this.#answerOf(id)
    const request: ThreadRequest = { id, sql, parameters: parameters.map(alone) }
    if (!this.#failure) this.#worker.postMessage(request)
    return answer
  }

  #answerOf(id: number): Promise<ThreadAnswer> {
    if (this.#failure) return Promise.reject(this.#failure)
    const { promise, resolve, reject } = Promise.withResolvers<ThreadAnswer>()
    this.#waiting.set(id, { resolve, reject })
    return promise
  }

  /** After the disk failed nothing more is asked: SQLite would go on as if all before had been written. */
  #refused(failure: SqliteFailure): SqliteFailure {
    if (isDiskFailure(failure)) this.#fail(failure)
    return failure
  }

  #answered(answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    waiting?.resolve(answer)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#failure)
    this.#waiting.clear()
  }
}

/** A view takes all of its buffer along to the other thread: a deposit, the whole request that it came in, with each of its lots. */
function alone(value: Parameter): Parameter {
  return value instanceof Uint8Array && value.length < value.buffer.byteLength ? copyOf(value) : value
}

/** An error that the thread ended with, as it comes over. */
function asFailure(error: unknown): SqliteFailure {
  const { message, errcode } = error as { message?: string; errcode?: number }
  return new SqliteFailure(message ?? String(error), errcode)
}

/** The thread's module: source beside source, JavaScript beside JavaScript. */
function threadUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./database-thread.${extension}`, import.meta.url)
}
