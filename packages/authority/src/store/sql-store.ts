import { sql, type Kysely, type Transaction } from 'kysely'
import type { TreeHead } from '@strongroom/core/tlog'
import type { AdmittedStatement } from '../model/admitted-statement.ts'
import { Gathering } from '../model/gathering.ts'
import type { Quotas } from '../model/quota.ts'
import {
  AUTHORITY,
  type ClientState,
  type InvitationRow,
  type Owner,
  type TenantRow,
} from '../model/statement-rows.ts'
import { appendGroup } from './append-group.ts'
import { checkedStatement } from './checked-rows.ts'
import { countRows, readAudit, readUsages } from './audit-rows.ts'
import { readOldestUnopened, searchDeposits } from './deposit-search.ts'
import { EVERYBODY, type Engine } from './engine.ts'
import { checkStanding, claimLog, readCheckpoint, readHead, readTile, writeCheckpoint } from './log-rows.ts'
import { deleteNonces, writeNonces } from './nonces.ts'
import * as people from './people.ts'
import { readEpochs, readStatement, readStatementsFrom } from './read-statements.ts'
import { isAboutRecovery } from './recovery-append.ts'
import { RecoveryStore } from './recovery-store.ts'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'
import type {
  AppendedGroup,
  DatabaseFacts,
  DepositSearch,
  KeptCheckpoint,
  Nonce,
  StatementGroup,
  Store,
} from './store.ts'

type Work<T> = (db: Kysely<Schema>) => Promise<T>

/** Nonces that are written in one transaction at most. */
const MOST_NONCES = 256

