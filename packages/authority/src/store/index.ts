/** What an authority keeps, in SQLite or PostgreSQL. */
export { openPostgresStore } from './postgres/open-postgres-store.ts'
export type { PostgresOptions } from './postgres/open-postgres-store.ts'
export { openSqliteStore } from './sqlite/open-sqlite-store.ts'
export type { SqliteOptions } from './sqlite/open-sqlite-store.ts'
export { StoreError } from './store-error.ts'
export type { StoreErrorCode } from './store-error.ts'
export type {
  AppendedGroup,
  AppendOutcome,
  AuditedStatement,
  DatabaseFacts,
  DepositSearch,
  KeptCheckpoint,
  LoggedStatement,
  Nonce,
  RefusedStatement,
  RowCounts,
  StatementGroup,
  Store,
} from './store.ts'
