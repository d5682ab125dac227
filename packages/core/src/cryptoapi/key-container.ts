import { PAIRS } from './algorithm-table.ts'
import { encodePrivateKeyBlob, parsePrivateKeyBlob } from './blob/private-key-blob.ts'
import type { ContainerScope, ContainerStore, StoredPair } from './container-store.ts'
import { CryptoApiError } from './crypto-api-error.ts'
import { type PairUse, RsaKey } from './rsa-key.ts'

/** The pairs that a context works with: those of a stored container, or of none. */
export interface PairSlots {
  read(use: PairUse): RsaKey | undefined
  /** Installs a pair in place of the one before. @throws CryptoApiError NTE_BAD_KEYSET: the container is gone; NTE_FAIL */
  install(pair: RsaKey): void
  /** Overwrites the private keys that are held here; what a store keeps, stays. */
  wipe(): void
}

/** The pairs of a context without a container: gone with it. */
export class TemporarySlots implements PairSlots {
  readonly #pairs: Partial<Record<PairUse, RsaKey>> = {}

  read(use: PairUse): RsaKey | undefined {
    return this.#pairs[use]
  }

  install(pair: RsaKey): void {
    this.#pairs[pair.use] = pair
  }

  wipe(): void {
    for (const pair of Object.values(this.#pairs)) pair.privateKey?.wipe()
  }
}

/** A pair with what it was parsed from. */
interface ParsedPair {
  readonly stored: StoredPair
  readonly pair: RsaKey
}

/**
 * The pairs of a container in a store. A pair is stored when it is made, and seen by every other context at once.
 */
export class StoredSlots implements PairSlots {
  readonly #store: ContainerStore
  readonly #scope: ContainerScope
  readonly #name: string
  /** Parsed before, good as long as the store gives the same object. */
  readonly #parsed: Partial<Record<PairUse, ParsedPair>> = {}

  constructor(store: ContainerStore, scope: ContainerScope, name: string) {
    this.#store = store
    this.#scope = scope
    this.#name = name
  }

  read(use: PairUse): RsaKey | undefined {
    const stored = this.#store.read(this.#scope, this.#name)?.[use]
    if (stored === undefined) return undefined
    const known = this.#parsed[use]
    if (known?.stored === stored) return known.pair
    const { algorithm, key } = parsePrivateKeyBlob(stored.blob, (id) => PAIRS.has(id), { recovery: true })
    const pair = new RsaKey({
      algorithm,
      publicKey: key.publicKey,
      privateKey: key,
      exportable: stored.exportable,
    })
    this.#parsed[use] = { stored, pair }
    return pair
  }

  install(pair: RsaKey): void {
    const blob = encodePrivateKeyBlob(pair.algorithm, pair.expectPrivate())
    const stored: StoredPair = { blob, exportable: pair.exportable }
    this.#store.update(this.#scope, this.#name, (others) => {
      if (others !== undefined) return { ...others, [pair.use]: stored }
      throw new CryptoApiError('NTE_BAD_KEYSET', 'this key container has been deleted')
    })
    this.#parsed[pair.use] = { stored, pair }
  }

  wipe(): void {
    for (const { pair } of Object.values(this.#parsed)) pair.privateKey?.wipe()
  }
}
