import type { AuthorityTrust, EpochChain, VerifyLater } from '@strongroom/core/protocol'
import type { AuthorityLog } from '../log/index.ts'
import type { Store } from '../store/index.ts'
import type { KeyDeriver } from './challenges.ts'

/** An authority as its requests see it. */
export interface ServedAuthority {
  readonly store: Store
  readonly log: AuthorityLog
  readonly keys: KeyDeriver
  readonly trust: AuthorityTrust
  /** Verifies as `trust` does, by other threads; so many at a time. */
  readonly verifyLater: VerifyLater
  /**
   * Its epoch records, verified. They are kept; they are read again when they do not have the one that is asked for.
   *
   * @param wanted the statement digest of an epoch
   */
  epochs(wanted?: Uint8Array): Promise<EpochChain>
}

/** What one node takes. */
export interface ServiceLimits {
  readonly depositsPerRequest: number
  /** A request must have arrived after so many seconds. */
  readonly bodySeconds: number
  readonly requestsPerMinute: { readonly address: number; readonly client: number }
}
