import { EVERYBODY } from './engine.ts'
import { claimNotices, settleNotice, type ContactRow, type NoticeRow } from './notice-rows.ts'
import type { Runner } from './runner.ts'

/** Whom an authority tells, and what it has not told yet. */
export class NoticeStore {
  readonly #run: Runner

  constructor(run: Runner) {
    this.#run = run
  }

  /** Adds where somebody is told. */
  addContact(contact: ContactRow): Promise<void> {
    return this.#run.write([contact.tenant], async (db) => {
      await db
        .insertInto('contact')
        .values(contact)
        .onConflict((it) => it.doNothing())
        .execute()
    })
  }

  /** False if there was no such contact. */
  async removeContact({ tenant, client, channel, address }: ContactRow): Promise<boolean> {
    const { numDeletedRows } = await this.#run.write([tenant], (db) =>
      db
        .deleteFrom('contact')
        .where('tenant', '=', tenant)
        .where('client', '=', client)
        .where('channel', '=', channel)
        .where('address', '=', address)
        .executeTakeFirst(),
    )
    return numDeletedRows > 0n
  }

  /** Where the people of a tenant and its clients are told. */
  async contacts(tenant: string): Promise<ContactRow[]> {
    const rows = await this.#run.read([tenant], (db) =>
      db.selectFrom('contact').selectAll().where('tenant', '=', tenant).execute(),
    )
    return rows as ContactRow[]
  }

  /** Notices that are due, claimed until a time: of nodes that ask at once, each gets others. */
  claim(claim: { readonly now: number; readonly until: number; readonly limit: number }) {
    return this.#run.write(EVERYBODY, (db) => claimNotices(db, claim))
  }

  /** Says what became of a claimed notice. */
  settle(row: NoticeRow, outcome: 'delivered' | 'given-up' | { readonly due: number }): Promise<void> {
    return this.#run.write([row.tenant], (db) => settleNotice(db, row, outcome))
  }
}
