import { toHex, utf8Decode } from '@strongroom/core/bytes'
import type { AuditHead, AuditStatement } from '@strongroom/core/client'
import type { SubjectKind, RecoveryPhase } from '@strongroom/core/protocol'
import { ENTRY_KINDS, parseCheckpoint, parseNote, TiledTree, type EntryKindName } from '@strongroom/core/tlog'
import type { Configuration } from '../config/index.ts'
import { readEpochChain } from '../log/index.ts'
import { sha256 } from '../model/index.ts'
import type { Store } from '../store/index.ts'
import { trustOf, withStore } from './opening.ts'
import { SetupError } from './setup-error.ts'

/** A request or a proposed charter as the operator sees it. */
export interface RequestSummary {
  readonly digest: string
  readonly tenant: string
  readonly kind: SubjectKind
  readonly phase: RecoveryPhase
  readonly client: string | null
  readonly received: number
  readonly persons: readonly string[]
  readonly approvals: number
  readonly releasableFrom: number
  readonly expires: number
}

const MOST_REQUESTS = 1_000

/** Requests and proposed charters, the newest first. @param tenant of all unless told */
export async function listRequests(
  configuration: Configuration,
  {
    tenant,
    state,
    now,
  }: { readonly tenant?: string; readonly state?: RecoveryPhase | 'open'; readonly now: number },
): Promise<RequestSummary[]> {
  return withStore(configuration, async (store) => {
    const tenants = tenant === undefined ? (await store.tenants()).map((row) => row.tenant) : [tenant]
    const found: RequestSummary[] = []
    for (const name of tenants) {
      const search = { limit: MOST_REQUESTS, ...(state && { state }) }
      const subjects = await store.recovery.subjects(trustOf(configuration), name, search, now)
      found.push(
        ...subjects.map(({ row, kind, state: { phase, persons, releasableFrom, subject } }) => ({
          digest: toHex(row.digest),
          tenant: name,
          kind,
          phase,
          client: row.client === '' ? null : row.client,
          received: row.received,
          persons,
          approvals: subject.approvals,
          releasableFrom,
          expires: subject.expires,
        })),
      )
    }
    return found.toSorted((one, other) => other.received - one.received)
  })
}

/** What is looked for; everything that is given must hold. */
export interface AuditQuery {
  readonly tenant?: string
  readonly client?: string
  readonly kind?: EntryKindName
  /** Milliseconds since 1970: from the first to before the second. */
  readonly from?: number
  readonly to?: number
}

/** Statements with their proofs, and what those lead to. */
export interface Audit {
  readonly head: AuditHead
  /** Leaves of the tree. */
  readonly size: number
  /** In the order of the log. */
  readonly rows: AsyncIterable<AuditStatement>
}

const PAGE = 256

/**
 * Finds statements, each with the proof that it is in the tree of the last checkpoint: whoever gets them can check both without us. They
 * are read as they are used, so that there may be millions.
 *
 * @throws SetupError SETUP_BEHIND before the first checkpoint; TlogError if the tiles are not those of the tree; StoreError
 */
export async function withAudit<Result>(
  configuration: Configuration,
  query: AuditQuery,
  use: (audit: Audit) => Promise<Result>,
): Promise<Result> {
  return withStore(configuration, async (store) => {
    const kept = await store.checkpoint()
    const epochs = await readEpochChain(store, trustOf(configuration))
    if (!kept || !epochs) throw new SetupError('SETUP_BEHIND', 'the database has no checkpoint')
    const { size, root } = parseCheckpoint(parseNote(kept.note).text)
    const tree = new TiledTree(sha256, { size, root }, async ({ level, index }) => {
      return (await store.tile(level, index)) ?? new Uint8Array(0)
    })
    const head = {
      identity: configuration.identity,
      epochs: epochs.epochs.map(({ envelope }) => envelope),
      checkpoint: utf8Decode(kept.note),
    }
    return use({ head, size, rows: provedRows(store, query, tree, size) })
  })
}

async function* provedRows(
  store: Store,
  query: AuditQuery,
  tree: TiledTree,
  size: number,
): AsyncGenerator<AuditStatement> {
  for await (const row of matching(store, query, size)) {
    const { index, kind, digest, tenant, client, received, bytes } = row
    const proof = await tree.inclusionProof(index)
    yield { index, kind, digest, tenant, client, received, proof, statement: bytes }
  }
}

async function* matching(store: Store, query: AuditQuery, size: number) {
  const { tenant, client, kind, from = 0, to = Number.MAX_SAFE_INTEGER } = query
  for (let next = 0; next < size; ) {
    const page = await store.audit(next, Math.min(PAGE, size - next))
    if (page.length === 0) return
    for (const { statement } of page) {
      const found =
        (tenant === undefined || statement.tenant === tenant) &&
        (client === undefined || statement.client === client) &&
        (kind === undefined || statement.kind === kind) &&
        statement.received >= from &&
        statement.received < to
      if (found) yield statement
    }
    next = (page.at(-1)?.statement.index ?? size) + 1
  }
}

/** The kinds of statements. */
export const AUDIT_KINDS = Object.keys(ENTRY_KINDS) as EntryKindName[]
