import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** What is done with a database. */
export type Work<T> = (db: Kysely<Schema>) => Promise<T>

/** How work is run on a database: as the store itself does, seeing the rows of these tenants. */
export interface Runner {
  readonly read: <T>(tenants: readonly string[], work: Work<T>) => Promise<T>
  readonly write: <T>(tenants: readonly string[], work: Work<T>) => Promise<T>
}
