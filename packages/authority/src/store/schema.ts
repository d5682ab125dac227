import type { ColumnType, Generated } from 'kysely'
import type { RecoverySchema } from './recovery-schema.ts'

/**
 * The tables as queries see them; docs/spec/authority-store.md says what stands in them. Bytes are Uint8Array, numbers whole and
 * below 2^53, times milliseconds since 1970.
 *
 * The tenant comes first in every key that begins with somebody's name, so that a database can be cut into shards there.
 */
export interface Schema extends RecoverySchema {
  tenant: TenantTable
  invitation: InvitationTable
  client: ClientTable
  client_home: ClientHomeTable
  statement: StatementTable
  deposit: DepositTable
  epoch: EpochTable
  usage: UsageTable
  nonce: NonceTable
  log_state: LogStateTable
  log_tile: LogTileTable
  checkpoint: CheckpointTable
}

/** The tables of the first migration. */
export type FirstTables = Exclude<keyof Schema, keyof RecoverySchema>

interface TenantTable {
  tenant: string
  created: number
}

interface InvitationTable {
  tenant: string
  id: Uint8Array
  name: string
  created: number
  expires: number
  spent: ColumnType<Uint8Array | null, undefined, Uint8Array>
}

interface ClientTable {
  tenant: string
  client: string
  signer: string
  exchange: string
  name: string
  invitation: Uint8Array
  enrolment: Uint8Array
  leaf: number
  received: number
  state: string
}

/** Where a client is found whose tenant is not known yet: its id says nothing about it. */
interface ClientHomeTable {
  client: string
  tenant: string
}

interface StatementTable {
  tenant: string
  client: string
  digest: Uint8Array
  /** A value of `ENTRY_KINDS`. */
  kind: number
  leaf: number
  received: number
  bytes: Uint8Array
}

interface DepositTable {
  tenant: string
  client: string
  leaf: number
  digest: Uint8Array
  serial: Uint8Array
  commitment: Uint8Array
  epoch: number
  /** A value of `DEPOSIT_FORMATS`. */
  format: number
  retention: string
  created: number
  received: number
  size: number
  level: Generated<number>
  seal_id: Uint8Array | null
  object_name: Uint8Array | null
  object_size: number | null
  /** UTF-8. A text column of PostgreSQL takes no U+0000, which a client may send. */
  description: Uint8Array | null
  /** What `foldText` makes of the description. */
  folded: string | null
  previous: Uint8Array | null
}

interface EpochTable {
  number: number
  digest: Uint8Array
}

/** `client` is empty for all of a tenant together. */
interface UsageTable {
  tenant: string
  client: string
  deposits: number
  bytes: number
}

interface NonceTable {
  tenant: string
  client: string
  nonce: Uint8Array
  expires: number
}

/** One row. Whoever holds its lock gives out leaves. */
interface LogStateTable {
  id: number
  origin: string | null
  size: number
  root: Uint8Array
}

interface LogTileTable {
  /** -1 for a bundle of entries. */
  level: number
  position: number
  bytes: Uint8Array
}

/** One row. */
interface CheckpointTable {
  id: number
  size: number
  note: Uint8Array
}

/** The key of the one row of `log_state` and of `checkpoint`. */
export const ONLY_ROW = 1
/** The `level` of bundles in `log_tile`. */
export const BUNDLE_LEVEL = -1
