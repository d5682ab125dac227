import { toHex } from '@strongroom/core/bytes'
import { ClientError } from '@strongroom/core/client'
import type { FoundClient, FoundDeposit, RecoveryRule, RequestClass } from '@strongroom/core/protocol'
import { CliError, usage } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { count, formatSeconds } from '../quantities.ts'
import type { AtWork } from './officer-view.ts'
import { listDigest } from './plan-text.ts'
import { shortDigest } from './subject-text.ts'

/** What a class is, for people; the same words wherever one is shown. */
export const CLASSES: Readonly<Record<RequestClass, string>> = {
  self: 'self: somebody asks for keys of their own',
  'third-party': 'third-party: somebody of the charter asks for the keys of another',
  'break-glass': 'BREAK-GLASS: somebody of the charter asks for the keys of another, as in an emergency',
}

/** Who decides about a request of a class, by the charter in force and the terms. */
export interface Ruling {
  readonly requester: string
  readonly rule: RecoveryRule
  /** Never less than the terms of the authority. */
  readonly approvals: number
  /** In seconds. */
  readonly waiting: number
  /** What the class `third-party` would wait, in seconds. */
  readonly usualWaiting: number
  /** The ids of the officers who may approve: whoever asks does not count. */
  readonly officers: readonly string[]
}

/** A request before it is made. */
export interface Asking extends Ruling {
  readonly class: RequestClass
  readonly client: FoundClient
  readonly deposits: readonly FoundDeposit[]
  /** Files that are to open again. */
  readonly paths: readonly string[]
}

/** Who decides. @throws CliError AUTHORITY_REFUSED if there are too few of them */
export function rulingOf({ seen: { charters }, person }: AtWork, name: RequestClass): Ruling {
  const { policy, people, standing } = charters.chain.latest.statement.payload
  const floor = standing === 'personal' ? { approvals: 0, waiting: 0 } : charters.terms.floor
  const rule = policy[name]
  const approvals = Math.max(floor.approvals, rule.approvals)
  const waiting = Math.max(floor.waiting, rule.waiting)
  const usualWaiting = Math.max(floor.waiting, policy['third-party'].waiting)
  const officers = people.filter(({ id, roles }) => roles.includes('officer') && id !== person.id)
  if (officers.length >= approvals) {
    const ids = officers.map(({ id }) => id)
    return { requester: person.id, rule, approvals, waiting, usualWaiting, officers: ids }
  }
  throw new CliError(
    'AUTHORITY_REFUSED',
    `${count(approvals, 'officer')} must approve, and besides ${person.id} there are ${officers.length}`,
    { hint: 'let somebody ask who is no officer: an administrator or an auditor' },
  )
}

/** Says what would be asked, who decides, and what happens then. */
export function tellAsking({ terminal }: Context, asking: Asking): void {
  const { client, deposits, requester, approvals, waiting, officers } = asking
  const digest = listDigest(deposits)
  terminal.record({
    asks: asking.class,
    client: client.client,
    state: client.state,
    requester,
    count: deposits.length,
    digest: toHex(digest),
    approvals,
    officers,
    waiting,
    expiry: asking.rule.expiry,
    evidence: asking.rule.evidence,
  })
  if (terminal.json) return
  terminal.heading(`request ${asking.class}`)
  terminal.fields([
    ['class', CLASSES[asking.class]],
    ['owner', `${displayName(client.name)}, ${client.client}, ${STATES[client.state]}`],
    ['asked by', requester],
    ['asks for', `${count(deposits.length, 'key')}, list ${shortDigest(digest)}`],
  ])
  terminal.line()
  terminal.heading('what happens next')
  for (const line of nextLines(asking)) terminal.line(`  ${line}`)
  terminal.line()
}

const STATES: Readonly<Record<FoundClient['state'], string>> = {
  active: 'active',
  suspended: 'suspended: it can deposit nothing more',
  replaced: 'replaced: what its successor deposited belongs to another client',
}

function nextLines({
  class: name,
  approvals,
  officers,
  waiting,
  usualWaiting,
  rule,
  client,
}: Asking): string[] {
  const lines = [
    `the owner is told at once, and can stop it until it is released; so can every officer and administrator`,
    `${approvals} of these officers must approve: ${officers.join(', ')}; whoever asks or vouched does not count`,
    `${waiting > 0 ? `it waits ${formatSeconds(waiting)}` : 'it waits for nothing more'}, and expires after ${formatSeconds(rule.expiry)}`,
    'then the custodian releases the keys to a new container, for reading alone; the owner stays a client as before',
    'all of it stands in the log for good, with your name and your reason',
  ]
  if (name === 'break-glass') {
    lines.unshift(
      waiting < usualWaiting
        ? `as an emergency it waits ${formatSeconds(Math.max(waiting, 1))} instead of ${formatSeconds(usualWaiting)}`
        : 'as an emergency it waits no less than a request without --break-glass: consider to ask without it',
    )
  }
  if (client.state === 'active')
    lines.push('the client is active: whoever it is may be able to open these files')
  return lines
}

/** A client of the tenant, by its id. The authority's word. @throws CliError USAGE if there is none */
export async function clientNamed(at: Pick<AtWork, 'client'>, id: string): Promise<FoundClient> {
  for await (const client of clientsOf(at)) if (client.client === id) return client
  throw usage(
    `the tenant has no client ${displayName(id)}`,
    'strongroom officer clients lists them; names are not enough, since anybody can choose one',
  )
}

/** All clients of the tenant, in the order in which they were enrolled. The authority's word. */
export async function* clientsOf({
  client,
}: Pick<AtWork, 'client'>): AsyncGenerator<FoundClient, void, undefined> {
  for (let after: number | undefined; ; ) {
    const page = await client.clients(after === undefined ? {} : { after })
    yield* page.clients
    if (page.next === null) return
    if (page.next <= (after ?? -1)) {
      throw new ClientError('CLIENT_ANSWER', 'a page of clients that does not go on')
    }
    after = page.next
  }
}
