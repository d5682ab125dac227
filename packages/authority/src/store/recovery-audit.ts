import { sql, type Kysely } from 'kysely'
import type { Beside } from '../model/recovery-facts.ts'
import type { StatementRow } from '../model/statement-rows.ts'
import { EVERYBODY } from './engine.ts'
import { answersBy, probedIds, probeOf } from './probe-rows.ts'
import type { RecoverySchema } from './recovery-schema.ts'
import { depositIds } from './recovery-subjects.ts'
import type { Runner, Work } from './runner.ts'
import type { Schema } from './schema.ts'

/** Tables whose rows are as many as follow from the statements. */
export const DERIVED_TABLES = [
  'charter',
  'subject',
  'spent_key',
  'approval',
  'ending',
  'codes',
  'vetting',
  'opened',
  'rewrapped',
  'completed',
  'probe',
  'probe_answer',
] as const satisfies readonly (keyof RecoverySchema)[]

export type DerivedTable = (typeof DERIVED_TABLES)[number]

/** Bytes that are kept for a subject of a tenant. */
export interface SubjectBytes {
  readonly tenant: string
  readonly subject: Uint8Array
  /** Of a key blob. */
  readonly deposit?: Uint8Array
  readonly bytes: Uint8Array
}

const PAGE = 64

/** What `fsck` and backups read about recovery, of all tenants. Of what is read here, nothing is given to anybody else. */
export class RecoveryAudit {
  readonly #run: Runner

  constructor(run: Runner) {
    this.#run = run
  }

  /** What came with a statement. */
  beside({ kind, tenant, digest, index }: StatementRow): Promise<Beside> {
    const read = READERS[kind]
    return this.#read(async (db) => (read ? read(db, tenant, digest, index) : {}))
  }

  /** Whether there is a row with exactly these values. */
  has(table: keyof Schema, row: Readonly<Record<string, unknown>>): Promise<boolean> {
    return this.#read(async (db) => {
      let query = db.selectFrom(table as 'approval').select(sql<number>`1`.as('one'))
      for (const [column, value] of Object.entries(row)) {
        query =
          value === null
            ? query.where(column as 'leaf', 'is', null)
            : query.where(column as 'leaf', '=', value as number)
      }
      return (await query.limit(1).executeTakeFirst()) !== undefined
    })
  }

  /** How many rows there are. */
  counts(): Promise<Record<DerivedTable, number>> {
    return this.#read(async (db) => {
      const counts = {} as Record<DerivedTable, number>
      for (const table of DERIVED_TABLES) {
        const query = db.selectFrom(table).select(sql<number>`count(*)`.as('count'))
        counts[table] = (await query.executeTakeFirst())?.count ?? 0
      }
      return counts
    })
  }

  /** Receipts of subjects, then key blobs of releases. */
  async *subjectBytes(): AsyncGenerator<SubjectBytes> {
    const receipts = await this.#read((db) => db.selectFrom('subject_receipt').selectAll().execute())
    for (const { receipt, ...of } of receipts) yield { ...of, bytes: receipt }
    for (let offset = 0; ; offset += PAGE) {
      const blobs = await this.#read((db) =>
        db
          .selectFrom('release_blob')
          .selectAll()
          .orderBy('tenant')
          .orderBy('subject')
          .orderBy('deposit')
          .limit(PAGE)
          .offset(offset)
          .execute(),
      )
      for (const { blob, ...of } of blobs) yield { ...of, bytes: blob }
      if (blobs.length < PAGE) return
    }
  }

  #read<T>(work: Work<T>): Promise<T> {
    return this.#run.read(EVERYBODY, work)
  }
}

type Reader = (db: Kysely<Schema>, tenant: string, digest: Uint8Array, leaf: number) => Promise<Beside>

/** Where stands what came with a statement, by its kind. */
const READERS: { readonly [K in StatementRow['kind']]?: Reader } = {
  charter: async (db, tenant, digest) => {
    const rows = await db
      .selectFrom('known_key')
      .select('signer')
      .where('tenant', '=', tenant)
      .where('kind', '=', 'person')
      .execute()
    const notice = await noticeOf(db, tenant, digest)
    return { keys: rows.map(({ signer }) => signer).toSorted(), ...notice }
  },
  request: async (db, tenant, digest) => {
    const row = await db
      .selectFrom('subject')
      .select('deposits')
      .where('tenant', '=', tenant)
      .where('digest', '=', digest)
      .executeTakeFirst()
    return { deposits: row ? depositIds(row) : [], ...(await noticeOf(db, tenant, digest)) }
  },
  verification: async (db, _, __, leaf) => {
    const rows = await db.selectFrom('opened').selectAll().where('leaf', '=', leaf).execute()
    return { results: rows.map(({ deposit, correct }) => ({ id: deposit, right: correct === 1 })) }
  },
  rewrap: async (db, _, __, leaf) => {
    const rows = await db.selectFrom('rewrapped').selectAll().where('leaf', '=', leaf).execute()
    return { blobs: rows.map(({ deposit, blob }) => ({ id: deposit, blob })) }
  },
  probe: async (db, tenant, digest) => {
    const probe = await probeOf(db, tenant, digest)
    return { deposits: probe ? probedIds(probe) : [] }
  },
  'probe-answer': async (db, tenant, digest) => ({ answers: await answersBy(db, tenant, digest) }),
}

async function noticeOf(db: Kysely<Schema>, tenant: string, digest: Uint8Array): Promise<Beside> {
  const row = await db
    .selectFrom('subject')
    .select('notice')
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && row.notice !== null ? { notice: row.notice } : {}
}