/** The store over an engine: what is the same on every database. */
export class SqlStore implements Store {
  readonly #engine: Engine
  readonly #quotas: Quotas
  readonly #nonces = new Gathering((nonces: readonly Nonce[]) => this.#writeNonces(nonces), MOST_NONCES)
  readonly #running = new Set<Promise<unknown>>()
  readonly recovery = new RecoveryStore({
    read: (tenants, work) => (tenants.length > 0 ? this.#snapshot(tenants, work) : this.#read(tenants, work)),
    write: (tenants, work) => this.#write(tenants, work),
  })
  #closing: Promise<void> | undefined

  constructor(engine: Engine, quotas: Quotas) {
    this.#engine = engine
    this.#quotas = quotas
  }

  get engine(): Store['engine'] {
    return this.#engine.facts.name
  }

  append(group: StatementGroup, floor: TreeHead) {
    const means = { facts: this.#engine.facts, quotas: this.#quotas }
    return this.#write(tenantsFor([group]), (db) => appendGroup(db, means, group, floor))
  }

  appendGroups(groups: readonly StatementGroup[], floor: TreeHead) {
    const means = { facts: this.#engine.facts, quotas: this.#quotas }
    return this.#write(tenantsFor(groups), async (db) => {
      const appended: AppendedGroup[] = []
      for (const group of groups) appended.push(await appendGroup(db, means, group, floor))
      return appended
    })
  }

  async about() {
    const { rows } = await this.#read([], (db) =>
      sql.raw<DatabaseFacts>(this.#engine.facts.about).execute(db),
    )
    const [facts] = rows
    if (facts) return facts
    throw new StoreError('STORE_CORRUPT', 'the database says nothing of itself')
  }

  head() {
    return this.#read([], (db) => readHead(db))
  }

  checkFloor(floor: TreeHead) {
    return this.#snapshot([], async (db) => {
      const head = await readHead(db)
      await checkStanding(db, head, floor)
      return head
    })
  }

  claim(origin: string) {
    return this.#write([], (db) => claimLog(db, origin))
  }

  tile(level: number | 'entries', index: number) {
    return this.#read([], (db) => readTile(db, level, index))
  }

  checkpoint() {
    return this.#read([], readCheckpoint)
  }

  keepCheckpoint(checkpoint: KeptCheckpoint) {
    return this.#write([], (db) => writeCheckpoint(db, checkpoint))
  }

  epochs() {
    return this.#read([AUTHORITY.tenant], readEpochs)
  }

  async statement(owner: Owner, digest: Uint8Array) {
    const row = await this.#read([owner.tenant], (db) => readStatement(db, owner, digest))
    return row && checkedStatement(row)
  }

  async statementsFrom(owner: Owner, from: number, limit: number) {
    const rows = await this.#read([owner.tenant], (db) => readStatementsFrom(db, owner, from, limit))
    return rows.map(checkedStatement)
  }

  deposits(owner: Owner, search: DepositSearch) {
    return this.#read([owner.tenant], (db) => searchDeposits(db, this.#engine.facts, owner, search))
  }

  oldestUnopened() {
    return this.#read(EVERYBODY, readOldestUnopened)
  }

  async client(client: string) {
    const tenant = await this.#read([], (db) => people.homeOf(db, client))
    if (tenant === undefined) return undefined
    return this.#read([tenant], (db) => people.readClient(db, { tenant, client }))
  }

  clients(tenant: string) {
    return this.#read([tenant], (db) => people.readClients(db, tenant))
  }

  setClientState(owner: Owner, state: ClientState) {
    return this.#write([owner.tenant], (db) => people.writeClientState(db, owner, state))
  }

  addTenant(tenant: TenantRow) {
    return this.#write([tenant.tenant], (db) => people.writeTenant(db, tenant))
  }

  tenants() {
    return this.#read(EVERYBODY, people.readTenants)
  }

  addInvitation(invitation: Omit<InvitationRow, 'spent'>) {
    return this.#write([invitation.tenant], (db) => people.writeInvitation(db, invitation))
  }

  async invitation(tenant: string, id: Uint8Array) {
    const [invitation] = await this.#read([tenant], (db) => people.readInvitations(db, tenant, id))
    return invitation
  }

  invitations(tenant: string) {
    return this.#read([tenant], (db) => people.readInvitations(db, tenant))
  }

  usage(owner: Owner) {
    return this.#read([owner.tenant], (db) => people.readUsage(db, owner))
  }

  async spendNonce(nonce: Nonce) {
    const [fresh] = await this.#nonces.add([nonce])
    return fresh === true
  }

  forgetNonces(before: number) {
    return this.#write(EVERYBODY, (db) => deleteNonces(db, before))
  }

  audit(from: number, limit: number) {
    return this.#snapshot(EVERYBODY, (db) => readAudit(db, from, limit))
  }

  usages() {
    return this.#read(EVERYBODY, readUsages)
  }

  counts() {
    return this.#snapshot(EVERYBODY, countRows)
  }

  close() {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running)
    await this.#engine.close()
  }

  #writeNonces(nonces: readonly Nonce[]): Promise<boolean[]> {
    return this.#write(tenantsOf(nonces), (db) => writeNonces(db, nonces))
  }

  #write<T>(tenants: readonly string[], work: Work<T>): Promise<T> {
    return this.#tracked(() =>
      this.#engine.writer.transaction().execute((db) => this.#scoped(db, tenants, work)),
    )
  }

  /** One query; on a database that keeps tenants apart by itself in a transaction, which says whose rows it may see. */
  #read<T>(tenants: readonly string[], work: Work<T>): Promise<T> {
    if (this.#engine.facts.scope && tenants.length > 0) return this.#snapshot(tenants, work)
    return this.#tracked(() => work(this.#engine.reader))
  }

  /** Several queries that see the same state. */
  #snapshot<T>(tenants: readonly string[], work: Work<T>): Promise<T> {
    const transaction = this.#engine.reader.transaction()
    const reading = transaction.setAccessMode('read only').setIsolationLevel('repeatable read')
    return this.#tracked(() => reading.execute((db) => this.#scoped(db, tenants, work)))
  }

  async #scoped<T>(db: Transaction<Schema>, tenants: readonly string[], work: Work<T>): Promise<T> {
    await this.#engine.facts.scope?.(db, tenants)
    return work(db)
  }

  async #tracked<T>(start: () => Promise<T>): Promise<T> {
    if (this.#closing) throw new StoreError('STORE_CLOSED', 'the store is closed')
    const work = start()
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
    }
  }
}

/** Whose rows an append sees: of everybody, if a custodian says something about deposits, whose owners it does not name. */
function tenantsFor(groups: readonly StatementGroup[]): readonly string[] {
  const statements = groups.flatMap((group) => group.statements)
  return statements.some(isOfCustodian) ? EVERYBODY : tenantsOf(statements.map(({ owner }) => owner))
}

const isOfCustodian = (statement: AdmittedStatement) =>
  isAboutRecovery(statement) && statement.owner.tenant === AUTHORITY.tenant

/** The tenants of owners, and the authority itself. */
function tenantsOf(owners: readonly Owner[]): string[] {
  return [...new Set([AUTHORITY.tenant, ...owners.map(({ tenant }) => tenant)])]
}
