import type { Kysely } from 'kysely'
import { keyOf } from '../model/group-judgement.ts'
import { exactLots } from './lots.ts'
import type { Schema } from './schema.ts'
import type { Nonce } from './store.ts'

/** Uses up nonces. For each of them, false if it was used before; the first of equal ones counts. */
export async function writeNonces(db: Kysely<Schema>, nonces: readonly Nonce[]): Promise<boolean[]> {
  const inserted = new Set<string>()
  for (const lot of exactLots(nonces)) {
    const rows = await db
      .insertInto('nonce')
      .values(lot)
      .onConflict((it) => it.doNothing())
      .returning(['tenant', 'client', 'nonce'])
      .execute()
    for (const row of rows) inserted.add(nameOf(row))
  }
  return nonces.map((nonce) => inserted.delete(nameOf(nonce)))
}

function nameOf({ tenant, client, nonce }: Omit<Nonce, 'expires'>): string {
  return `${keyOf(tenant, client)}/${keyOf('', nonce)}`
}

/** Forgets nonces that expired before a time. */
export async function deleteNonces(db: Kysely<Schema>, before: number): Promise<number> {
  const { numDeletedRows } = await db.deleteFrom('nonce').where('expires', '<', before).executeTakeFirst()
  return Number(numDeletedRows)
}
