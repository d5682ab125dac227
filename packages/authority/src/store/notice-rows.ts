import type { Kysely, Selectable } from 'kysely'
import type { RecoveryFacts } from '../model/recovery-facts.ts'
import { ENDS, type RecoveryPlace } from '../model/recovery-rows.ts'
import { exactLots } from './lots.ts'
import type { Schema } from './schema.ts'

/** How somebody is told. */
export type NoticeChannel = 'mail' | 'webhook'

/** Where somebody is told. */
export interface ContactRow {
  readonly tenant: string
  /** Empty for the people of the tenant, who are told of everything. */
  readonly client: string
  readonly channel: NoticeChannel
  /** A mail address, or the name of a webhook in the configuration. */
  readonly address: string
}

/** Something to tell, claimed by one node for a while. */
export type NoticeRow = Omit<Selectable<Schema['notice']>, 'channel'> & { readonly channel: NoticeChannel }

/** What a notice is about. */
interface Happening {
  /** `approved-bo`, else one word. */
  readonly event: string
  /** The digest of the subject; of the statement itself where it is left out. */
  readonly subject?: Uint8Array
}

function eventOf({ kind, payload }: RecoveryFacts): Happening | undefined {
  if (kind === 'request') return { event: 'requested' }
  if (kind === 'charter') return payload.number === 1 ? undefined : { event: 'requested' }
  if (kind === 'approval') return { event: `approved-${payload.person}`, subject: payload.subject }
  if (kind === 'rejection' || kind === 'cancellation' || kind === 'release') {
    return { event: ENDS[kind], subject: payload.subject }
  }
  return undefined
}

/** Writes what has to be told, in the transaction of what happened: nobody can crash between the two. */
export async function writeNotices(
  db: Kysely<Schema>,
  facts: RecoveryFacts,
  { tenant, digest, index: leaf, received }: RecoveryPlace,
): Promise<void> {
  const about = eventOf(facts)
  if (!about) return
  const subject = about.subject ?? digest
  const row = await db
    .selectFrom('subject')
    .select('client')
    .where('tenant', '=', tenant)
    .where('digest', '=', subject)
    .executeTakeFirst()
  const contacts = await db
    .selectFrom('contact')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('client', 'in', ['', row?.client ?? ''])
    .execute()
  // Somebody who is told as the owner is told once, and with the link.
  const owners = new Set(contacts.filter(({ client }) => client !== '').map(keyOfContact))
  const told = contacts.filter((contact) => contact.client !== '' || !owners.has(keyOfContact(contact)))
  const rows = told.map(({ client, channel, address }) => ({
    tenant,
    subject,
    event: about.event,
    channel,
    address,
    client,
    leaf,
    created: received,
    due: received,
    attempts: 0,
    waiting: 1,
    delivered: 0,
  }))
  for (const lot of exactLots(rows)) await db.insertInto('notice').values(lot).execute()
}

const keyOfContact = ({ channel, address }: { readonly channel: string; readonly address: string }) =>
  `${channel} ${address}`

/** Everything that waits for longer than until now, claimed until `until`: of nodes that ask at once, one gets it. */
export async function claimNotices(
  db: Kysely<Schema>,
  { now, until, limit }: { readonly now: number; readonly until: number; readonly limit: number },
): Promise<NoticeRow[]> {
  const rows = await db
    .selectFrom('notice')
    .selectAll()
    .where('waiting', '=', 1)
    .where('due', '<=', now)
    .orderBy('due')
    .limit(limit)
    .execute()
  const claimed: NoticeRow[] = []
  for (const row of rows) {
    const { numUpdatedRows } = await same(db, row)
      .set({ due: until, attempts: row.attempts + 1 })
      // Whoever comes second finds another due time, and leaves it.
      .where('due', '=', row.due)
      .where('waiting', '=', 1)
      .executeTakeFirst()
    if (numUpdatedRows === 1n) {
      claimed.push({ ...row, channel: row.channel as NoticeChannel, due: until, attempts: row.attempts + 1 })
    }
  }
  return claimed
}

/** Says what became of it: told, given up, or to be tried again at a time. Nothing if another node has it by now. */
export async function settleNotice(
  db: Kysely<Schema>,
  row: NoticeRow,
  outcome: 'delivered' | 'given-up' | { readonly due: number },
): Promise<void> {
  const next =
    typeof outcome === 'object'
      ? { due: outcome.due }
      : { waiting: 0, delivered: outcome === 'delivered' ? 1 : 0 }
  await same(db, row).set(next).where('due', '=', row.due).execute()
}

function same(
  db: Kysely<Schema>,
  { tenant, subject, event, channel, address }: Selectable<Schema['notice']>,
) {
  return db
    .updateTable('notice')
    .where('tenant', '=', tenant)
    .where('subject', '=', subject)
    .where('event', '=', event)
    .where('channel', '=', channel)
    .where('address', '=', address)
}
