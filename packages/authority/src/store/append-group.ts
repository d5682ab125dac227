import type { Kysely } from 'kysely'
import { ENTRY_KINDS, type LogEntry, type TreeHead } from '@strongroom/core/tlog'
import type { AdmittedStatement } from '../model/admitted-statement.ts'
import { judgeGroup, type Judgement } from '../model/group-judgement.ts'
import type { Quotas } from '../model/quota.ts'
import { growLog, type LogGrowth } from '../model/tree-growth.ts'
import type { EngineFacts } from './engine.ts'
import { readSituation } from './group-situation.ts'
import { checkStanding, readEdge, readHead, writeGrowth } from './log-rows.ts'
import type { Schema } from './schema.ts'
import { writeStatements, writeUsage, type FreshStatement } from './statement-rows.ts'
import { StoreError } from './store-error.ts'
import type { AppendedGroup, AppendOutcome, StatementGroup } from './store.ts'

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
  const situation = {
    ...(await readSituation(db, group.statements)),
    size: before.size,
    now: group.received,
    quotas,
  }
  const { judgements, usage } = judgeGroup(group.statements, situation)
  const fresh = freshOf(group.statements, judgements)
  if (fresh.length === 0)
    return { head: before, outcomes: judgements.map((it) => outcomeOf(it, group.received)) }
  const growth = await grow(db, before, fresh)
  await writeStatements(db, fresh, group.received)
  await writeUsage(db, usage)
  await writeGrowth(db, growth)
  return {
    head: growth.head,
    outcomes: judgements.map((it) => outcomeOf(it, group.received, { before, growth })),
  }
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
