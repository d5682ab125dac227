import { equalBytes, toHex } from '@strongroom/core/bytes'
import type { AdmittedStatement } from './admitted-statement.ts'
import { isWithin, withDeposit, type Quotas } from './quota.ts'
import type { ClientState, Owner, Usage } from './statement-rows.ts'

/**
 * Why an admitted statement is not taken after all; the words are codes of the protocol's problems.
 *
 * - `invitation`: unknown, used or expired.
 * - `enrolled`: a client with that key is enrolled already.
 * - `unauthenticated`: its client is not there, or suspended.
 * - `quota`: of the client or of its tenant.
 * - `epoch`: an epoch record that is not the next one, or a deposit of an epoch that was completed.
 * - `no-key`, `probe-budget`: a probe of what holds no key, or of too much in a day.
 * - `recovery`, `involved`, `charter`, `decided`, `not-found`, `stale`: about a recovery; docs/errors.md, "What an authority answers".
 */
export type Refusal =
  | 'invitation'
  | 'enrolled'
  | 'unauthenticated'
  | 'quota'
  | 'epoch'
  | 'recovery'
  | 'involved'
  | 'charter'
  | 'decided'
  | 'not-found'
  | 'stale'
  | 'no-key'
  | 'probe-budget'

/** What was decided about a statement: it has a leaf, it gets the next one, or it is not taken. */
export type Judgement =
  | { readonly state: 'known'; readonly index: number; readonly received: number }
  | { readonly state: 'fresh'; readonly index: number }
  | { readonly state: 'refused'; readonly reason: Refusal }

/** Where a statement stands that was logged before. */
export interface Place {
  readonly index: number
  readonly received: number
}

/** All that the rules ask for, as it is while nobody else may write. Maps are by `keyOf`. */
export interface Situation {
  /** How many leaves the log has. */
  readonly size: number
  readonly now: number
  readonly quotas: Quotas
  /** Statements that are in the log, by tenant and digest. */
  readonly known: ReadonlyMap<string, Place>
  readonly clients: ReadonlyMap<string, ClientState>
  /** What is stored for clients, and for tenants under the empty client. */
  readonly usage: ReadonlyMap<string, Usage>
  /** When open invitations end, by tenant and id; without those that were used. */
  readonly invitations: ReadonlyMap<string, number>
  readonly lastEpoch: { readonly number: number; readonly digest: Uint8Array } | undefined
  /** Epochs all of whose deposits were wrapped for another: their exchange keys are gone, or go at any time. */
  readonly completed: ReadonlySet<number>
}

/** What a group leads to. */
export interface GroupJudgement {
  /** One for each statement, in their order. */
  readonly judgements: readonly Judgement[]
  /** The usage that changed. */
  readonly usage: ReadonlyMap<string, Usage>
}

/** One key of a tenant and a name or digest. Names have no slash. */
export function keyOf(tenant: string, name: string | Uint8Array): string {
  return `${tenant}/${typeof name === 'string' ? name : toHex(name)}`
}

const NOTHING: Usage = { deposits: 0, bytes: 0 }

/**
 * Decides about statements one after the other: each sees what those before it changed. Pure: the caller holds the lock under which
 * the situation was read, and stores what comes out.
 */
export function judgeGroup(statements: readonly AdmittedStatement[], situation: Situation): GroupJudgement {
  const state = new Changing(situation)
  return { judgements: statements.map((statement) => state.judge(statement)), usage: state.usage }
}

/** The situation as it changes from statement to statement. */
class Changing {
  readonly #before: Situation
  readonly #fresh = new Map<string, number>()
  readonly #enrolled = new Set<string>()
  readonly #spent = new Set<string>()
  readonly usage = new Map<string, Usage>()
  #lastEpoch: Situation['lastEpoch']

  constructor(situation: Situation) {
    this.#before = situation
    this.#lastEpoch = situation.lastEpoch
  }

  judge(statement: AdmittedStatement): Judgement {
    const key = keyOf(statement.owner.tenant, statement.digest)
    const known = this.#before.known.get(key)
    if (known) return { state: 'known', ...known }
    const again = this.#fresh.get(key)
    if (again !== undefined) return { state: 'known', index: again, received: this.#before.now }
    const reason = this.#refusal(statement)
    if (reason) return { state: 'refused', reason }
    const index = this.#before.size + this.#fresh.size
    this.#fresh.set(key, index)
    return { state: 'fresh', index }
  }

  /** Why a new statement is not taken; if it is, what it changes is noted. */
  #refusal({ owner, digest, bytes, facts }: AdmittedStatement): Refusal | undefined {
    if (facts.kind === 'deposit') return this.#deposit(owner, bytes.length, facts.deposit.epoch)
    if (facts.kind === 'enrolment') return this.#enrol(owner, facts.enrolment.invitation)
    if (facts.kind === 'epoch') return this.#epoch(facts, digest)
    throw new RangeError('a statement about recovery is judged with what it is about')
  }

  #deposit({ tenant, client }: Owner, size: number, epoch: number): Refusal | undefined {
    const key = keyOf(tenant, client)
    const active = this.#enrolled.has(key) || this.#before.clients.get(key) === 'active'
    if (!active) return 'unauthenticated'
    // Nobody would be left who opens it.
    if (this.#before.completed.has(epoch)) return 'epoch'
    const { quotas } = this.#before
    const total = keyOf(tenant, '')
    const [own, all] = [withDeposit(this.#used(key), size), withDeposit(this.#used(total), size)]
    if (!isWithin(own, quotas.client) || !isWithin(all, quotas.tenant)) return 'quota'
    this.usage.set(key, own).set(total, all)
    return undefined
  }

  #used(key: string): Usage {
    return this.usage.get(key) ?? this.#before.usage.get(key) ?? NOTHING
  }

  #enrol({ tenant, client }: Owner, invitation: Uint8Array): Refusal | undefined {
    const [key, by] = [keyOf(tenant, client), keyOf(tenant, invitation)]
    const expires = this.#before.invitations.get(by)
    if (expires === undefined || expires <= this.#before.now || this.#spent.has(by)) return 'invitation'
    if (this.#before.clients.has(key) || this.#enrolled.has(key)) return 'enrolled'
    this.#enrolled.add(key)
    this.#spent.add(by)
    return undefined
  }

  #epoch(
    { number, previous }: { number: number; previous: Uint8Array | null },
    digest: Uint8Array,
  ): Refusal | undefined {
    const last = this.#lastEpoch
    const follows = last
      ? number === last.number + 1 && previous !== null && equalBytes(previous, last.digest)
      : number === 1 && previous === null
    if (!follows) return 'epoch'
    this.#lastEpoch = { number, digest }
    return undefined
  }
}
