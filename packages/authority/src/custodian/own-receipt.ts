import { nodeMeans, verifyRaw } from '@strongroom/core/client'
import { statementDigest, verifyReceipt, type Envelope, type EpochChain } from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import { refusing } from './refusing.ts'

/**
 * Verifies that a receipt is for a statement of this custodian, and gives it back.
 *
 * @throws CustodianError BUNDLE_RECEIPT
 */
export function checkReceipt(
  receipt: Uint8Array,
  kind: 'rewrap' | 'completion',
  envelope: Envelope,
  { trust, epochs }: { readonly trust: { readonly identity: string }; readonly epochs: EpochChain },
): Uint8Array {
  const statement = { kind, digest: statementDigest(sha256, envelope) }
  refusing('BUNDLE_RECEIPT', () =>
    verifyReceipt(receipt, { ...nodeMeans, verifyRaw, identity: trust.identity, epochs, statement }),
  )
  return receipt
}
