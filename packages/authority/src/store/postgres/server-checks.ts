import { sql, type Kysely } from 'kysely'
import type { Schema } from '../schema.ts'
import { StoreError } from '../store-error.ts'

interface Facts {
  readonly privileged: boolean
  readonly owner: boolean
  readonly fsync: string
  readonly full_page_writes: string
  readonly synchronous_commit: string
}

/**
 * Refuses a database that would not hold what this layer promises.
 *
 * @throws StoreError STORE_ROLE if row security does not bind the role, STORE_UNSAFE if a commit is not durable
 */
export async function checkServer(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<Facts>`
    select r.rolsuper or r.rolbypassrls as privileged,
      exists (select from pg_class c where c.relname = 'statement' and pg_has_role(current_user, c.relowner, 'member')) as owner,
      current_setting('fsync') as fsync,
      current_setting('full_page_writes') as full_page_writes,
      current_setting('synchronous_commit') as synchronous_commit
    from pg_roles r where r.rolname = current_user`.execute(db)
  const [facts] = rows
  if (!facts || facts.privileged || facts.owner) {
    throw new StoreError(
      'STORE_ROLE',
      'the database role of this node owns the tables or is not bound by row security',
    )
  }
  for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit'] as const) {
    if (facts[setting] === 'off')
      throw new StoreError('STORE_UNSAFE', `the database runs with ${setting} = off`)
  }
}
