import { equalBytes } from '../bytes/index.ts'
import { DepositBody, parseDepositBody } from './deposit-body.ts'
import type { DepositContext } from './deposit-context.ts'
import type { EpochChain } from './epoch-chain.ts'
import { ProtocolError } from './protocol-error.ts'
import { idOfSigner, parseSignerText, type VerifyMeans } from './signer-text.ts'

/** What a deposit is checked against. */
export interface DepositExpectations extends VerifyMeans {
  readonly tenant: string
  readonly clientId: string
  /** The client's public signature key in text form. */
  readonly signer: string
  readonly epochs: EpochChain
  /** The recipient stanza of the same key blob as it is encoded, its last line feed included. */
  readonly recipientStanza: Uint8Array
}

// Held by this module alone: nobody else can make a VerifiedDeposit.
const MADE_BY_VERIFICATION = Symbol('verified')

/**
 * A deposit context that its client signed, and that belongs where it stands. Only `verifyDeposit` makes one.
 *
 * It does not prove that the key blob opens, or to which key: whoever holds a key checks the header MAC and the commitment.
 */
export class VerifiedDeposit {
  readonly context: DepositContext

  constructor(token: typeof MADE_BY_VERIFICATION, context: DepositContext) {
    if (token !== MADE_BY_VERIFICATION) throw new TypeError('a deposit is verified by verifyDeposit alone')
    this.context = context
  }
}

/**
 * Verifies the body of a deposit stanza without any secret key: docs/spec/authority-protocol.md, "Verifying a deposit", steps 2
 * to 5.
 *
 * @param body the bytes; or what `parseDepositBody` made of them, which is not done again
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE, PROTOCOL_BINDING
 */
export function verifyDeposit(
  body: Uint8Array | DepositBody,
  expected: DepositExpectations,
): VerifiedDeposit {
  const { context, message, signature } = body instanceof DepositBody ? body : parseDepositBody(body)
  checkSigner(context, expected)
  if (!expected.verify(expected.signer, message, signature)) {
    throw new ProtocolError('PROTOCOL_SIGNATURE', 'deposit: the signature is not valid')
  }
  checkOwner(context, expected)
  checkEpoch(context, expected.epochs)
  if (!equalBytes(context.recipientDigest, expected.sha256(expected.recipientStanza))) {
    throw foreign('it was signed for another recipient stanza')
  }
  return new VerifiedDeposit(MADE_BY_VERIFICATION, context)
}

function checkSigner({ signer }: DepositContext, expected: DepositExpectations): void {
  const own = parseSignerText(expected.signer)
  if (signer.suiteId === own.suiteId && equalBytes(signer.id, idOfSigner(expected.sha256, own))) return
  throw new ProtocolError('PROTOCOL_SIGNATURE', 'deposit: signed by another key than that of the client')
}

function checkOwner(context: DepositContext, { tenant, clientId }: DepositExpectations): void {
  if (context.tenant !== tenant) throw foreign('it is of another tenant')
  if (context.clientId !== clientId) throw foreign('it is of another client')
}

function checkEpoch(context: DepositContext, epochs: EpochChain): void {
  const epoch = epochs.find(context.epochNumber)
  if (!epoch || !equalBytes(context.epochDigest, epoch.digest)) throw foreign('it is for an unknown epoch')
  if (!equalBytes(context.policy, epoch.payload.policy)) throw foreign('it is under another policy')
}

function foreign(reason: string): ProtocolError {
  return new ProtocolError('PROTOCOL_BINDING', `deposit: ${reason}`)
}
