import type { Kysely } from 'kysely'
import { ENTRY_KINDS, type LogEntry, type TreeHead } from '@strongroom/core/tlog'
import type { AdmittedStatement } from '../model/admitted-statement.ts'
import { judgeGroup, type Judgement } from '../model/group-judgement.ts'
import type { Quotas } from '../model/quota.ts'
import { growLog, type LogGrowth } from '../model/tree-growth.ts'
import type { EngineFacts } from './engine.ts'
import { readSituation } from './group-situation.ts'
import { checkStanding, readEdge, readHead, writeGrowth } from './log-rows.ts'
import { appendRecovery, isAboutRecovery } from './recovery-append.ts'
import type { RequestQuota } from './recovery-case.ts'
import type { Schema } from './schema.ts'
import { writeStatements, writeUsage, type FreshStatement } from './statement-rows.ts'
import { StoreError } from './store-error.ts'
import type { AppendedGroup, AppendOutcome, StatementGroup } from './store.ts'

/** How many requests may be open, and how many deposits probed in a day, unless it is told. */
const OPEN_REQUESTS: RequestQuota = { owner: 8, key: 8, probes: 1_000 }

/**
 * Appends a group within a transaction. Nothing of it counts until that is committed.
 *
 * The lock on the log's row is what makes one log of many nodes: whoever has it reads the tree as the last one left it, and
 * nobody else gives out a leaf until this transaction ends, however it ends.
 */
export async function appendGroup(
  db: Kysely<Schema>,
  { facts, quotas }: { readonly facts: EngineFacts; readonly quotas: Quotas },
  group: StatementGroup,
  floor: TreeHead,
): Promise<AppendedGroup> {
  const before = await readHead(db, facts.locksRows)
  await checkStanding(db, before, floor)
  const judgements: Judgement[] = []
  const fresh: FreshStatement[] = []
  for (const run of runsOf(group.statements)) {
    const size = before.size + fresh.length
    const judged = await appendRun(db, run, { group, quotas, size })
    judgements.push(...judged)
    fresh.push(...freshOf(run, judged))
  }
  if (fresh.length === 0)
    return { head: before, outcomes: judgements.map((it) => outcomeOf(it, group.received)) }
  const growth = await grow(db, before, fresh)
  await writeGrowth(db, growth)
  return {
    head: growth.head,
    outcomes: judgements.map((it) => outcomeOf(it, group.received, { before, growth })),
  }
}

/** Statements that are judged together: those about recovery one by one, since each may change what the next is judged by. */
function runsOf(statements: readonly AdmittedStatement[]): AdmittedStatement[][] {
  const runs: AdmittedStatement[][] = []
  for (const statement of statements) {
    const last = runs.at(-1)
    const [first] = last ?? []
    if (last && first && !isAboutRecovery(first) && !isAboutRecovery(statement)) last.push(statement)
    else runs.push([statement])
  }
  return runs
}

/** Judges a run, and writes what is taken of it. @param size of the log, with what was taken of the group so far */
async function appendRun(
  db: Kysely<Schema>,
  run: readonly AdmittedStatement[],
  { group, quotas, size }: { readonly group: StatementGroup; readonly quotas: Quotas; readonly size: number },
): Promise<readonly Judgement[]> {
  const { received: now, trust } = group
  const [first] = run
  if (first && isAboutRecovery(first)) {
    const probes = quotas.probes?.deposits ?? OPEN_REQUESTS.probes
    const quota = { ...OPEN_REQUESTS, ...quotas.requests, probes }
    return [await appendRecovery(db, first, size, { trust, now, quota })]
  }
  const situation = { ...(await readSituation(db, run)), size, now, quotas }
  const { judgements, usage } = judgeGroup(run, situation)
  await writeStatements(db, freshOf(run, judgements), now)
  await writeUsage(db, usage)
  return judgements
}

function freshOf(
  statements: readonly AdmittedStatement[],
  judgements: readonly Judgement[],
): FreshStatement[] {
  return statements.flatMap((statement, i) => {
    const judgement = judgements[i]
    return judgement?.state === 'fresh' ? [{ statement, index: judgement.index }] : []
  })
}

async function grow(
  db: Kysely<Schema>,
  before: TreeHead,
  fresh: readonly FreshStatement[],
): Promise<LogGrowth> {
  const growth = growLog(await readEdge(db, before), fresh.map(entryOf))
  if (growth) return growth
  throw new StoreError('STORE_CORRUPT', `the tiles are not those of the root of ${before.size} leaves`)
}

function entryOf({ statement }: FreshStatement): LogEntry {
  return { kind: ENTRY_KINDS[statement.facts.kind], digest: statement.digest }
}

function outcomeOf(
  judgement: Judgement,
  now: number,
  grown?: { readonly before: TreeHead; readonly growth: LogGrowth },
): AppendOutcome {
  if (judgement.state === 'refused') return judgement
  const { index } = judgement
  const received = judgement.state === 'known' ? judgement.received : now
  const proof = grown?.growth.proofs[index - grown.before.size]
  return { state: 'logged', index, received, ...(proof && { proof }) }
}
