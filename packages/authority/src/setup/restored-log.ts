import { equalBytes, toHex } from '@strongroom/core/bytes'
import {
  clientIdOf,
  parseEnvelope,
  ProtocolError,
  statementDigest,
  verifyEpochs,
  type AuthorityTrust,
  type Envelope,
  type EpochChain,
  type RecoveryRequest,
} from '@strongroom/core/protocol'
import { verifiedBySome } from '../log/index.ts'
import {
  AdmissionError,
  admitDeposit,
  admitEnrolment,
  admitEpoch,
  admitRecovery,
  parseDepositBlob,
  sha256,
  type AdmittedStatement,
  type Beside,
} from '../model/index.ts'
import type { Store, StatementGroup } from '../store/index.ts'
import type { BackupRecord } from './backup-file.ts'
import { parseBeside } from './beside-record.ts'
import {
  parseContact,
  parseInvitationRecord,
  parseLog,
  parseStatement,
  parseSubjectBytes,
  parseSuspended,
  parseTenant,
  type BackedUpLog,
  type BackedUpStatement,
} from './backup-records.ts'
import { SetupError } from './setup-error.ts'
import { StatementTree } from './statement-tree.ts'

/** Statements of one transaction. */
const MOST_STATEMENTS = 1_024

/**
 * A log that is built again from the records of a backup. Every statement is checked as it was when it came, every signature of it, and
 * at the end the tree over all of them must be the one that was signed. With a store everything is written to it on the way.
 */
export class RestoredLog {
  readonly #trust: AuthorityTrust
  readonly #store: Store | undefined
  readonly #tree = new StatementTree()
  readonly #envelopes: Envelope[] = []
  readonly #signers = new Map<string, string>()
  readonly #beside = new Map<string, Beside>()
  readonly #requests = new Map<string, RecoveryRequest>()
  #epochs: EpochChain | undefined
  #log: BackedUpLog | undefined
  #waiting: { statement: AdmittedStatement; received: number }[] = []

  constructor(trust: AuthorityTrust, store?: Store) {
    this.#trust = trust
    this.#store = store
  }

