import { equalBytes } from '@strongroom/core/bytes'
import { ProtocolError, type AuthorityTrust, type EpochChain } from '@strongroom/core/protocol'
import { AdmissionError } from '../model/admission-error.ts'
import {
  admitDeposit,
  admitEnrolment,
  admitEpoch,
  type AdmittedStatement,
} from '../model/admitted-statement.ts'
import { foldText } from '../model/folded-text.ts'
import { keyOf } from '../model/group-judgement.ts'
import { withDeposit } from '../model/quota.ts'
import type { StatementRow, Usage } from '../model/statement-rows.ts'
import type { AuditedStatement, Store } from '../store/store.ts'
import type { Finding } from './fsck.ts'
import { sameValue } from './same-value.ts'

/** Checks statements one after the other, in the order of the log, and the rows that stand for them. */
export class StatementCheck {
  readonly #store: Store
  readonly #trust: AuthorityTrust
  readonly #epochs: EpochChain | undefined
  /** The signers of clients as they enrolled, by `keyOf`: not the rows, which may have been changed. */
  readonly #signers = new Map<string, string>()
  readonly counts = { statements: 0, deposits: 0, clients: 0, epochs: 0 }
  /** What was stored for clients, and for tenants under the empty client, by `keyOf`. */
  readonly usage = new Map<string, Usage>()
  /** Invitations that were used, by `keyOf`, and the digests of the enrolments. */
  readonly spent = new Map<string, Uint8Array>()

  constructor(store: Store, trust: AuthorityTrust, epochs: EpochChain | undefined) {
    this.#store = store
    this.#trust = trust
    this.#epochs = epochs
  }

  async *check(audited: AuditedStatement): AsyncGenerator<Finding> {
    const { statement } = audited
    const at = `leaf ${statement.index}`
    this.counts.statements++
    const admitted = this.#admit(statement)
    if (typeof admitted === 'string') {
      yield { kind: 'statement', at, problem: admitted }
      return
    }
    if (!equalBytes(admitted.digest, statement.digest)) {
      yield { kind: 'statement', at, problem: 'its digest is that of other bytes' }
    }
    const { owner } = admitted
    if (owner.tenant !== statement.tenant || owner.client !== statement.client) {
      yield { kind: 'row', at, problem: 'it is listed under another owner' }
    }
    const problem = await this.#compare(admitted, audited)
    if (problem !== undefined) yield { kind: 'row', at, problem }
  }

  /** The statement, checked as it was when it came; or what is wrong with it. */
  #admit({ kind, bytes, tenant, client }: StatementRow): AdmittedStatement | string {
    try {
      if (kind === 'epoch') return admitEpoch(bytes, this.#trust)
      if (kind === 'enrolment') return admitEnrolment(bytes, this.#trust)
      const signer = this.#signers.get(keyOf(tenant, client))
      if (signer === undefined) return 'no enrolment of its client stands before it'
      if (!this.#epochs) return 'there is no valid epoch to check it against'
      const owner = { tenant, client, signer, state: 'active' } as const
      return admitDeposit(bytes, { ...this.#trust, client: owner, epochs: this.#epochs })
    } catch (error) {
      if (error instanceof ProtocolError || error instanceof AdmissionError) return error.message
      throw error
    }
  }

  /** What is wrong with the rows of a statement; undefined if nothing is. */
  async #compare(
    { owner, facts, bytes, digest }: AdmittedStatement,
    audited: AuditedStatement,
  ): Promise<string | undefined> {
    const { index, received } = audited.statement
    if (facts.kind === 'deposit') {
      this.counts.deposits++
      this.#count(owner.tenant, owner.client, bytes.length)
      this.#count(owner.tenant, '', bytes.length)
      const { description } = facts.deposit
      const searched = description === undefined ? {} : { folded: foldText(description) }
      const place = { digest, index, received, size: bytes.length, level: 0 }
      const expected = { ...owner, ...facts.deposit, ...place, ...searched }
      return differs('deposit', expected, audited.deposit)
    }
    if (facts.kind === 'epoch') {
      this.counts.epochs++
      return differs('epoch', facts.number, audited.epoch)
    }
    if (facts.kind !== 'enrolment') return undefined
    this.counts.clients++
    const { enrolment } = facts
    this.#signers.set(keyOf(owner.tenant, owner.client), enrolment.signer)
    this.spent.set(keyOf(owner.tenant, enrolment.invitation), digest)
    if (audited.client !== owner.client) return 'its row of client is missing'
    const row = await this.#store.client(owner.client)
    const { state: _, ...found } = row ?? { state: undefined }
    return differs('client', { ...owner, ...enrolment, enrolment: digest, received }, row && found)
  }

  #count(tenant: string, client: string, size: number): void {
    const key = keyOf(tenant, client)
    this.usage.set(key, withDeposit(this.usage.get(key) ?? { deposits: 0, bytes: 0 }, size))
  }
}

function differs(what: string, expected: unknown, found: unknown): string | undefined {
  if (found === undefined) return `its row of ${what} is missing`
  return sameValue(expected, found) ? undefined : `its row of ${what} says something else`
}
