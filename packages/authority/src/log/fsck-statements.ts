import { equalBytes } from '@strongroom/core/bytes'
import {
  ProtocolError,
  type AuthorityTrust,
  type EpochChain,
  type Verify,
  type VerifyLater,
} from '@strongroom/core/protocol'
import { AdmissionError } from '../model/admission-error.ts'
import {
  admitDeposit,
  admitEnrolment,
  admitEpoch,
  type AdmittedStatement,
} from '../model/admitted-statement.ts'
import { foldText } from '../model/folded-text.ts'
import { keyOf } from '../model/group-judgement.ts'
import { parseDepositBlob, type DepositBlob } from '../model/deposit-blob.ts'
import { withDeposit } from '../model/quota.ts'
import type { RecoveryFacts } from '../model/recovery-facts.ts'
import type { StatementRow, Usage } from '../model/statement-rows.ts'
import { verifiedAhead } from '../model/verified-ahead.ts'
import type { AuditedStatement, Store } from '../store/store.ts'
import type { Finding } from './fsck.ts'
import { RecoveryCheck } from './fsck-recovery.ts'
import { sameValue } from './same-value.ts'

/** A deposit that was read and verified before it is checked. */
interface ReadAhead {
  readonly deposit: DepositBlob
  readonly verify: Verify
}

/** Checks statements one after the other, in the order of the log, and the rows that stand for them. */
export class StatementCheck {
  readonly #store: Store
  readonly #trust: AuthorityTrust
  readonly #epochs: EpochChain | undefined
  readonly #recovery: RecoveryCheck
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
    this.#recovery = new RecoveryCheck(store, trust)
  }

  /**
   * Begins to verify the signatures of deposits that will be checked: of clients whose enrolment was checked already.
   *
   * @returns for each statement, in their order, what is known ahead
   */
  readAhead(page: readonly AuditedStatement[], later: VerifyLater): Promise<(ReadAhead | undefined)[]> {
    return Promise.all(page.map(({ statement }) => this.#readAhead(statement, later)))
  }

  async #readAhead(
    { kind, bytes, tenant, client }: StatementRow,
    later: VerifyLater,
  ): Promise<ReadAhead | undefined> {
    const signer = this.#signers.get(keyOf(tenant, client))
    if (kind !== 'deposit' || signer === undefined) return undefined
    try {
      const deposit = parseDepositBlob(bytes)
      const { message, signature } = deposit.claim()
      return { deposit, verify: await verifiedAhead(later, { signer, message, signature }) }
    } catch {
      // What is wrong with it is found when it is checked.
      return undefined
    }
  }

  async *check(audited: AuditedStatement, ahead?: ReadAhead): AsyncGenerator<Finding> {
    const { statement } = audited
    const at = `leaf ${statement.index}`
    this.counts.statements++
    const admitted = await this.#admit(statement, ahead)
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
  async #admit(row: StatementRow, ahead: ReadAhead | undefined): Promise<AdmittedStatement | string> {
    const { kind, bytes, tenant, client } = row
    try {
      if (kind === 'epoch') return admitEpoch(bytes, this.#trust)
      if (kind === 'enrolment') return admitEnrolment(bytes, this.#trust)
      if (kind !== 'deposit') return await this.#recovery.admit(row)
      const signer = this.#signers.get(keyOf(tenant, client))
      if (signer === undefined) return 'no enrolment of its client stands before it'
      if (!this.#epochs) return 'there is no valid epoch to check it against'
      const owner = { tenant, client, signer, state: 'active' } as const
      // What was not found to be valid ahead is verified now: its signer may be another than it seemed to be.
      const verify: Verify = (...asked) => ahead?.verify(...asked) === true || this.#trust.verify(...asked)
      const { sha256 } = this.#trust
      return admitDeposit(ahead?.deposit ?? bytes, { sha256, verify, client: owner, epochs: this.#epochs })
    } catch (error) {
      if (error instanceof ProtocolError || error instanceof AdmissionError) return error.message
      throw error
    }
  }

  /** What is wrong with the rows of a statement; undefined if nothing is. */
  async #compare(admitted: AdmittedStatement, audited: AuditedStatement): Promise<string | undefined> {
    const { owner, facts, bytes, digest } = admitted
    const { index, received } = audited.statement
    if (facts.kind === 'deposit') {
      this.counts.deposits++
      this.#count(owner.tenant, owner.client, bytes.length)
      this.#count(owner.tenant, '', bytes.length)
      const { description } = facts.deposit
      const searched = description === undefined ? {} : { folded: foldText(description) }
      const place = { digest, index, received, size: bytes.length, level: await this.#levelOf(audited) }
      const expected = { ...owner, ...facts.deposit, ...place, ...searched }
      return differs('deposit', expected, audited.deposit)
    }
    if (facts.kind === 'epoch') {
      this.counts.epochs++
      return differs('epoch', facts.number, audited.epoch)
    }
    if (facts.kind !== 'enrolment') return this.#compareRecovery(admitted, facts, audited.statement)
    this.counts.clients++
    const { enrolment } = facts
    this.#signers.set(keyOf(owner.tenant, owner.client), enrolment.signer)
    this.spent.set(keyOf(owner.tenant, enrolment.invitation), digest)
    if (audited.client !== owner.client) return 'its row of client is missing'
    const row = await this.#store.client(owner.client)
    const { state: _, ...found } = row ?? { state: undefined }
    return differs('client', { ...owner, ...enrolment, enrolment: digest, received }, row && found)
  }

  async #compareRecovery(
    admitted: AdmittedStatement,
    facts: RecoveryFacts,
    row: StatementRow,
  ): Promise<string | undefined> {
    const bound = this.#recovery.bound(facts)
    if (bound && !this.#signers.has(bound.key)) {
      this.counts.clients++
      this.#signers.set(bound.key, bound.signer)
    }
    return this.#recovery.compare(admitted, facts, row)
  }

  /** Level 2 is the custodian's word, which stands further on; a row that says so without one is found here. */
  async #levelOf({ statement, deposit }: AuditedStatement): Promise<number> {
    if (!deposit || deposit.level === 0) return 0
    const { tenant, digest } = statement
    const opened = await this.#store.recovery.audit.has('opened', { tenant, deposit: digest, correct: 1 })
    return opened ? 2 : 0
  }

  /** What no statement stands for. */
  async *extra(): AsyncGenerator<Finding> {
    for await (const { at, problem } of this.#recovery.extra()) yield { kind: 'row', at, problem }
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