  /** How many statements there were so far, of how many. */
  get progress(): readonly [done: number, of: number] {
    return [this.#tree.size, this.#log?.size ?? 0]
  }

  /** @throws SetupError BACKUP_CONTENT, BACKUP_FORMAT; StoreError */
  async add({ name, body }: BackupRecord): Promise<void> {
    if (name === 'log') this.#log = parseLog(body)
    if (name === 'tenant') await this.#addTenant(body)
    if (name === 'invitation') await this.#addInvitation(body)
    if (name === 'terms') await this.#store?.recovery.addTerms(body)
    if (name === 'contact') await this.#store?.recovery.notices.addContact(parseContact(body))
    if (name === 'beside') this.#addBeside(body)
    if (name === 'statement') await this.#addStatement(parseStatement(body))
    if (name === 'suspended') await this.#suspend(body)
    if (name === 'receipt' || name === 'blob') await this.#addBytes(name, body)
    if (name === 'end') await this.#flush()
  }

  /** When all records were added. @returns what it is the log of */
  async finish(): Promise<BackedUpLog & { readonly origin: string }> {
    const log = this.#log
    if (!log || !this.#epochs) throw refused('there is no epoch in it')
    if (this.#tree.size !== log.size || !equalBytes(this.#tree.root(), log.root)) {
      throw refused('its statements are not those of its checkpoint')
    }
    const signed = verifiedBySome(log.note, this.#epochs)
    if (!signed || signed.size !== log.size || !equalBytes(signed.root, log.root)) {
      throw refused('its checkpoint is not signed by the log of any epoch')
    }
    const { origin } = this.#epochs.latest.payload.log
    await this.#store?.claim(origin)
    await this.#store?.keepCheckpoint({ size: log.size, note: log.note })
    return { ...log, origin }
  }

  async #addTenant(body: Uint8Array): Promise<void> {
    const tenant = parseTenant(body)
    if ((await this.#store?.addTenant(tenant)) === false) throw refused('a tenant is in it twice')
  }

  async #addInvitation(body: Uint8Array): Promise<void> {
    const invitation = parseInvitationRecord(body)
    if ((await this.#store?.addInvitation(invitation)) === false) throw refused('an invitation of no tenant')
  }

  async #addStatement(record: BackedUpStatement): Promise<void> {
    const at = `statement ${this.#tree.size}`
    const statement = this.#admit(record, at)
    if (!equalBytes(this.#tree.add(record), statement.digest)) throw refused(`${at} has another digest`)
    this.#waiting.push({ statement, received: record.received })
    if (this.#waiting.length >= MOST_STATEMENTS) await this.#flush()
  }

  #admit({ kind, bytes }: BackedUpStatement, at: string): AdmittedStatement {
    try {
      if (kind === 'epoch') return this.#admitEpoch(bytes)
      if (kind === 'enrolment') return this.#admitEnrolment(bytes)
      if (kind === 'deposit') return this.#admitDeposit(bytes)
      return this.#admitRecovery(bytes)
    } catch (cause) {
      if (!(cause instanceof ProtocolError || cause instanceof AdmissionError)) throw cause
      throw refused(`${at}: ${cause.message}`, cause)
    }
  }

  #addBeside(body: Uint8Array): void {
    const { digest, beside } = parseBeside(body)
    this.#beside.set(toHex(digest), beside)
  }

  async #addBytes(name: 'receipt' | 'blob', body: Uint8Array): Promise<void> {
    await this.#flush()
    const { tenant, subject, deposit, bytes } = parseSubjectBytes(name, body)
    const recovery = this.#store?.recovery
    if (deposit) await recovery?.keepReleaseBlobs(tenant, subject, [{ id: deposit, blob: bytes }])
    else await recovery?.keepReceipt(tenant, subject, bytes)
  }

  #admitRecovery(bytes: Uint8Array): AdmittedStatement {
    const digest = toHex(statementDigest(sha256, parseEnvelope(bytes)))
    const admitted = admitRecovery(bytes, this.#trust, this.#beside.get(digest))
    const { facts } = admitted
    if (facts.kind === 'request') this.#requests.set(digest, facts.payload)
    const request = facts.kind === 'release' && this.#requests.get(toHex(facts.payload.subject))
    // Deposits of the client that it becomes may follow.
    if (request && request.class === 'self') {
      const client = clientIdOf(sha256, request.tenant, request.signer)
      this.#signers.set(`${request.tenant}/${client}`, request.signer)
    }
    return admitted
  }

  #admitEpoch(bytes: Uint8Array): AdmittedStatement {
    const admitted = admitEpoch(bytes, this.#trust)
    this.#envelopes.push(parseEnvelope(bytes))
    this.#epochs = verifyEpochs(this.#envelopes, this.#trust)
    return admitted
  }

  #admitEnrolment(bytes: Uint8Array): AdmittedStatement {
    const admitted = admitEnrolment(bytes, this.#trust)
    const { owner, facts } = admitted
    if (facts.kind === 'enrolment')
      this.#signers.set(`${owner.tenant}/${owner.client}`, facts.enrolment.signer)
    return admitted
  }

  #admitDeposit(blob: Uint8Array): AdmittedStatement {
    const deposit = parseDepositBlob(blob)
    const { tenant, clientId: client } = deposit.claim().context
    const signer = this.#signers.get(`${tenant}/${client}`)
    if (signer === undefined) throw refused('a deposit before the enrolment of its client')
    if (!this.#epochs) throw refused('a deposit before the first epoch')
    const owner = { tenant, client, signer, state: 'active' } as const
    return admitDeposit(deposit, { ...this.#trust, client: owner, epochs: this.#epochs })
  }

  async #suspend(body: Uint8Array): Promise<void> {
    await this.#flush()
    const owner = parseSuspended(body)
    // A client that enrolled after the checkpoint is not in the backup; its suspension may be.
    if (this.#signers.has(`${owner.tenant}/${owner.client}`)) {
      await this.#store?.setClientState(owner, 'suspended')
    }
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    const store = this.#store
    if (!store || waiting.length === 0) return
    const appended = await store.appendGroups(groupsOf(waiting, this.#trust), await store.head())
    if (appended.some(({ outcomes }) => outcomes.some(({ state }) => state === 'refused'))) {
      throw refused('a statement that could not have been taken')
    }
  }
}

/** Statements that came at the same moment are one group. */
function groupsOf(
  statements: readonly { readonly statement: AdmittedStatement; readonly received: number }[],
  trust: AuthorityTrust,
): StatementGroup[] {
  const groups: { statements: AdmittedStatement[]; received: number; trust: AuthorityTrust }[] = []
  for (const { statement, received } of statements) {
    const last = groups.at(-1)
    if (last?.received === received) last.statements.push(statement)
    else groups.push({ statements: [statement], received, trust })
  }
  return groups
}

function refused(reason: string, cause?: Error): SetupError {
  return new SetupError('BACKUP_CONTENT', `not a backup of this authority: ${reason}`, { cause })
}
