import { equalBytes, toHex } from '@strongroom/core/bytes'
import { parseDepositBlob } from '@strongroom/core/client'
import {
  depositListDigest,
  verifyDeposit,
  verifyOwner,
  type RecoveryBundle,
  type RecoveryRequest,
  type VerifiedDeposit,
  type VerifiedOwner,
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
  /** The key blob of its newest rewrap. Not verified: whoever opens it compares what is in it. */
  readonly rewrapped?: Uint8Array
}

/** The client whose deposits are asked for, by its enrolment, or by the request and the release that let it in. @throws CustodianError BUNDLE_OWNER, BUNDLE_NOT_LOGGED */
export function ownerOf(
  { enrolments }: RecoveryBundle,
  { tenant, client }: Pick<RecoveryRequest, 'tenant' | 'client'>,
  tree: BundleTree,
): VerifiedOwner {
  const { trust, epochs } = tree
  const owner = refusing('BUNDLE_OWNER', () => verifyOwner(enrolments, { ...trust, epochs }))
  const [first = 0, second] = enrolments.map((envelope) =>
    tree.places.of(entryOf(envelope), 'a statement that shows the owner'),
  )
  checkReleasedThen(owner, { first, second }, tree)
  if (owner.clientId === client && owner.tenant === tenant) return owner
  throw new CustodianError('BUNDLE_OWNER', 'the enrolment is of another client')
}

/** A key that was the custodian's once must not let anybody in later. */
function checkReleasedThen(
  { release }: VerifiedOwner,
  { first, second }: { readonly first: number; readonly second: number | undefined },
  { custodianAt }: BundleTree,
): void {
  if (!release) return
  if (second !== undefined && second > first && custodianAt(second) === release.payload.custodian) return
  throw new CustodianError(
    'BUNDLE_OWNER',
    'the owner was released by somebody who was not the custodian then',
  )
}

/** The deposits of a request, in ascending order of their ids. @throws CustodianError BUNDLE_DEPOSITS, BUNDLE_NOT_LOGGED */
export function depositsOf(
  { deposits, rewrapped = [] }: RecoveryBundle,
  { deposits: listed, tenant, client }: Pick<RecoveryRequest, 'deposits' | 'tenant' | 'client'>,
  { signer }: VerifiedOwner,
  tree: BundleTree,
): CheckedDeposit[] {
  const found = deposits.map((blob) => ({ blob, entry: entryOfDeposit(blob) }))
  const ids = found.map(({ entry }) => entry.digest)
  const digest = refusing('BUNDLE_DEPOSITS', () => depositListDigest(sha256, ids))
  const keys = ids.map(toHex)
  if (keys.some((key, i) => i > 0 && key <= (keys[i - 1] ?? ''))) {
    throw new CustodianError('BUNDLE_DEPOSITS', 'deposits that are not in the order of their ids')
  }
  if (ids.length !== listed.count || !equalBytes(digest, listed.digest)) {
    throw new CustodianError('BUNDLE_DEPOSITS', 'the deposits are not those that the request lists')
  }
  const rewraps = new Map(rewrapped.map(({ id, blob }) => [toHex(id), blob]))
  const asked = new Set(keys)
  if ([...rewraps.keys()].some((key) => !asked.has(key))) {
    throw new CustodianError('BUNDLE_DEPOSITS', 'a rewrap of a deposit that is not asked for')
  }
  return found.map(({ blob, entry }) => {
    tree.places.of(entry, 'a deposit')
    const verified = refusing('BUNDLE_DEPOSITS', () => {
      const { body, recipientStanza } = parseDepositBlob(blob)
      const { trust, epochs } = tree
      return verifyDeposit(body, { ...trust, tenant, clientId: client, signer, epochs, recipientStanza })
    })
    const wrapped = rewraps.get(toHex(entry.digest))
    return { id: entry.digest, blob, verified, ...(wrapped && { rewrapped: wrapped }) }
  })
}
