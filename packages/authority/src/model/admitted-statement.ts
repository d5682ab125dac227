import {
  epochStanding,
  parseEnvelope,
  signerIdOf,
  verifyDeposit,
  verifyEnrolment,
  verifyEpoch,
  type AuthorityTrust,
  type DepositContext,
  type EpochChain,
  type VerifyMeans,
} from '@strongroom/core/protocol'
import { AdmissionError } from './admission-error.ts'
import { DepositBlob, parseDepositBlob } from './deposit-blob.ts'
import { openRecovery, type Beside, type RecoveryFacts } from './recovery-facts.ts'
import {
  AUTHORITY,
  type ClientRow,
  type DepositFacts,
  type EnrolmentFacts,
  type Owner,
} from './statement-rows.ts'

// Held by this module alone: nobody else can make an AdmittedStatement.
const MADE_BY_ADMISSION = Symbol('admitted')

/** What follows from a statement's bytes, by kind. */
export type StatementFacts =
  | { readonly kind: 'deposit'; readonly deposit: DepositFacts }
  | { readonly kind: 'enrolment'; readonly enrolment: EnrolmentFacts }
  | {
      readonly kind: 'epoch'
      readonly number: number
      readonly previous: Uint8Array | null
      /** The digest of its policy document. */
      readonly policy: Uint8Array
    }
  | RecoveryFacts

/**
 * A statement whose bytes, signatures and owner were checked: what the log takes. Only this module makes one: to hold it is the
 * proof. Whether there is room for it, and whether its invitation is still open, is decided when it is stored.
 */
export class AdmittedStatement {
  readonly owner: Owner
  /** The statement digest: 32 bytes. */
  readonly digest: Uint8Array
  readonly bytes: Uint8Array
  readonly facts: StatementFacts

  constructor(
    token: typeof MADE_BY_ADMISSION,
    statement: { owner: Owner; digest: Uint8Array; bytes: Uint8Array; facts: StatementFacts },
  ) {
    if (token !== MADE_BY_ADMISSION)
      throw new TypeError('a statement is admitted by the admit functions alone')
    this.owner = statement.owner
    this.digest = statement.digest
    this.bytes = statement.bytes
    this.facts = statement.facts
  }
}

/** What a deposit is checked against. */
export interface DepositAdmission extends VerifyMeans {
  /** The client that sends it. */
  readonly client: Pick<ClientRow, 'tenant' | 'client' | 'signer' | 'state'>
  readonly epochs: EpochChain
  /** The authority's clock, in milliseconds since 1970. Left out where an old statement is checked again. */
  readonly now?: number
}

/**
 * Checks a deposit: docs/spec/authority-protocol.md, "Verifying a deposit".
 *
 * @param deposit the key blob; or what `parseDepositBlob` made of it, which is not done again
 * @throws AdmissionError; ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE, PROTOCOL_BINDING
 */
export function admitDeposit(
  deposit: Uint8Array | DepositBlob,
  { client, epochs, now, ...means }: DepositAdmission,
): AdmittedStatement {
  const blob = deposit instanceof DepositBlob ? deposit : parseDepositBlob(deposit)
  const { bytes, recipientStanza } = blob
  const expected = { tenant: client.tenant, clientId: client.client, signer: client.signer }
  const { context } = verifyDeposit(blob.claim(), { ...means, ...expected, epochs, recipientStanza })
  if (now !== undefined) {
    if (client.state !== 'active') throw new AdmissionError('ADMISSION_CLIENT', 'the client is suspended')
    checkStanding(context, epochs, now)
  }
  return new AdmittedStatement(MADE_BY_ADMISSION, {
    owner: { tenant: client.tenant, client: client.client },
    digest: means.sha256(bytes),
    bytes,
    facts: { kind: 'deposit', deposit: factsOf(context) },
  })
}

function checkStanding({ epochNumber }: DepositContext, epochs: EpochChain, now: number): void {
  const epoch = epochs.find(epochNumber)
  const standing = epoch ? epochStanding(epoch.payload, now) : 'over'
  if (standing === 'current' || standing === 'grace') return
  throw new AdmissionError('ADMISSION_EPOCH', `epoch ${epochNumber} is ${standing}`)
}

function factsOf(context: DepositContext): DepositFacts {
  const { serial, commitment, epochNumber, format, retention, createdMs } = context
  const { sealId, object, description, previous } = context
  return {
    serial,
    commitment,
    epoch: epochNumber,
    format,
    retention,
    created: createdMs,
    ...(sealId && { sealId }),
    ...(object && { object }),
    ...(description?.kind === 'plain' && { description: description.text }),
    ...(previous && { previous }),
  }
}

/**
 * Checks an enrolment: docs/spec/authority-protocol.md, "Enrolment", steps 1 to 3. That its challenge is the one that was given
 * is for the caller to know.
 *
 * @param trust whose `identity` is the authority's own
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE, PROTOCOL_BINDING
 */
export function admitEnrolment(bytes: Uint8Array, trust: AuthorityTrust): AdmittedStatement {
  const { statement, clientId } = verifyEnrolment(parseEnvelope(bytes), trust)
  const { tenant, signer, exchange, name, invitation } = statement.payload
  const enrolment = { signer, exchange, name, invitation: signerIdOf(trust.sha256, invitation) }
  return new AdmittedStatement(MADE_BY_ADMISSION, {
    owner: { tenant, client: clientId },
    digest: statement.digest,
    bytes,
    facts: { kind: 'enrolment', enrolment },
  })
}

/**
 * Checks an epoch record. That it follows from the one before is decided when it is stored.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE, AUTHORITY_IDENTITY
 */
export function admitEpoch(bytes: Uint8Array, trust: AuthorityTrust): AdmittedStatement {
  const { digest, payload } = verifyEpoch(parseEnvelope(bytes), trust)
  return new AdmittedStatement(MADE_BY_ADMISSION, {
    owner: AUTHORITY,
    digest,
    bytes,
    facts: {
      kind: 'epoch',
      number: payload.number,
      previous: payload.previous,
      policy: payload.policy,
    },
  })
}

/**
 * Checks a statement about recovery by itself: docs/spec/recovery.md. What it may change is decided when it is stored.
 *
 * @param trust whose `identity` is the authority's own
 * @param beside what came with it: the deposits of a request, the keys of a charter, the results of a custodian
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE, PROTOCOL_BINDING
 */
export function admitRecovery(
  bytes: Uint8Array,
  trust: AuthorityTrust,
  beside: Beside = {},
): AdmittedStatement {
  const { statement, facts, owner } = openRecovery(bytes, trust, beside)
  return new AdmittedStatement(MADE_BY_ADMISSION, { owner, digest: statement.digest, bytes, facts })
}
