import type { CharterPlan, NextCharter, OpenProposal } from '@strongroom/authority'
import { equalBytes, toHex } from '@strongroom/core/bytes'
import { checkCharter, type RecoveryState } from '@strongroom/core/protocol'
import type { Context, OptionTable, OptionValues } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { count, formatTime } from '../quantities.ts'
import { isoTime } from '../recovery/subject-text.ts'
import type { Change } from './changes.ts'
import { differences, lengthText } from './difference.ts'
import { CHARTER_OPTIONS, planInForce, withCharters, type CharterPlace } from './place.ts'
import { checkedPlan, readPlan, writePlan } from './plan-file.ts'

/** Who signs a proposal, besides where it goes. */
export const PROPOSE_OPTIONS = {
  ...CHARTER_OPTIONS,
  administrator: {
    flags: '--administrator <file>',
    kind: 'value',
    description: 'the container of the administrator who signs, if it is none of yours: a file',
    completes: 'file',
    group: 'Keys:',
  },
} as const satisfies OptionTable

/** What every command has that changes a charter. */
export const CHANGE_OPTIONS = {
  plan: {
    flags: '--plan <file>',
    kind: 'value',
    description: 'propose nothing yet: put the change into that file, behind those that are there',
    completes: 'file',
  },
  ...PROPOSE_OPTIONS,
} as const satisfies OptionTable

/** What the notes of those commands say. */
export const CHANGE_NOTES = [
  'Nothing changes by it: the change is proposed. It is in force when officers have approved it (strongroom officer), the waiting',
  'time is over and the custodian has released it. Until then everything goes by the charter in force.',
  '',
  'Several changes go into one proposal with --plan FILE, which strongroom authority charter propose FILE then sends.',
] as const

type ChangeValues = OptionValues<typeof CHANGE_OPTIONS>

/** Makes the next charter of the one in force by one change, shows what differs, and proposes it or puts it into the plan. */
export async function changeCharter(
  context: Context,
  values: ChangeValues,
  change: Change,
  keys: readonly string[] = [],
): Promise<void> {
  await withCharters(context, values, async (place) => {
    const { plan: path } = values
    const start = path === undefined ? { ...planInForce(place), keys: [] } : readPlan(place, path)
    const next = { ...checkedPlan(place, change(start)), keys: [...new Set([...start.keys, ...keys])] }
    if (path === undefined) return await propose(context, place, values.administrator, next)
    writePlan(place, path, next)
    tellPlan(context, place, path, next)
  })
}

/** Shows what differs, proposes it, and says what is to happen. */
export async function propose(
  context: Context,
  place: CharterPlace,
  administrator: string | undefined,
  next: NextCharter,
): Promise<void> {
  const { terminal } = context
  showDifferences(context, planInForce(place), next)
  const others = (await place.proposals()).filter((other) => canFollow(place, other))
  const digest = await place.propose(next, administrator)
  const { approvals, waiting } = needed(place)
  const { number } = place.chain.latest.statement.payload
  terminal.record({
    tenant: place.tenant,
    digest: toHex(digest),
    number: number + 1,
    changes: differences(planInForce(place), next),
    approvalsNeeded: approvals,
    waitingSeconds: waiting,
    others: others.map((other) => toHex(other.digest)),
  })
  terminal.done(toHex(digest), `proposed as charter ${number + 1} of ${place.tenant}`)
  terminal.note(
    `nothing has changed yet: it takes ${count(approvals, 'approval')} of officers other than who proposed it, ${lengthText(waiting)} of waiting, and the custodian`,
  )
  if (others.length > 0) {
    terminal.warning(`${count(others.length, 'other proposal')} waits too, and only one of them can follow`)
  }
}

/** By the charter in force, and never less than the floors. */
function needed({ chain, terms }: CharterPlace): { approvals: number; waiting: number } {
  const { policy, standing } = chain.latest.statement.payload
  const { approvals, waiting } = policy.charter
  if (standing === 'personal') return { approvals, waiting }
  const { floor } = terms
  return { approvals: Math.max(approvals, floor.approvals), waiting: Math.max(waiting, floor.waiting) }
}

function tellPlan(context: Context, place: CharterPlace, path: string, next: CharterPlan): void {
  const { terminal } = context
  const faults = checkCharter({ ...place.chain.latest.statement.payload, ...next }, place.terms)
  terminal.record({
    tenant: place.tenant,
    plan: path,
    changes: differences(planInForce(place), next),
    faults,
  })
  showDifferences(context, planInForce(place), next)
  for (const { rule, message } of faults)
    terminal.warning(`as it is now it breaks a rule: ${rule} (${message})`)
  terminal.note(`nothing was proposed: strongroom authority charter propose ${displayName(path)}`)
}

function showDifferences({ terminal }: Context, before: CharterPlan, after: CharterPlan): void {
  const rows = differences(before, after)
  if (rows.length === 0) return
  terminal.table(
    ['of', 'what', 'before', 'after'],
    rows.map(({ of, what, before: was, after: is }) => [of, what, was || '–', is || '–']),
  )
}

/** Whether a proposal can still come into force: it was made for the charter that is in force now. */
export function canFollow({ chain }: Pick<CharterPlace, 'chain'>, { charter }: OpenProposal): boolean {
  return charter.previous !== null && equalBytes(charter.previous, chain.latest.statement.digest)
}

/** Shows what is proposed, and how it stands. */
export async function showProposals(context: Context, place: CharterPlace): Promise<void> {
  const { terminal } = context
  for (const proposal of await place.proposals()) {
    const { digest, charter, state } = proposal
    terminal.line()
    terminal.heading(`proposed as charter ${charter.number}: ${toHex(digest).slice(0, 16)}`)
    if (!canFollow(place, proposal)) {
      terminal.line('  never in force any more: another charter came into force meanwhile')
      continue
    }
    terminal.fields([['stands', standsText(state)]])
    showDifferences(context, planInForce(place), charter)
  }
}

/** What is proposed, for programs. */
export async function proposalRecords(place: CharterPlace) {
  return (await place.proposals()).map((proposal) => {
    const { digest, charter, state } = proposal
    const { phase, persons, releasableFrom, subject } = state
    return {
      digest: toHex(digest),
      number: charter.number,
      phase,
      approvals: persons,
      approvalsNeeded: subject.approvals,
      releasableFrom: isoTime(releasableFrom),
      expires: isoTime(subject.expires),
      canFollow: canFollow(place, proposal),
      changes: differences(planInForce(place), charter),
    }
  })
}

function standsText({ phase, persons, subject, nowMs, releasableFrom }: RecoveryState): string {
  const by = persons.length > 0 ? `, of ${persons.join(' and ')}` : ''
  const until = `until ${formatTime(subject.expires)}`
  if (phase !== 'approved') {
    return `waits for officers, ${until}: ${persons.length} of ${count(subject.approvals, 'approval')}${by}`
  }
  const rest =
    nowMs < releasableFrom ? `waits until ${formatTime(releasableFrom)}` : 'waits for the custodian'
  return `approved${by}; ${rest}`
}
