import { equalBytes } from '@strongroom/core/bytes'
import { verifyEpochs, type AuthorityTrust, type EpochChain } from '@strongroom/core/protocol'
import { readEpochChain } from '../log/index.ts'
import type { Store } from '../store/index.ts'

/** Another node's new epoch is seen after so many milliseconds, or when a deposit is made for it. */
const KEPT_MS = 5_000
/** So soon they are not read again, whatever is asked for: a client may ask for epochs that there are not. */
const LEAST_MS = 200

/** The epoch records of an authority, verified once for each time that they change. */
export class KeptEpochs {
  readonly #store: Store
  readonly #trust: AuthorityTrust
  readonly #now: () => number
  #chain: EpochChain | undefined
  #read = Number.NEGATIVE_INFINITY
  #reading: Promise<EpochChain> | undefined

  constructor(store: Store, trust: AuthorityTrust, now: () => number) {
    this.#store = store
    this.#trust = trust
    this.#now = now
  }

  /**
   * @param wanted the statement digest of an epoch: without it among those that are kept, they are read again
   * @throws ProtocolError EPOCH_CHAIN if there is none
   */
  async chain(wanted?: Uint8Array): Promise<EpochChain> {
    const chain = this.#chain
    const most = wanted && chain && !has(chain, wanted) ? LEAST_MS : KEPT_MS
    if (chain && Math.abs(this.#now() - this.#read) < most) return chain
    // All who ask meanwhile get the same answer.
    this.#reading ??= this.#readAgain().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readAgain(): Promise<EpochChain> {
    const started = this.#now()
    const found = await readEpochChain(this.#store, this.#trust, this.#chain)
    this.#chain = found ?? verifyEpochs([], this.#trust)
    this.#read = started
    return this.#chain
  }
}

function has({ epochs }: EpochChain, digest: Uint8Array): boolean {
  return epochs.some((epoch) => equalBytes(epoch.digest, digest))
}
