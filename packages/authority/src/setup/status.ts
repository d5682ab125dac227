import { parseNote, signatureTime } from '@strongroom/core/tlog'
import type { Configuration } from '../config/index.ts'
import { fsck, readEpochChain, type Finding } from '../log/index.ts'
import { keptSigners } from '../model/index.ts'
import { StoreError, type DatabaseFacts, type Store } from '../store/index.ts'
import { summariesOf, type EpochSummary } from './epochs.ts'
import { openStore, readSigned, trustOf } from './opening.ts'
import { tenantsOf, type TenantSummary } from './people.ts'

/** How an authority is. */
export interface AuthorityStatus {
  readonly database: DatabaseFacts & { readonly engine: Store['engine'] }
  readonly tenants: readonly TenantSummary[]
  readonly log: {
    /** Statements that are durable. */
    readonly size: number
    /** Statements in the last checkpoint, and when it was signed: milliseconds since 1970. */
    readonly checkpoint?: { readonly size: number; readonly signed: number }
    /** What this node has signed; absent if nothing. */
    readonly signedHere?: number
  }
  /** Why nothing new is taken; absent if all is well. */
  readonly behind?: string
  readonly epochs: readonly EpochSummary[]
}

/** A signature of the log with a time, of ML-DSA-44: 8 bytes and 2,420. */
const TIMED_SIGNATURE_BYTES = 8 + 2_420

/** Looks at an authority, whether or not its service runs. Changes nothing. @throws StoreError, LogError, ProtocolError */
export async function authorityStatus(configuration: Configuration, now: number): Promise<AuthorityStatus> {
  const store = await openStore(configuration)
  try {
    const signed = await readSigned(configuration)
    const [{ size }, kept] = [await store.head(), await store.checkpoint()]
    const behind = signed && (await reasonBehind(store, signed))
    return {
      database: { engine: store.engine, ...(await store.about()) },
      tenants: await tenantsOf(store, now),
      log: {
        size,
        ...(kept && { checkpoint: { size: kept.size, signed: signingTime(kept.note) } }),
        ...(signed && { signedHere: signed.size }),
      },
      ...(behind !== undefined && { behind }),
      epochs: summariesOf(await readEpochChain(store, trustOf(configuration)), now),
    }
  } finally {
    await store.close()
  }
}

async function reasonBehind(
  store: Store,
  signed: { size: number; root: Uint8Array },
): Promise<string | undefined> {
  try {
    await store.checkFloor(signed)
    return undefined
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_BEHIND') return error.message
    throw error
  }
}

/** When a checkpoint was signed, by the clock of the node that did. */
function signingTime(note: Uint8Array): number {
  const signatures = parseNote(note).signatures.map(({ signature }) => signature)
  const timed = signatures.find(({ length }) => length === TIMED_SIGNATURE_BYTES)
  return ((timed && signatureTime(timed)) ?? 0) * 1000
}

/**
 * Checks everything that an authority keeps, as `fsck` does, and whether this node has signed what the database does not have.
 *
 * @param onProgress called with how many statements were checked, of how many
 */
export async function* fsckAuthority(
  configuration: Configuration,
  onProgress?: (checked: number, of: number) => void,
): AsyncGenerator<Finding> {
  const store = await openStore(configuration)
  try {
    const signed = await readSigned(configuration)
    const { size } = await store.head()
    yield* fsck({
      store,
      trust: trustOf(configuration),
      verifyLater: keptSigners().verifyLater,
      ...(signed && { signed }),
      ...(onProgress && { onProgress: (checked: number) => onProgress(checked, size) }),
    })
  } finally {
    await store.close()
  }
}
