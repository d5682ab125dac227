import { toHex } from '@strongroom/core/bytes'
import {
  encodeRecoveryBundle,
  parseEnvelope,
  type AuthorityTrust,
  type BundledCharter,
  type BundledProof,
  type BundledRewrap,
  type Envelope,
  type RecoveryBundle,
} from '@strongroom/core/protocol'
import { ENTRY_KINDS, parseCheckpoint, parseNote } from '@strongroom/core/tlog'
import type { StatementRow } from '../model/statement-rows.ts'
import type { RecoveryGround } from '../store/recovery-ground.ts'
import { depositIds, type SubjectRecord } from '../store/recovery-subjects.ts'
import { StoreError } from '../store/store-error.ts'
import type { Store } from '../store/store.ts'
import type { AuthorityLog } from './authority-log.ts'
import { readRange } from './bundle-range.ts'
import { evidenceStatements } from './evidence-statements.ts'
import { ownerStatements } from './owner-statements.ts'

/** What bundles are made from. */
export interface BundleSource {
  readonly store: Store
  readonly log: AuthorityLog
  readonly trust: AuthorityTrust
}

/** Statements that could forbid a release, of which none is left out. */
const WATCHED = [
  ENTRY_KINDS.epoch,
  ENTRY_KINDS.rejection,
  ENTRY_KINDS.cancellation,
  ENTRY_KINDS.release,
  ENTRY_KINDS.codes,
]

/**
 * Everything by which a custodian judges a subject: docs/spec/recovery.md, "Bundles".
 *
 * @param subject as it stands
 * @param seen how many leaves the custodian has seen so far; 0 if it is not known
 */
export async function makeBundle(
  source: BundleSource,
  subject: SubjectRecord,
  seen = 0,
): Promise<Uint8Array> {
  const { store, log, trust } = source
  const { tenant } = subject.row
  const ground = await store.recovery.ground(trust, tenant)
  const evidence = await evidenceOf(source, subject)
  const about = await aboutOwner(source, subject)
  const receipts = await receiptsOf(source, subject)
  // Last: whatever was read before stands in its tree.
  const checkpoint = await log.freshCheckpoint()
  const { size } = parseCheckpoint(parseNote(checkpoint).text)
  const start = Math.min(seen, subject.statement.index, ...evidence.map(({ index }) => index), size)
  const watched = await store.recovery.statementsBetween(start, size, WATCHED)
  const verdicts = await store.recovery.verdicts(tenant, subject.row.digest)
  const statements = inOrder([...watched, ...verdicts])
  const epochs = await store.epochs()
  const placed = [...epochs, ...(await chartersIn(source, ground)), ...about.rows, ...evidence, ...statements]
  const bundle: RecoveryBundle = {
    epochs: epochs.map(envelopeOf),
    terms: ground.termsBytes ?? new Uint8Array(0),
    charters: ground.links.map(bundledCharter),
    subject: subject.statement.envelope,
    deposits: about.deposits.map(({ bytes }) => bytes),
    enrolments: about.enrolments.map(envelopeOf),
    evidence: evidence.map(envelopeOf),
    ...receipts,
    checkpoint,
    range: await readRange(store, start, size),
    statements: statements.map(envelopeOf),
    proofs: await proofsOf(source, checkpoint, inOrder(placed.filter(({ index }) => index < start))),
    rewrapped: await rewrappedOf(source, tenant, about.deposits),
  }
  return encodeRecoveryBundle(bundle)
}

/** The codes and vettings that the evidence rests on. */
async function evidenceOf({ store }: BundleSource, subject: SubjectRecord): Promise<StatementRow[]> {
  if (subject.kind === 'charter') return []
  const { payload } = subject.statement
  const shown = await evidenceStatements(store.recovery, payload)
  const digests = shown.map(({ digest }) => digest)
  return inOrder(await rowsNamed(store, payload.tenant, digests))
}

