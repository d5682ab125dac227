import { equalBytes, toHex } from '@strongroom/core/bytes'
import { parseDepositBlob } from '@strongroom/core/client'
import {
  depositListDigest,
  verifyDeposit,
  verifyEnrolment,
  type RecoveryBundle,
  type RecoveryRequest,
  type VerifiedDeposit,
  type VerifiedEnrolment,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import { entryOf, entryOfDeposit } from './bundle-entries.ts'
import type { BundleTree } from './bundle-tree.ts'
import { CustodianError } from './custodian-error.ts'
import { refusing } from './refusing.ts'

/** A deposit that its owner signed and the log has: what the request asks for. */
export interface CheckedDeposit {
  /** 32 bytes. */
  readonly id: Uint8Array
  readonly blob: Uint8Array
  readonly verified: VerifiedDeposit
}

/** The enrolment of the client whose deposits are asked for. @throws CustodianError BUNDLE_OWNER, BUNDLE_NOT_LOGGED */
export function ownerOf(
  { enrolments }: RecoveryBundle,
  { tenant, client }: Pick<RecoveryRequest, 'tenant' | 'client'>,
  tree: BundleTree,
): VerifiedEnrolment {
  const [envelope, ...others] = enrolments
  if (!envelope || others.length > 0) {
    throw new CustodianError('BUNDLE_OWNER', `expected the enrolment of one client, got ${enrolments.length}`)
  }
  const enrolment = refusing('BUNDLE_OWNER', () => verifyEnrolment(envelope, tree.trust))
  tree.places.of(entryOf(envelope), 'the enrolment of the owner')
  if (enrolment.clientId === client && enrolment.statement.payload.tenant === tenant) return enrolment
  throw new CustodianError('BUNDLE_OWNER', 'the enrolment is of another client')
}

/** The deposits of a request, in ascending order of their ids. @throws CustodianError BUNDLE_DEPOSITS, BUNDLE_NOT_LOGGED */
export function depositsOf(
  { deposits }: RecoveryBundle,
  { deposits: listed, tenant, client }: Pick<RecoveryRequest, 'deposits' | 'tenant' | 'client'>,
  owner: VerifiedEnrolment,
  tree: BundleTree,
): CheckedDeposit[] {
  const found = deposits.map((blob) => ({ blob, entry: entryOfDeposit(blob) }))
  const ids = found.map(({ entry }) => entry.digest)
  const digest = refusing('BUNDLE_DEPOSITS', () => depositListDigest(sha256, ids))
  if (ids.length !== listed.count || !equalBytes(digest, listed.digest)) {
    throw new CustodianError('BUNDLE_DEPOSITS', 'the deposits are not those that the request lists')
  }
  const { signer } = owner.statement.payload
  const keyed = found.map(({ blob, entry }) => {
    tree.places.of(entry, 'a deposit')
    const verified = refusing('BUNDLE_DEPOSITS', () => {
      const { body, recipientStanza } = parseDepositBlob(blob)
      const { trust, epochs } = tree
      return verifyDeposit(body, { ...trust, tenant, clientId: client, signer, epochs, recipientStanza })
    })
    return { id: entry.digest, blob, verified, key: toHex(entry.digest) }
  })
  return keyed.toSorted((one, other) => (one.key < other.key ? -1 : 1))
}
