import { parentPort, workerData } from 'node:worker_threads'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

/** What the thread is started with. */
export interface ThreadData {
  readonly path: string
  /** Statements that are run when the database is opened. */
  readonly settings: readonly string[]
}

/** One statement to run. */
export interface ThreadRequest {
  readonly id: number
  readonly sql: string
  readonly parameters: readonly SQLInputValue[]
}

/** Its answer: rows, or how many rows changed, or what SQLite said. */
export type ThreadAnswer =
  | { readonly id: number; readonly rows: readonly unknown[]; readonly changes: number }
  | { readonly id: number; readonly message: string; readonly errcode: number }

/** The id of the answer that says that the database is open; requests count from 1. */
const OPENED = 0
/** Texts of statements for which the prepared form is kept. */
const MOST_PREPARED = 256

/** Runs the statements of one connection in the order in which they come. */
function serve({ path, settings }: ThreadData): void {
  const database = new DatabaseSync(path)
  for (const setting of settings) database.exec(setting)
  const prepared = new Map<string, StatementSync>()
  parentPort?.on('message', (request: ThreadRequest | 'close') => {
    if (request === 'close') {
      database.close()
      parentPort?.close()
      return
    }
    parentPort?.postMessage(answer(database, prepared, request))
  })
  parentPort?.postMessage({ id: OPENED, rows: [], changes: 0 } satisfies ThreadAnswer)
}

function answer(
  database: DatabaseSync,
  prepared: Map<string, StatementSync>,
  { id, sql, parameters }: ThreadRequest,
): ThreadAnswer {
  try {
    const statement = prepared.get(sql) ?? database.prepare(sql)
    keep(prepared, sql, statement)
    if (statement.columns().length > 0) return { id, rows: statement.all(...parameters), changes: 0 }
    return { id, rows: [], changes: Number(statement.run(...parameters).changes) }
  } catch (error) {
    const { message, errcode } = error as { message: string; errcode?: number }
    return { id, message, errcode: errcode ?? -1 }
  }
}

/** The one that was used longest ago is forgotten. */
function keep(prepared: Map<string, StatementSync>, sql: string, statement: StatementSync): void {
  prepared.delete(sql)
  prepared.set(sql, statement)
  const [oldest] = prepared.keys()
  if (prepared.size > MOST_PREPARED && oldest !== undefined) prepared.delete(oldest)
}

serve(workerData as ThreadData)
