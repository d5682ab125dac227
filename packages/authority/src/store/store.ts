import type { AuthorityTrust } from '@strongroom/core/protocol'
import type { TreeHead } from '@strongroom/core/tlog'
import type { RecoveryStore } from './recovery-store.ts'
import type { AdmittedStatement } from '../model/admitted-statement.ts'
import type { Refusal } from '../model/group-judgement.ts'
import type {
  ClientRow,
  ClientState,
  DepositRow,
  InvitationRow,
  Owner,
  StatementRow,
  TenantRow,
  Usage,
} from '../model/statement-rows.ts'

/**
 * What an authority keeps: one database, SQLite or PostgreSQL, used by one node or by many.
 *
 * What holds for every implementation:
 *
 * - A write is durable when its promise is fulfilled, and all of it is done or nothing.
 * - A read sees every write that was fulfilled before it was asked, by any node.
 * - Statements are never changed and never deleted; every other row about them follows from their bytes.
 * - A statement that is given to its owner, or a deposit that is found, was compared with the bytes: a row that says something else is
 *   STORE_CORRUPT and given to nobody.
 * - Rows of a tenant are given to nobody who does not name that tenant. Absent and foreign are the same: undefined.
 * - Bytes that are given out belong to the caller; bytes that are taken in are not changed.
 *
 * Everything throws StoreError; each method names the codes that are its own.
 */
export interface Store {
  readonly engine: 'sqlite' | 'postgres'

  /** What is kept about recovery. */
  readonly recovery: RecoveryStore

  /**
   * Gives statements their leaves in the log: the only way to write one.
   *
   * One transaction, one at a time over all nodes. A digest that is there already is answered with the leaf that it has,
   * whether it came in an earlier group or earlier in this one. A statement may be refused by itself; the others stand.
   *
   * @param floor the greatest tree that this node has signed: the log must still begin with it
   * @throws StoreError STORE_BEHIND if it does not; STORE_UNCERTAIN if it is not known whether the group was committed: to
   *   append it again is the way to find out; STORE_UNAVAILABLE, STORE_FULL; STORE_CORRUPT if the tiles are not those of the
   *   root
   */
  append(group: StatementGroup, floor: TreeHead): Promise<AppendedGroup>

  /** How many leaves were committed, and the root over them. */
  head(): Promise<TreeHead>

  /** Compares the log with what a node has signed. Changes nothing. @throws StoreError STORE_BEHIND */
  checkFloor(floor: TreeHead): Promise<TreeHead>

  /** Says that the database is that of a log, if it is of none. @throws StoreError STORE_ORIGIN if it is of another */
  claim(origin: string): Promise<void>

  /**
   * A tile of hashes, or a bundle of entries: as wide as it is by now, whatever its width was before. Undefined if there
   * is none.
   */
  tile(level: number | 'entries', index: number): Promise<Uint8Array | undefined>

  /** The greatest checkpoint that was kept; of equal ones the last. */
  checkpoint(): Promise<KeptCheckpoint | undefined>

  /** Keeps a checkpoint unless the one that is there is greater. */
  keepCheckpoint(checkpoint: KeptCheckpoint): Promise<void>

  /** All epoch records in the order of their numbers. */
  epochs(): Promise<StatementRow[]>

  /** A statement of an owner; undefined too if it is somebody else's. */
  statement(owner: Owner, digest: Uint8Array): Promise<StatementRow | undefined>

  /** Statements of an owner whose index is `from` or above, in the order of the log. */
  statementsFrom(owner: Owner, from: number, limit: number): Promise<StatementRow[]>

  /** Deposits of an owner, the newest leaf first. */
  deposits(owner: Owner, search: DepositSearch): Promise<DepositRow[]>

  /** When the first deposit came that no custodian has opened, of all tenants; undefined if there is none. */
  oldestUnopened(): Promise<number | undefined>

  /** A client, of whatever tenant it is: its id names one client only. */
  client(client: string): Promise<ClientRow | undefined>

  /** The clients of a tenant in the order in which they were enrolled. */
  clients(tenant: string): Promise<ClientRow[]>

  /** Lets a client write, or not. False if there is no such client. */
  setClientState(owner: Owner, state: ClientState): Promise<boolean>

  /** Adds a tenant. False if there is one of that name. */
  addTenant(tenant: TenantRow): Promise<boolean>

  tenants(): Promise<TenantRow[]>

  /** Adds an open invitation. False if there is no such tenant, or one with that id already. */
  addInvitation(invitation: Omit<InvitationRow, 'spent'>): Promise<boolean>

