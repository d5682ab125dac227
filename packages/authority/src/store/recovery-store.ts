import type { Insertable } from 'kysely'
import { toHex } from '@strongroom/core/bytes'
import {
  keyNameOf,
  type AuthorityTrust,
  type CustodianErrand,
  type RecoveryCodes,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import type { KnownKeyRow } from '../model/recovery-rows.ts'
import type { DepositKeyBlob } from '../model/recovery-facts.ts'
import { AUTHORITY, type ClientRow, type StatementRow } from '../model/statement-rows.ts'
import { readBacklog, readRewrapped, readWaiting, type CustodianBacklog } from './custodian-rows.ts'
import { EVERYBODY } from './engine.ts'
import { checkedStatement } from './checked-rows.ts'
import { exactLots, filledLots } from './lots.ts'
import { RecoveryAudit } from './recovery-audit.ts'
import { NoticeStore } from './notice-store.ts'
import { clientOf } from './people.ts'
import { ProbeStore } from './probe-store.ts'
import { statementOf } from './read-statements.ts'
import { readGround, readKept, type KeptStatement, type RecoveryGround } from './recovery-ground.ts'
import { readSubject, searchSubjects, type SubjectRecord, type SubjectSearch } from './recovery-subjects.ts'
import type { Runner, Work } from './runner.ts'
import type { Schema } from './schema.ts'

/** A client with how much it has. */
export interface ClientSummaryRow extends ClientRow {
  readonly index: number
  readonly deposits: number
}

/** What a custodian asks for. */
export interface WaitingQuery {
  readonly work: CustodianErrand
  /** Of this epoch alone. */
  readonly from: number | undefined
  /** The number of the last epoch. */
  readonly to: number
  readonly after: number | undefined
  readonly limit: number
}

/**
 * What an authority keeps about recovery. Decisions are appended as all statements are; here they are read, and what travels beside them
 * is kept. Rows of a tenant are given to nobody who does not name it.
 */
export class RecoveryStore {
  readonly notices: NoticeStore
  /** For `fsck` and backups. */
  readonly audit: RecoveryAudit
  readonly probes: ProbeStore
  readonly #run: Runner

  constructor(run: Runner) {
    this.#run = run
    this.notices = new NoticeStore(run)
    this.audit = new RecoveryAudit(run)
    this.probes = new ProbeStore(run)
  }

  /** The epochs, terms and charters by which all is judged. @throws ProtocolError if the charters were changed */
  ground(trust: AuthorityTrust, tenant: string): Promise<RecoveryGround> {
    return this.#of(tenant, (db) => readGround(db, trust, tenant))
  }

  /** A request or proposed charter of a tenant as it stands at a moment. */
  subject(
    trust: AuthorityTrust,
    tenant: string,
    digest: Uint8Array,
    now: number,
  ): Promise<SubjectRecord | undefined> {
    return this.#of(tenant, async (db) => readSubject(db, await readGround(db, trust, tenant), digest, now))
  }

  /** Requests and proposed charters of a tenant, the newest first. */
  subjects(
    trust: AuthorityTrust,
    tenant: string,
    search: SubjectSearch,
    now: number,
  ): Promise<SubjectRecord[]> {
    return this.#of(tenant, async (db) =>
      searchSubjects(db, await readGround(db, trust, tenant), search, now),
    )
  }

  /** The tenant of a subject: for the custodian, who serves all of them. */
  async subjectHome(digest: Uint8Array): Promise<string | undefined> {
    const row = await this.#run.read(EVERYBODY, (db) =>
      db.selectFrom('subject').select('tenant').where('digest', '=', digest).executeTakeFirst(),
    )
    return row?.tenant
  }

  /** Rejections, cancellations and releases come last; approvals in the order of the log before them. */
  verdicts(tenant: string, subject: Uint8Array): Promise<StatementRow[]> {
    return this.#of(tenant, async (db) => {
      const digests = db
        .selectFrom('approval')
        .select('digest')
        .where('tenant', '=', tenant)
        .where('subject', '=', subject)
        .union(
          db
            .selectFrom('ending')
            .select('digest')
            .where('tenant', '=', tenant)
            .where('subject', '=', subject),
        )
      const rows = await db
        .selectFrom('statement')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('digest', 'in', digests)
        .orderBy('leaf')
        .execute()
      return rows.map(statementOf)
    })
  }

  /** A statement of a tenant, whoever of it is meant. */
  async statementOf(tenant: string, digest: Uint8Array): Promise<StatementRow | undefined> {
    const row = await this.#of(tenant, (db) =>
      db
        .selectFrom('statement')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('digest', '=', digest)
        .executeTakeFirst(),
    )
    return row && checkedStatement(statementOf(row))
  }

  /** Statements of everybody of some kinds, by their numbers, from a leaf on and below another: for bundles. */
  async statementsBetween(from: number, to: number, kinds: readonly number[]): Promise<StatementRow[]> {
    const rows = await this.#run.read(EVERYBODY, (db) =>
      db
        .selectFrom('statement')
        .selectAll()
        .where('leaf', '>=', from)
        .where('leaf', '<', to)
        .where('kind', 'in', [...kinds])
        .orderBy('leaf')
        .execute(),
    )
    return rows.map((row) => checkedStatement(statementOf(row)))
  }

  /** Deposits of a client by their ids, in the order of the ids; those that are there. */
  async depositsNamed(tenant: string, ids: readonly Uint8Array[]): Promise<StatementRow[]> {
    const found = new Map<string, StatementRow>()
    for (const lot of filledLots(ids)) {
      const rows = await this.#of(tenant, (db) =>
        db
          .selectFrom('statement')
          .selectAll()
          .where('tenant', '=', tenant)
          .where('digest', 'in', lot)
          .execute(),
      )
      for (const row of rows) found.set(toHex(row.digest), checkedStatement(statementOf(row)))
    }
    return ids.flatMap((id) => found.get(toHex(id)) ?? [])
  }

  /** Why a key is known that is called so. */
  async keysNamed(name: string): Promise<KnownKeyRow[]> {
    const rows = await this.#run.read([], (db) =>
      db.selectFrom('known_key').selectAll().where('name', '=', name).execute(),
    )
    return rows as KnownKeyRow[]
  }

  /** The signers of people of a tenant, in text form. */
  async peopleKeys(tenant: string): Promise<string[]> {
    const rows = await this.#run.read([], (db) =>
      db
        .selectFrom('known_key')
        .select('signer')
        .where('tenant', '=', tenant)
        .where('kind', '=', 'person')
        .execute(),
    )
    return rows.map(({ signer }) => signer).toSorted()
  }

  /** The newest statement that names recovery codes of a client. */
  codes(tenant: string, client: string): Promise<KeptStatement<RecoveryCodes> | undefined> {
    return this.#of(tenant, async (db) => {
      const row = await db
        .selectFrom('codes')
        .select('digest')
        .where('tenant', '=', tenant)
        .where('client', '=', client)
        .orderBy('leaf', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row && readKept(db, tenant, 'codes', row.digest)
    })
  }

  /** The statement of a vetting by the name of its code. */
  vetting(tenant: string, code: string) {
    return this.#of(tenant, async (db) => {
      const row = await db
        .selectFrom('vetting')
        .select('digest')
        .where('tenant', '=', tenant)
        .where('code', '=', code)
        .executeTakeFirst()
      return row && readKept(db, tenant, 'vetting', row.digest)
    })
  }

  /** The statement of a vetting by its code, a signer in text form. */
  vettingOf(tenant: string, code: string) {
    return this.vetting(tenant, keyNameOf(sha256, code))
  }

  /** What a release says about its results; undefined if there is none of that digest. */
  releaseResults(tenant: string, digest: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#of(tenant, async (db) => (await readKept(db, tenant, 'release', digest))?.payload.results)
  }

  /** Clients of a tenant in the order in which they were enrolled. */
  clientPage(tenant: string, after: number | undefined, limit: number): Promise<ClientSummaryRow[]> {
    return this.#of(tenant, async (db) => {
      const rows = await db
        .selectFrom('client')
        .leftJoin('usage', (it) =>
          it.onRef('usage.tenant', '=', 'client.tenant').onRef('usage.client', '=', 'client.client'),
        )
        .selectAll('client')
        .select('usage.deposits')
        .where('client.tenant', '=', tenant)
        .where('client.leaf', '>', after ?? -1)
        .orderBy('client.leaf')
        .limit(limit)
        .execute()
      return rows.map(({ deposits, ...row }) => {
        return { ...clientOf(row), index: row.leaf, deposits: deposits ?? 0 }
      })
    })
  }

  /** Keeps a policy document. */
  async addTerms(bytes: Uint8Array): Promise<void> {
    const row = { digest: sha256(bytes), bytes }
    await this.#run.write([], (db) =>
      db
        .insertInto('terms')
        .values(row)
        .onConflict((it) => it.doNothing())
        .execute(),
    )
  }

  /** All policy documents that were given: for a backup. */
  async allTerms(): Promise<Uint8Array[]> {
    const rows = await this.#run.read([], (db) => db.selectFrom('terms').select('bytes').execute())
    return rows.map(({ bytes }) => bytes)
  }

  /** Keeps the receipt of a subject, if there is none: the first one has the time that the waiting begins with. */
  keepReceipt(tenant: string, subject: Uint8Array, receipt: Uint8Array): Promise<void> {
    return this.#insertNew(tenant, 'subject_receipt', [{ tenant, subject, receipt }])
  }

  /** The receipt that was kept. */
  async receipt(tenant: string, subject: Uint8Array): Promise<Uint8Array | undefined> {
    const row = await this.#of(tenant, (db) =>
      db
        .selectFrom('subject_receipt')
        .select('receipt')
        .where('tenant', '=', tenant)
        .where('subject', '=', subject)
        .executeTakeFirst(),
    )
    return row?.receipt
  }

  /** Keeps the key blobs of a release; the same again changes nothing. */
  keepReleaseBlobs(tenant: string, subject: Uint8Array, blobs: readonly DepositKeyBlob[]): Promise<void> {
    const rows = blobs.map(({ id, blob }) => ({ tenant, subject, deposit: id, blob }))
    return this.#insertNew(tenant, 'release_blob', rows)
  }

  /** In ascending order of the deposit ids; none if the custodian has not handed them out. */
  async releaseBlobs(tenant: string, subject: Uint8Array): Promise<Uint8Array[]> {
    const rows = await this.#of(tenant, (db) =>
      db
        .selectFrom('release_blob')
        .select('blob')
        .where('tenant', '=', tenant)
        .where('subject', '=', subject)
        .orderBy('deposit')
        .execute(),
    )
    return rows.map(({ blob }) => blob)
  }

  /** What waits for the custodian, of all tenants. */
  backlog(lastEpoch: number): Promise<CustodianBacklog> {
    return this.#run.read(EVERYBODY, (db) => readBacklog(db, lastEpoch))
  }

  /** Deposits that wait for the custodian, of all tenants, in the order of the log. */
  async waiting(query: WaitingQuery): Promise<StatementRow[]> {
    const rows = await this.#run.read(EVERYBODY, (db) => readWaiting(db, query))
    return rows.map(statementOf)
  }

  /** The key blobs of the newest rewraps of deposits, by their ids in hexadecimal; none of those that were not wrapped again. */
  rewrapped(tenant: string, deposits: readonly Uint8Array[]): Promise<Map<string, Uint8Array>> {
    return this.#of(tenant, (db) => readRewrapped(db, tenant, deposits))
  }

  /**
   * Counts the use of a code that is not known, durably, before anything is answered.
   *
   * @param client whom it was tried for; empty if there is no such client
   * @returns how many there were so far
   */
  noteAttempt(tenant: string, client: string, now: number): Promise<number> {
    return this.#run.write([tenant], async (db) => {
      await db
        .insertInto('attempt')
        .values({ tenant, client, since: now, count: 1 })
        .onConflict((it) =>
          it.columns(['tenant', 'client']).doUpdateSet((row) => ({ count: row('attempt.count', '+', 1) })),
        )
        .execute()
      const row = await db
        .selectFrom('attempt')
        .select('count')
        .where('tenant', '=', tenant)
        .where('client', '=', client)
        .executeTakeFirst()
      return row?.count ?? 0
    })
  }

  /** Attempts of a tenant, by client. */
  attempts(tenant: string) {
    return this.#of(tenant, (db) =>
      db.selectFrom('attempt').selectAll().where('tenant', '=', tenant).execute(),
    )
  }

  #of<T>(tenant: string, work: Work<T>): Promise<T> {
    return this.#run.read([AUTHORITY.tenant, tenant], work)
  }

  async #insertNew<T extends 'subject_receipt' | 'release_blob'>(
    tenant: string,
    table: T,
    rows: readonly Insertable<Schema[T]>[],
  ): Promise<void> {
    await this.#run.write([tenant], async (db) => {
      for (const lot of exactLots(rows)) {
        await db
          .insertInto(table)
          .values(lot)
          .onConflict((it) => it.doNothing())
          .execute()
      }
    })
  }
}
