import { toHex } from '@strongroom/core/bytes'
import {
  EVIDENCE_KINDS,
  RECOVERY_CLASSES,
  RECOVERY_LIMITS,
  type Charter,
  type EvidenceKind,
  type EvidenceRule,
  type RecoveryClass,
  type RecoveryRule,
} from '@strongroom/core/protocol'
import { setRule } from '../../charter/changes.ts'
import { evidenceText, lengthText } from '../../charter/difference.ts'
import { CHARTER_OPTIONS, withCharters } from '../../charter/place.ts'
import {
  CHANGE_NOTES,
  CHANGE_OPTIONS,
  changeCharter,
  proposalRecords,
  showProposals,
} from '../../charter/proposing.ts'
import { usage } from '../../cli-error.ts'
import { defineCommand, type Context, type OptionValues } from '../../command.ts'
import { displayName } from '../../escape-text.ts'

/** Shows what it takes. */
export const authorityPolicyShow = defineCommand({
  options: CHARTER_OPTIONS,
  examples: [
    { line: 'strongroom authority policy show', purpose: 'what requests in your tenant need' },
    { line: 'strongroom authority policy show --folder vault --json', purpose: 'the same for programs' },
  ],
  async run(context, _operands, values) {
    const { terminal } = context
    await withCharters(context, values, async (place) => {
      const { payload, digest } = place.chain.latest.statement
      const { number, standing, policy } = payload
      const { floor } = place.terms
      if (terminal.json) {
        const proposals = await proposalRecords(place)
        const about = { tenant: place.tenant, number, digest: toHex(digest), standing }
        terminal.record({ ...about, policy, floor, proposals })
        return
      }
      terminal.heading(`charter ${number} of ${place.tenant}, ${standing}`)
      showPolicy(context, policy)
      if (standing === 'shared') {
        terminal.note(
          `the terms of the authority ask for at least ${floor.approvals} approvals and ${lengthText(floor.waiting)} of waiting`,
        )
      }
      await showProposals(context, place)
    })
  },
})

/** The rules of a charter, a line for each class. */
export function showPolicy({ terminal }: Context, policy: Charter['policy']): void {
  terminal.table(
    ['for', 'approvals', 'waiting', 'expiry', 'evidence'],
    RECOVERY_CLASSES.map((name) => {
      const rule = policy[name]
      const { approvals, waiting, expiry } = rule
      return [name, String(approvals), lengthText(waiting), lengthText(expiry), evidenceText(rule)]
    }),
  )
}

const SET_OPTIONS = {
  class: {
    flags: '--class <class>',
    kind: 'value',
    description: 'what is asked for: by the owner, a third party, in an emergency; or a new charter',
    choices: RECOVERY_CLASSES,
  },
  approvals: {
    flags: '--approvals <number>',
    kind: 'value',
    description: 'how many officers have to approve: 0 to 16',
  },
  waiting: {
    flags: '--waiting <time>',
    kind: 'value',
    description: 'how long everybody has to say no, such as 48h',
  },
  expiry: {
    flags: '--expiry <time>',
    kind: 'value',
    description: 'how long a request may live at most, such as 14d',
  },
  evidence: {
    flags: '--evidence <kinds>',
    kind: 'value',
    description: `kinds that count, with commas between them, or none: ${EVIDENCE_KINDS.join(', ')}`,
  },
  need: { flags: '--need <number>', kind: 'value', description: 'how many of those kinds are needed' },
  ...CHANGE_OPTIONS,
} as const

/** Proposes other rules. */
export const authorityPolicySet = defineCommand({
  options: SET_OPTIONS,
  notes: ['What is not named stays as it is.', '', ...CHANGE_NOTES],
  examples: [
    {
      line: 'strongroom authority policy set --class self --approvals 3 --waiting 48h --expiry 14d',
      purpose: 'propose that three officers decide, in two days at the earliest',
    },
    {
      line: 'strongroom authority policy set --class self --evidence recovery-code,vetting --need 1',
      purpose: 'propose which evidence counts',
    },
  ],
  async run(context, _operands, values) {
    const name = RECOVERY_CLASSES.find((one) => one === values.class)
    if (!name) throw usage('--class is needed', `one of ${RECOVERY_CLASSES.join(', ')}`)
    await changeCharter(context, values, (plan) =>
      setRule(name, partOf(plan.policy[name], name, values))(plan),
    )
  },
})

type SetValues = OptionValues<typeof SET_OPTIONS>

function partOf(before: RecoveryRule, name: RecoveryClass, values: SetValues): Partial<RecoveryRule> {
  const { approvals, waiting, expiry } = values
  const evidence = evidenceOf(before.evidence, values)
  const part = {
    ...(approvals !== undefined && { approvals: numberOf('--approvals', approvals) }),
    ...(waiting !== undefined && { waiting: secondsOf('--waiting', waiting) }),
    ...(expiry !== undefined && { expiry: secondsOf('--expiry', expiry) }),
    ...(evidence && { evidence }),
  }
  if (Object.keys(part).length > 0) return part
  throw usage(`nothing is said about ${name}`, 'add --approvals, --waiting, --expiry, --evidence or --need')
}

function evidenceOf(before: EvidenceRule, { evidence, need }: SetValues): EvidenceRule | undefined {
  if (evidence === undefined && need === undefined) return undefined
  const of = evidence === undefined ? before.of : kindsOf(evidence)
  // As many as before, and one at least: but never more than there are.
  const usual = Math.min(Math.max(1, before.need), of.length)
  return { need: need === undefined ? usual : numberOf('--need', need), of }
}

function kindsOf(text: string): EvidenceKind[] {
  const named = text === 'none' ? [] : text.split(',').map((part) => part.trim())
  const strange = named.find((part) => !EVIDENCE_KINDS.some((kind) => kind === part))
  if (strange !== undefined) {
    throw usage(
      `--evidence: there is no kind ${displayName(strange)}`,
      `there is ${EVIDENCE_KINDS.join(', ')}, or none`,
    )
  }
  return EVIDENCE_KINDS.filter((kind) => named.includes(kind))
}

function numberOf(option: string, text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) <= RECOVERY_LIMITS.approvals) return Number(text)
  throw usage(`${option}: expected a number from 0 to ${RECOVERY_LIMITS.approvals}, got ${displayName(text)}`)
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** No timer runs for it: a rule may wait for longer than durations elsewhere. */
function secondsOf(option: string, text: string): number {
  const [, number, unit = ''] = /^(\d{1,8})([smhd])$/.exec(text) ?? []
  const seconds = Number(number) * (UNITS[unit] ?? Number.NaN)
  if (seconds <= RECOVERY_LIMITS.seconds) return seconds
  throw usage(
    `${option}: expected a length of time, got ${displayName(text)}`,
    'such as 90s, 15m, 48h or 14d, a year at most',
  )
}
