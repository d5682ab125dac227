import { toHex } from '@strongroom/core/bytes'
import type { JudgedSubject } from '@strongroom/core/client'
import { RECOVERY_FAULTS, type Charter, type FoundDeposit } from '@strongroom/core/protocol'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { count, formatBytes, formatTime } from '../quantities.ts'
import type { Field } from '../terminal.ts'
import { MOST_SHOWN, type SubjectView } from './officer-view.ts'
import { riskNotes } from './risk-notes.ts'
import { CLASSES } from './request-text.ts'
import { groupsText, phaseText, shortDigest, standingRecordOf } from './subject-text.ts'

/** Shows all of a subject: what is asked for, for whom, by what right, who decided, and what to think about. */
export function showSubject(
  { terminal }: Context,
  view: SubjectView,
  { me, most = MOST_SHOWN }: { readonly me: string; readonly most?: number },
): void {
  const { judged } = view
  terminal.record({ ...standingRecordOf(judged), ...subjectRecord(view), notes: riskNotes(view, me) })
  if (terminal.json) return
  terminal.heading(`${judged.request ? 'request' : 'charter'} ${toHex(judged.digest)}`)
  terminal.fields(judged.request ? requestFields(judged) : charterFields(judged.proposal))
  terminal.fields([['stands', displayName(phaseText(judged))]])
  showDeposits(terminal, view, most)
  showVerdicts(terminal, judged)
  terminal.line()
  terminal.heading('think about')
  for (const note of riskNotes(view, me)) terminal.line(`  ${displayName(note)}`)
  terminal.line()
  terminal.heading('what happens next')
  for (const line of nextLines(judged)) terminal.line(`  ${line}`)
}

function requestFields({ request, owner, loggedMs }: JudgedSubject): Field[] {
  if (!request) return []
  const { client, requester, recipient, signer, reason, reference, expires, evidence } = request
  const name = displayName(owner?.name ?? 'somebody')
  return [
    ['class', CLASSES[request.class]],
    ['owner', `${name}, ${client}`],
    ['asked by', requester === null ? 'nobody of the charter' : `${requester}, who does not count`],
    ['for', groupsText(recipient)],
    ['its signer', shortSigner(signer)],
    ['reason', displayName(reason)],
    ...(reference === null ? [] : [['reference', displayName(reference)] as const]),
    ['evidence', evidence.map(({ kind }) => kind).join(', ') || 'none'],
    ['asked at', formatTime(loggedMs)],
    ['expires', formatTime(expires)],
    ['asks for', `${count(request.deposits.count, 'key')}, list ${shortDigest(request.deposits.digest)}`],
  ]
}

function charterFields(charter: Charter | null): Field[] {
  if (!charter) return []
  const people = charter.people.map(
    ({ id, name, roles }) => `${id} (${displayName(name)}): ${roles.join(', ')}`,
  )
  const rules = Object.entries(charter.policy).map(
    ([name, { approvals, waiting }]) =>
      `${name}: ${count(approvals, 'approval')}, ${count(waiting / 3600, 'hour')}`,
  )
  return [
    ['number', String(charter.number)],
    ['standing', charter.standing],
    ['proposed by', shortSigner(charter.by)],
    ...people.map((text, i) => [i === 0 ? 'people' : '', text] as const),
    ...rules.map((text, i) => [i === 0 ? 'rules' : '', text] as const),
  ]
}

const shortSigner = (signer: string) => (signer.length > 80 ? `${signer.slice(0, 60)}…` : signer)

function showDeposits(terminal: Context['terminal'], { ids, deposits }: SubjectView, most: number): void {
  if (ids.length === 0) return
  terminal.line()
  const rows = deposits.slice(0, most).map(depositRow)
  terminal.table(['deposit', 'what', 'made', 'size', 'description'], rows)
  const more = ids.length - rows.length
  if (more > 0) terminal.line(`  and ${count(more, 'deposit')} more: --deposits lists all`)
  terminal.note('what deposits are called, and how large files are, is what the authority says of them')
}

/** A description is a stranger's text: shown as one, in quotes where it could be taken for something else. */
function depositRow({ id, format, created, object, description }: FoundDeposit): string[] {
  const text = description === null ? 'none, or sealed' : displayName(description)
  const size = object ? formatBytes(object.size) : ''
  return [toHex(id).slice(0, 16), format, formatTime(created).slice(0, 10), size, text]
}

function showVerdicts(terminal: Context['terminal'], { verdicts }: JudgedSubject): void {
  if (verdicts.length === 0) return
  terminal.line()
  const rows = verdicts.map(({ act, fault, statement: { payload } }) => [
    formatTime(payload.created),
    act,
    'person' in payload ? payload.person : payload.capacity,
    fault === undefined ? 'counts' : `does not count: ${RECOVERY_FAULTS[fault]}`,
    'evidence' in payload
      ? displayName(payload.evidence)
      : 'reason' in payload
        ? displayName(payload.reason)
        : '',
  ])
  terminal.table(['when', 'what', 'who', 'counts', 'said'], rows)
}

function nextLines({ state, digest }: JudgedSubject): string[] {
  if (state.phase === 'released') return ['the keys were given out; nothing can be undone']
  if (['denied', 'cancelled', 'expired'].includes(state.phase)) return ['nothing: that is final']
  const short = toHex(digest).slice(0, 16)
  const missing = Math.max(0, state.subject.approvals - state.persons.length)
  return [
    missing > 0
      ? `${count(missing, 'more approval')} of other officers, then the waiting time until ${formatTime(state.releasableFrom)}`
      : `the waiting time ends at ${formatTime(state.releasableFrom)}, then the custodian releases the keys`,
    `strongroom officer approve ${short}  or  strongroom officer reject ${short}, which is final`,
  ]
}

function subjectRecord({ judged, ids, deposits }: SubjectView) {
  const byId = new Map(deposits.map((deposit) => [toHex(deposit.id), deposit]))
  const { request, proposal } = judged
  return {
    kind: request ? 'request' : 'charter',
    ...(request && {
      class: request.class,
      client: request.client,
      requester: request.requester,
      recipient: request.recipient,
      groups: groupsText(request.recipient),
      reason: request.reason,
      reference: request.reference,
      evidence: request.evidence.map(({ kind }) => kind),
      list: toHex(request.deposits.digest),
    }),
    ...(proposal && { number: proposal.number, people: proposal.people, policy: proposal.policy }),
    deposits: ids.map((id) => {
      const found = byId.get(toHex(id))
      const { format = null, object = null, description = null } = found ?? {}
      return { id: toHex(id), format, size: object?.size ?? null, description }
    }),
  }
}
