import { readFile } from 'node:fs/promises'
import type { AuthorityTrust, EpochChain } from '@strongroom/core/protocol'
import type { Configuration } from '../config/index.ts'
import type { ServedAuthority } from '../http/index.ts'
import { AuthorityLog, LogKeys } from '../log/index.ts'
import { atMost, keptSigners, sha256 } from '../model/index.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../store/index.ts'
import { KeptEpochs } from './kept-epochs.ts'

/** Signatures that are verified at a time: enough for every thread of the pool, and few enough that a file is not waited for long. */
const MOST_VERIFIED = 8

/** An authority whose database, log and keys are open. */
export interface OpenAuthority extends ServedAuthority {
  readonly store: Store
  readonly log: AuthorityLog
  readonly keys: LogKeys
  readonly trust: AuthorityTrust
  /**
   * Its epoch records.
   *
   * @param wanted the statement digest of an epoch: if it is not among those that are kept, they are read again
   * @throws ProtocolError EPOCH_CHAIN before the first is appended
   */
  epochs(wanted?: Uint8Array): Promise<EpochChain>
  /** Waits for what was begun, then lets go of the database. */
  close(): Promise<void>
}

/** What an authority may be opened with. */
export interface OpenOptions {
  /** The clock, in milliseconds since 1970. */
  readonly now?: () => number
  /** Told what the database does not hold if a replica takes over. */
  readonly onWarning?: (warning: string) => void
}

/**
 * Opens what a configuration names. A database that is behind what this node has signed is opened too: it is read-only.
 *
 * @throws StoreError, LogError as the store and the log are opened; the platform's error if the file of the log's keys cannot be
 *   read
 */
export async function openAuthority(
  configuration: Configuration,
  { now = Date.now, onWarning }: OpenOptions = {},
): Promise<OpenAuthority> {
  const keys = LogKeys.parse(await readFile(configuration.log.keys, 'utf8'))
  const { verify, verifyLater: later } = keptSigners()
  const verifyLater = atMost(MOST_VERIFIED, later)
  const trust = { identity: configuration.identity, sha256, verify }
  const store = await openStore(configuration, onWarning)
  try {
    const signedPath = configuration.log.signed
    const log = await AuthorityLog.open({ store, keys, trust, signedPath, now })
    return assemble({ store, log, keys, trust, verifyLater }, now)
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Opens the database of a configuration; tables are made and changed elsewhere. @throws StoreError */
export function openStore(
  { database, quotas }: Configuration,
  onWarning?: (warning: string) => void,
): Promise<Store> {
  if (database.engine === 'sqlite') return openSqliteStore({ path: database.path, quotas })
  const { engine: _, ownerUrl: __, ...options } = database
  return openPostgresStore({ ...options, quotas, ...(onWarning && { onWarning }) })
}

/** Puts an authority together from its open parts. */
export function assemble(
  parts: Pick<OpenAuthority, 'store' | 'log' | 'keys' | 'trust' | 'verifyLater'>,
  now: () => number,
): OpenAuthority {
  const { store, log, trust } = parts
  const epochs = new KeptEpochs(store, trust, now)
  return {
    ...parts,
    epochs: (wanted) => epochs.chain(wanted),
    close: async () => {
      await log.close()
      await store.close()
    },
  }
}