  invitation(tenant: string, id: Uint8Array): Promise<InvitationRow | undefined>

  /** The invitations of a tenant in the order in which they were made. */
  invitations(tenant: string): Promise<InvitationRow[]>

  /** What was stored for a client, or for all clients of a tenant together if `client` is empty. */
  usage(owner: Owner): Promise<Usage>

  /** Uses up a nonce. False if it was used before: of calls at the same time, on whatever nodes, one gets true. */
  spendNonce(nonce: Nonce): Promise<boolean>

  /** Forgets nonces that expired before a time. Returns how many. */
  forgetNonces(before: number): Promise<number>

  /**
   * Statements of all tenants with an index of `from` or above, in the order of the log, and the rows that stand for them:
   * for `fsck`, which trusts none of them.
   */
  audit(from: number, limit: number): Promise<AuditedStatement[]>

  /** What was stored for every client, and for every tenant under the empty client: for `fsck`. */
  usages(): Promise<(Owner & Usage)[]>

  /** How many rows of each kind there are: for `fsck`. */
  counts(): Promise<RowCounts>

  /**
   * Appends groups, each with its own time, in one transaction: for statements that were logged before, somewhere else. As `append`
   * in all else.
   */
  appendGroups(groups: readonly StatementGroup[], floor: TreeHead): Promise<AppendedGroup[]>

  /** The database program, and how much the database takes on its disk. */
  about(): Promise<DatabaseFacts>

  /** Waits for what was begun, then lets go of everything. What is called later throws STORE_CLOSED. */
  close(): Promise<void>
}

/** Statements that are appended together. */
export interface StatementGroup {
  readonly statements: readonly AdmittedStatement[]
  /** The authority's clock: milliseconds since 1970. */
  readonly received: number
  /** By what charters are verified: needed for statements about recovery. */
  readonly trust?: AuthorityTrust
}

/** What is said of a database. */
export interface DatabaseFacts {
  /** As the program calls it. */
  readonly version: string
  readonly bytes: number
}

/** What became of a group. */
export interface AppendedGroup {
  /** The tree that was committed; all leaves that are named are in it. */
  readonly head: TreeHead
  /** One for each statement, in their order. */
  readonly outcomes: readonly AppendOutcome[]
}

export type AppendOutcome = LoggedStatement | RefusedStatement

/** A statement that has its leaf. */
export interface LoggedStatement {
  readonly state: 'logged'
  readonly index: number
  readonly received: number
  /** That it is in the tree of the group's head; absent if it was logged before the group. */
  readonly proof?: readonly Uint8Array[]
}

/** A statement that was not taken; the reasons are codes of the protocol's problems. */
export interface RefusedStatement {
  readonly state: 'refused'
  readonly reason: Refusal
}

/** A signed checkpoint. */
export interface KeptCheckpoint {
  readonly size: number
  /** The signed note. */
  readonly note: Uint8Array
}

/** What is searched for: everything that is given must hold. Times in milliseconds since 1970. */
export interface DepositSearch {
  readonly serial?: Uint8Array
  /** A part of the description; capital letters and compatible forms do not matter. */
  readonly description?: string
  /** The digest of the object's name. */
  readonly object?: Uint8Array
  /** When the client made it: from the first to before the second. */
  readonly from?: number
  readonly to?: number
  readonly level?: number
  readonly superseded?: boolean
  /** Only leaves below this index: the last one of the page before. */
  readonly before?: number
  /** At most so many. */
  readonly limit: number
}

/** A value that is used once. */
export interface Nonce extends Owner {
  readonly nonce: Uint8Array
  /** From when on it is refused for another reason: milliseconds since 1970. */
  readonly expires: number
}

/** A statement with the rows that an implementation keeps about it. */
export interface AuditedStatement {
  readonly statement: StatementRow
  /** The row of the deposit of this owner and leaf, with the text by which it is searched. */
  readonly deposit?: Omit<DepositRow, 'superseded' | 'wrong'> & { readonly folded?: string }
  /** The number of the epoch with this digest. */
  readonly epoch?: number
  /** The id of the client whose row names this leaf as that of its enrolment. */
  readonly client?: string
}

/** Rows that must be as many as the statements that they stand for. */
export interface RowCounts {
  readonly statements: number
  readonly deposits: number
  readonly clients: number
  /** Of the directory that finds the tenant of a client. */
  readonly homes: number
  readonly epochs: number
}