/** By what deposits of earlier epochs open with the exchange key of a later one. */
async function rewrappedOf(
  { store }: BundleSource,
  tenant: string,
  deposits: readonly StatementRow[],
): Promise<BundledRewrap[]> {
  const ids = deposits.map(({ digest }) => digest)
  const found = await store.recovery.rewrapped(tenant, ids)
  const rows = ids.flatMap((id) => {
    const blob = found.get(toHex(id))
    return blob ? [{ id, blob, key: toHex(id) }] : []
  })
  return rows.toSorted((one, other) => (one.key < other.key ? -1 : 1)).map(({ id, blob }) => ({ id, blob }))
}

/** What shows the owner, and the deposits in ascending order of their ids. */
async function aboutOwner({ store }: BundleSource, subject: SubjectRecord) {
  if (subject.kind === 'charter') return { rows: [], enrolments: [], deposits: [] }
  const { tenant, client } = subject.statement.payload
  const owner = (await store.clients(tenant)).find((row) => row.client === client)
  const enrolments = owner ? await ownerStatements(store, owner) : []
  const deposits = await store.recovery.depositsNamed(tenant, depositIds(subject.row))
  return { rows: [...enrolments, ...deposits], enrolments, deposits }
}

async function rowsNamed(
  store: Store,
  tenant: string,
  digests: readonly Uint8Array[],
): Promise<StatementRow[]> {
  const rows: StatementRow[] = []
  for (const digest of digests) {
    const row = await store.recovery.statementOf(tenant, digest)
    if (row) rows.push(row)
  }
  return rows
}

/** The receipt that the subject got; made now if the process died before it was kept, which only has it wait for longer. */
export async function subjectReceipt(
  { store, log }: Pick<BundleSource, 'store' | 'log'>,
  { row, kind, statement }: Pick<SubjectRecord, 'row' | 'kind' | 'statement'>,
): Promise<Uint8Array> {
  const kept = await store.recovery.receipt(row.tenant, row.digest)
  if (kept) return kept
  const client = kind === 'request' && 'client' in statement.payload ? statement.payload.client : ''
  const receipt = await log.receipt({ tenant: row.tenant, client }, row.digest)
  if (!receipt) throw new StoreError('STORE_CORRUPT', 'a subject whose statement is not there')
  await store.recovery.keepReceipt(row.tenant, row.digest, receipt)
  return receipt
}

async function receiptsOf(source: BundleSource, subject: SubjectRecord) {
  const receipt = await subjectReceipt(source, subject)
  const { ending, row } = subject
  if (ending?.phase !== 'released') return { receipt }
  const releaseReceipt = await source.log.receipt({ tenant: row.tenant, client: '' }, ending.digest)
  return { receipt, ...(releaseReceipt && { releaseReceipt }) }
}

async function chartersIn({ store }: BundleSource, { tenant, charters, links }: RecoveryGround) {
  const digests = (charters?.charters ?? []).map(({ statement }) => statement.digest)
  const rows = await rowsNamed(store, tenant, digests)
  const releases: StatementRow[] = []
  for (const { release } of links) {
    const found = release
      ? await store.recovery.statementsBetween(release.index, release.index + 1, [ENTRY_KINDS.release])
      : []
    releases.push(...found)
  }
  return [...rows, ...releases]
}

function bundledCharter({ charter, release }: RecoveryGround['links'][number]): BundledCharter {
  return { charter: charter.envelope, ...(release && { release: release.envelope }) }
}

async function proofsOf(
  { log }: BundleSource,
  checkpoint: Uint8Array,
  rows: readonly StatementRow[],
): Promise<BundledProof[]> {
  const proofs: BundledProof[] = []
  for (const { kind, digest, index } of rows) {
    const hashes = await log.inclusion(checkpoint, index, { kind, digest })
    proofs.push({ kind: ENTRY_KINDS[kind], digest, index, hashes })
  }
  return proofs
}

/** In the order of the log, each once. */
function inOrder(rows: readonly StatementRow[]): StatementRow[] {
  const unique = new Map(rows.map((row) => [row.index, row]))
  return [...unique.values()].toSorted((one, other) => one.index - other.index)
}

const envelopeOf = ({ bytes }: StatementRow): Envelope => parseEnvelope(bytes)

/** Whether a bundle has nothing of other tenants in it: for whoever may not see those. */
export async function isOfOneTenant({ store }: Pick<BundleSource, 'store'>): Promise<boolean> {
  return (await store.tenants()).length === 1
}
