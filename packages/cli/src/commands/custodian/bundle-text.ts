import type { CheckedBundle } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import type { Field } from '../../terminal.ts'
import { count } from '../../quantities.ts'
import { timeText } from './custodian-options.ts'

/** What is said of a bundle that passed, for programs. */
export function bundleRecord(checked: CheckedBundle): Readonly<Record<string, unknown>> {
  const { subject, tree, charters, persons, deposits, receiptMs } = checked
  const { statement } = subject
  return {
    kind: subject.kind,
    tenant: checked.tenant,
    subject: toHex(checked.digest),
    leaf: statement.index,
    logged: timeText(receiptMs),
    releasable: timeText(checked.releasableFrom),
    charter: charters.latest.statement.payload.number,
    persons,
    deposits: deposits.map(({ id }) => toHex(id)),
    checkpoint: { size: tree.size, root: toHex(tree.root), time: timeText(tree.timeMs) },
    ...(subject.kind === 'request' && requestRecord(subject.statement.payload)),
  }
}

type Request = Extract<CheckedBundle['subject'], { kind: 'request' }>['statement']['payload']

function requestRecord({
  class: name,
  client,
  requester,
  recipient,
  signer,
  reason,
  reference,
  expires,
}: Request) {
  return { class: name, client, requester, recipient, signer, reason, reference, expires: timeText(expires) }
}

/** The same for people: every check that passed, with names and times. Texts of others are made harmless where they are printed. */
export function bundleFields(checked: CheckedBundle): readonly Field[] {
  const { subject, tree, charters, persons, receiptMs } = checked
  const { epochs, size, timeMs } = tree
  const { payload: epoch } = epochs.latest
  return [
    ['authority', `${epoch.authority}, epoch ${epoch.number}: the pinned identity signed it`],
    ['log', `${size} leaves on ${timeText(timeMs)}, signed by its keys${witnessText(checked)}`],
    ['history', 'goes on from what was seen before; nothing that could forbid it is left out'],
    [
      'charter',
      `number ${charters.latest.statement.payload.number} of ${checked.tenant}, from the first one on`,
    ],
    [subject.kind, `${toHex(checked.digest)} at leaf ${subject.statement.index}`],
    ['logged', `${timeText(receiptMs)}, by its receipt`],
    ...(subject.kind === 'request' ? requestFields(subject.statement.payload, checked) : []),
    ['approved by', persons.length > 0 ? persons.join(', ') : 'nobody: the charter asks for nobody'],
    ['refused by', 'nobody'],
    ['waited', `since ${timeText(checked.releasableFrom)} it may be released`],
  ]
}

function requestFields(request: Request, { deposits }: CheckedBundle): readonly Field[] {
  const { class: name, client, requester, evidence, recipient, signer, reason, reference, expires } = request
  return [
    ['class', name],
    ['asks', requester ?? 'somebody without a name, by evidence'],
    ['evidence', evidence.map(({ kind }) => kind).join(', ') || 'none'],
    ['owner', client],
    ['deposits', `${count(deposits.length, 'deposit')}, each signed by its owner and in the log`],
    ['recipient', `${recipient.slice(0, 40)}…`],
    ['new signer', `${signer.slice(0, 40)}…`],
    ['reason', reason],
    ...(reference === null ? [] : [['reference', reference] as const]),
    ['expires', timeText(expires)],
  ]
}

function witnessText({ tree: { policy } }: CheckedBundle): string {
  return policy.witnesses ? ` and a quorum of its witnesses` : '; the terms ask for no witness'
}
