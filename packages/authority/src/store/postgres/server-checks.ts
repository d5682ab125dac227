import { sql, type Kysely } from 'kysely'
import type { Schema } from '../schema.ts'
import { StoreError } from '../store-error.ts'

interface Facts {
  readonly privileged: boolean
  readonly owner: boolean
  readonly fsync: string
  readonly full_page_writes: string
  readonly synchronous_commit: string
  readonly synchronous_standby_names: string
  /** How many replicas are connected now, of whatever kind. */
  readonly replicas: number
}

/** Settings with which a commit that was acknowledged can be lost with one server. */
const LOSING: Readonly<Record<'fsync' | 'full_page_writes' | 'synchronous_commit', readonly string[]>> = {
  fsync: ['off'],
  full_page_writes: ['off'],
  synchronous_commit: ['off'],
}

/**
 * Refuses a database that would not hold what this layer promises.
 *
 * @returns what it holds only as long as no replica takes over; for the operator
 * @throws StoreError STORE_ROLE if row security does not bind the role, STORE_UNSAFE if a commit is not durable
 */
export async function checkServer(db: Kysely<Schema>): Promise<string[]> {
  const { rows } = await sql<Facts>`
    select r.rolsuper or r.rolbypassrls as privileged,
      exists (select from pg_class c where c.relname = 'statement' and pg_has_role(current_user, c.relowner, 'member')) as owner,
      current_setting('fsync') as fsync,
      current_setting('full_page_writes') as full_page_writes,
      current_setting('synchronous_commit') as synchronous_commit,
      current_setting('synchronous_standby_names') as synchronous_standby_names,
      (select count(*) from pg_stat_replication) as replicas
    from pg_roles r where r.rolname = current_user`.execute(db)
  const [facts] = rows
  if (!facts || facts.privileged || facts.owner) {
    throw new StoreError(
      'STORE_ROLE',
      'the database role of this node owns the tables or is not bound by row security',
    )
  }
  for (const [setting, values] of Object.entries(LOSING) as [keyof typeof LOSING, readonly string[]][]) {
    if (values.includes(facts[setting])) throw unsafe(`${setting} = ${facts[setting]}`)
  }
  return replicaRisks(facts)
}

/** What may be lost when a replica takes over. PostgreSQL manual, "Synchronous Replication". */
function replicaRisks({ synchronous_commit, synchronous_standby_names, replicas }: Facts): string[] {
  const named = synchronous_standby_names.trim() !== ''
  // Somebody named replicas that commits wait for, and told this role not to wait.
  if (named && synchronous_commit === 'local') throw unsafe('synchronous_commit = local')
  if (named && synchronous_commit === 'remote_write') {
    return [
      'synchronous_commit = remote_write: a replica that loses power and takes over may lack what was acknowledged',
    ]
  }
  if (!named && replicas > 0) {
    return [
      'no replica is synchronous: one that takes over may lack what was acknowledged, and nodes then stop',
    ]
  }
  return []
}

function unsafe(setting: string): StoreError {
  return new StoreError('STORE_UNSAFE', `the database runs with ${setting}`)
}
