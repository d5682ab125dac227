import { logPolicyOf, type EpochChain } from '@strongroom/core/protocol'
import { TlogError, verifyCheckpoint, type TreeHead } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { StoreError } from '../store/store-error.ts'
import type { Store } from '../store/store.ts'
import type { Finding } from './fsck.ts'
import { verifyRaw } from './node-signatures.ts'

/** Whether the kept checkpoint is signed by the log's keys of some epoch, and of the tree that is there. */
export async function* checkCheckpoint(store: Store, epochs: EpochChain): AsyncGenerator<Finding> {
  const kept = await store.checkpoint()
  if (!kept) return
  const verified = verifiedBySome(kept.note, epochs)
  if (!verified)
    yield { kind: 'checkpoint', at: 'checkpoint', problem: 'it is not signed by the keys of any epoch' }
  else if (verified.size !== kept.size || !(await holds(store, verified))) {
    yield {
      kind: 'checkpoint',
      at: 'checkpoint',
      problem: `it is of another tree of ${verified.size} leaves`,
    }
  }
}

/** A checkpoint that the log's keys of some epoch have signed; undefined if those of none have. */
export function verifiedBySome(note: Uint8Array, { epochs }: EpochChain): TreeHead | undefined {
  for (const { payload } of epochs.toReversed()) {
    try {
      return verifyCheckpoint(note, logPolicyOf(payload, { sha256, verifyRaw }))
    } catch (error) {
      if (!(error instanceof TlogError)) throw error
    }
  }
  return undefined
}

/** Whether the database has all that this node has signed; if not, which receipts it no longer honours. */
export async function* checkFloor(store: Store, signed: TreeHead): AsyncGenerator<Finding> {
  if (await holds(store, signed)) return
  const { size } = await store.head()
  const problem =
    size < signed.size
      ? `this node has signed ${signed.size} leaves: receipts for those from ${size} on are not honoured`
      : `this node has signed other leaves among the first ${signed.size}: their receipts are not honoured`
  yield { kind: 'promise', at: `leaf ${Math.min(size, signed.size)}`, problem }
}

async function holds(store: Store, head: TreeHead): Promise<boolean> {
  try {
    await store.checkFloor(head)
    return true
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_BEHIND') return false
    throw error
  }
}
