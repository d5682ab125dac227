import type { Identity } from '@strongroom/core/age'
import { equalBytes, wipe } from '@strongroom/core/bytes'
import { parseDepositBlob } from '@strongroom/core/client'
import {
  ACTS,
  ProtocolError,
  rewrapListDigest,
  signStatement,
  verificationListDigest,
  verifyDeposit,
  verifyOwner,
  type AuthorityTrust,
  type DepositResult,
  type Envelope,
  type Epoch,
  type EpochChain,
  type JudgedTree,
  type VerifiedOwner,
  type VerifiedStatement,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import { CustodianError } from './custodian-error.ts'
import type { CustodianKeys } from './custody.ts'
import { rewrapBlob, unwrappedOrNothing, withSessionKey } from './wrapped-key.ts'

/** A deposit of the log, and the statements that show the client that signed it. */
export interface OwnedDeposit {
  readonly blob: Uint8Array
  /** For `verifyOwner`. */
  readonly owner: readonly Envelope[]
  /** The key blob of its newest rewrap. */
  readonly rewrapped?: Uint8Array
}

/** By what deposits are judged outside a recovery. */
export interface DepositTrust {
  readonly trust: AuthorityTrust
  readonly epochs: EpochChain
  /** The log as it was seen last: what the statement says it was made on. */
  readonly tree: JudgedTree
  /** Milliseconds since 1970. */
  readonly now: number
}

/** A deposit that was opened. */
export interface VerifiedResult {
  readonly id: Uint8Array
  readonly right: boolean
}

/**
 * Opens deposits of one epoch and compares what is in them with what their owners promised: what is right is at level 2 as soon as the
 * statement is in the log. Their session keys are wiped at once.
 *
 * One that is not right is a result, not an error, and there is one way of being not right.
 *
 * @throws CustodianError CUSTODIAN_KEY if these are not the keys of the epoch's custodian
 */
export function verifyDeposits(
  deposits: readonly OwnedDeposit[],
  epoch: number,
  keys: CustodianKeys,
  judged: DepositTrust,
): { readonly statement: Envelope; readonly results: readonly VerifiedResult[] } {
  const signed = signedBy(epoch, judged)
  const results = deposits.map((deposit) => ({
    id: sha256(deposit.blob),
    right: signed(deposit) && opens(deposit, keys),
  }))
  const payload = {
    ...framed(keys, judged),
    epoch,
    count: results.length,
    results: verificationListDigest(sha256, results),
    ...ending(judged),
  }
  return { statement: signStatement(sha256, ACTS.verification, payload, [keys.signer]), results }
}

/** What becomes of the deposits of an epoch whose exchange key is to go. */
export interface RewrappedDeposits {
  /** The rewrap blobs, each opened again with the new key before it is called one. */
  readonly wrapped: readonly DepositResult[]
  /** Those that do not open: they keep the old key from going. */
  readonly failed: readonly Uint8Array[]
}

/**
 * Wraps the session keys of deposits for the exchange key of another epoch, and opens each again with it.
 *
 * @throws CustodianError CUSTODIAN_KEY if the new key is not here: what nobody tried to open must not replace what opens
 */
export function rewrapDeposits(
  deposits: readonly OwnedDeposit[],
  from: number,
  to: VerifiedStatement<Epoch>,
  keys: CustodianKeys,
  judged: DepositTrust,
): RewrappedDeposits {
  const signed = signedBy(from, judged)
  const wrapped: DepositResult[] = []
  const failed: Uint8Array[] = []
  for (const deposit of deposits) {
    const id = sha256(deposit.blob)
    const blob = signed(deposit)
      ? withSessionKey({ ...deposit, id }, keys.identities, (sessionKey) => {
          const made = rewrapBlob(sessionKey, to, id)
          checkOpens(made, sessionKey, keys.identities)
          return made
        })
      : undefined
    if (blob) wrapped.push({ id, blob })
    else failed.push(id)
  }
  return { wrapped, failed }
}

/** States which deposits were wrapped for another epoch. */
export function stateRewrap(
  wrapped: readonly DepositResult[],
  { from, to }: { readonly from: number; readonly to: number },
  keys: CustodianKeys,
  judged: DepositTrust,
): Envelope {
  const payload = {
    ...framed(keys, judged),
    from,
    to,
    count: wrapped.length,
    results: rewrapListDigest(sha256, wrapped),
    ...ending(judged),
  }
  return signStatement(sha256, ACTS.rewrap, payload, [keys.signer])
}

/** By its rewrap, where its own exchange key is gone: that was made of what the deposit held. */
function opens({ blob, rewrapped }: OwnedDeposit, { identities }: CustodianKeys): boolean {
  const deposit = { id: sha256(blob), blob, ...(rewrapped && { rewrapped }) }
  return withSessionKey(deposit, identities, () => true) === true
}

/**
 * Whether deposits are signed by their owners: docs/spec/authority-protocol.md, "Verifying a deposit", steps 1 to 5. What shows an owner is
 * verified once, however many deposits come with the same statements.
 */
function signedBy(epoch: number, { trust, epochs }: DepositTrust): (deposit: OwnedDeposit) => boolean {
  const owners = new Map<OwnedDeposit['owner'], VerifiedOwner>()
  const ownerOf = (statements: OwnedDeposit['owner']) => {
    const owner = owners.get(statements) ?? verifyOwner(statements, { ...trust, epochs })
    owners.set(statements, owner)
    return owner
  }
  return ({ blob, owner }) => {
    try {
      const { tenant, signer, clientId } = ownerOf(owner)
      const { body, recipientStanza } = parseDepositBlob(blob)
      const { context } = verifyDeposit(body, { ...trust, tenant, clientId, signer, epochs, recipientStanza })
      return context.epochNumber === epoch
    } catch (error) {
      if (error instanceof ProtocolError) return false
      throw error
    }
  }
}

function checkOpens(blob: Uint8Array, sessionKey: Uint8Array, identities: readonly Identity[]): void {
  const again = unwrappedOrNothing(blob, identities)
  const same = again !== undefined && equalBytes(again, sessionKey)
  if (again) wipe(again)
  if (!same) throw new CustodianError('CUSTODIAN_KEY', 'what was wrapped does not open with the keys at hand')
}

const framed = ({ signer }: CustodianKeys, { trust, epochs }: DepositTrust) => {
  const custodian = signer.signer
  if (epochs.latest.payload.custodian !== custodian) {
    throw new CustodianError('CUSTODIAN_KEY', 'the last epoch names another custodian than this one')
  }
  return { identity: trust.identity, custodian }
}

const ending = ({ tree, now }: DepositTrust) => ({
  checkpoint: tree,
  created: Math.floor(now / 1000) * 1000,
})
