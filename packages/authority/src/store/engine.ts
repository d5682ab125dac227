import type { Kysely, Transaction } from 'kysely'
import type { Schema } from './schema.ts'

/** What differs between databases, as facts instead of branches. */
export interface EngineFacts {
  readonly name: 'sqlite' | 'postgres'
  readonly columns: {
    readonly bytes: 'blob' | 'bytea'
    readonly number: 'integer' | 'bigint'
  }
  /** What stands behind the columns of every table. */
  readonly tableEnd: string
  /** A function that says where a text begins in another, from 1 on; 0 if nowhere. */
  readonly position: 'instr' | 'strpos'
  /** A query for one row of `version`, that of the database program, and `bytes`, how much the database takes. */
  readonly about: string
  /** Whether a row must be locked by its name: where it need not, a writing transaction is alone. */
  readonly locksRows: boolean
  /**
   * Lets a transaction see the rows of these tenants and no others; absent if the database cannot hold that itself.
   *
   * @param tenants `EVERYBODY` for what looks after all of them
   */
  readonly scope?: (transaction: Transaction<Schema>, tenants: readonly string[]) => Promise<void>
}

/** For `scope`: no tenant can be called so. */
export const EVERYBODY: readonly string[] = ['*']

/** A database that was opened. */
export interface Engine {
  readonly facts: EngineFacts
  /** Its transactions may write. */
  readonly writer: Kysely<Schema>
  /** Sees what the writer committed; may be the same. */
  readonly reader: Kysely<Schema>
  /** Lets go of everything. */
  close(): Promise<void>
}
