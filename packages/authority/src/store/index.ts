/** What an authority keeps, in SQLite or PostgreSQL. */
export { openPostgresStore } from './postgres/open-postgres-store.ts'
export type { PostgresOptions } from './postgres/open-postgres-store.ts'
export { openSqliteStore } from './sqlite/open-sqlite-store.ts'
export type { SqliteOptions } from './sqlite/open-sqlite-store.ts'
export type { ContactRow, NoticeChannel, NoticeRow } from './notice-rows.ts'
export type { KeptStatement, RecoveryGround } from './recovery-ground.ts'
export { custodianOf, payloadOf } from './recovery-ground.ts'
export { DERIVED_TABLES } from './recovery-audit.ts'
export type { DerivedTable, RecoveryAudit, SubjectBytes } from './recovery-audit.ts'
export { PROBE_MS } from './probe-rules.ts'
export { probedIds } from './probe-rows.ts'
export type { FoundProbe } from './probe-store.ts'
export { boundClient } from './recovery-append.ts'
export type { ClientSummaryRow, RecoveryStore, WaitingQuery } from './recovery-store.ts'
export { depositIds } from './recovery-subjects.ts'
export type { SubjectRecord, SubjectSearch } from './recovery-subjects.ts'
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
