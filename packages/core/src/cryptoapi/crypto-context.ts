import { randomFillSync } from 'node:crypto'
import { type ContainerScope, type ContainerStore, MemoryContainerStore } from './container-store.ts'
import { SIMPLEBLOB } from './constants.ts'
import { CryptoApiError } from './crypto-api-error.ts'
import { deriveKey, type NewKeyOptions } from './derive-key.ts'
import { HashObject } from './hash-object.ts'
import { importKeyBlob, type ImportOptions } from './import-key.ts'
import { type PairSlots, StoredSlots, TemporarySlots } from './key-container.ts'
import { cipherOf, newKeyLength, newPairBits } from './key-lengths.ts'
import { setOddParity } from './parity.ts'
import { type ProviderId, type ProviderRow, PROVIDERS } from './provider-table.ts'
import { ReportingStore } from './reporting-store.ts'
import { generateRsaPrivateKey } from './rsa/generate.ts'
import { PAIR_USES, type PairUse, RsaKey } from './rsa-key.ts'
import { EXPORT_SALT_BYTES, saltOf } from './salt.ts'
import { SessionKey } from './session-key.ts'
import { signHash, type SignatureOptions } from './signature.ts'

/** The longest name of a key container, in characters. */
export const MAX_CONTAINER_NAME = 260

/** How a context is opened. */
export interface ContextOptions {
  /** `enhanced-aes` unless said otherwise. */
  readonly provider?: ProviderId
  /** Where containers are kept. Without one they live as long as the context. */
  readonly store?: ContainerStore
  readonly scope?: ContainerScope
  /**
   * What happens to the container of this name: `open` it, `create` it, or work without any (`temporary`, CryptoAPI's
   * CRYPT_VERIFYCONTEXT), which is what happens when no name is given.
   */
  readonly container?: string
  readonly mode?: 'open' | 'create'
}

/**
 * Opens a provider, with or without a key container.
 *
 * @throws CryptoApiError NTE_BAD_KEYSET: no such container; NTE_EXISTS: `create` and it is there; NTE_BAD_KEYSET_PARAM:
 *   the name is too long; NTE_KEYSET_ENTRY_BAD, NTE_FAIL: the store cannot be read or written
 */
export function acquireContext(options: ContextOptions = {}): CryptoContext {
  const provider = PROVIDERS.find(({ id }) => id === (options.provider ?? 'enhanced-aes'))
  if (provider === undefined)
    throw new CryptoApiError('NTE_KEYSET_NOT_DEF', 'there is no provider of this name')
  const { scope = 'user', container, mode = 'open' } = options
  const store = new ReportingStore(options.store ?? new MemoryContainerStore())
  if (container === undefined) return new CryptoContext(provider, store, scope, '', new TemporarySlots())
  if (container.length > MAX_CONTAINER_NAME) {
    throw new CryptoApiError(
      'NTE_BAD_KEYSET_PARAM',
      `a container's name has at most ${MAX_CONTAINER_NAME} characters`,
    )
  }
  if (mode === 'create') createContainer(store, scope, container)
  else if (store.read(scope, container) === undefined) throw noContainer()
  return new CryptoContext(provider, store, scope, container, new StoredSlots(store, scope, container))
}

/**
 * Takes a key container away, with its pairs.
 *
 * @throws CryptoApiError NTE_BAD_KEYSET: there is none; NTE_FAIL: the store cannot be written
 */
export function deleteContainer(store: ContainerStore, name: string, scope: ContainerScope = 'user'): void {
  new ReportingStore(store).update(scope, name, (found) => {
    if (found === undefined) throw noContainer()
    return undefined
  })
}

function createContainer(store: ContainerStore, scope: ContainerScope, name: string): void {
  store.update(scope, name, (found) => {
    if (found === undefined) return {}
    throw new CryptoApiError('NTE_EXISTS', 'there is a key container of this name already')
  })
}

function noContainer(): CryptoApiError {
  return new CryptoApiError('NTE_BAD_KEYSET', 'there is no key container of this name')
}

/**
 * A provider at work: makes, derives and imports keys, makes hashes, and holds the pairs of its container.
 *
 * Source: Microsoft, "CryptAcquireContext" and the functions that take an HCRYPTPROV; `docs/cryptoapi.md`.
 */
export class CryptoContext {
  readonly provider: ProviderRow
  readonly store: ContainerStore
  readonly scope: ContainerScope
  /** The name of the container, empty without one. */
  readonly container: string
  readonly #pairs: PairSlots

  /** @internal `acquireContext` makes contexts. */
  constructor(
    provider: ProviderRow,
    store: ContainerStore,
    scope: ContainerScope,
    container: string,
    pairs: PairSlots,
  ) {
    this.provider = provider
    this.store = store
    this.scope = scope
    this.container = container
    this.#pairs = pairs
  }

  /**
   * CryptGenKey for a session cipher: a random key.
   *
   * @throws CryptoApiError NTE_BAD_ALGID; NTE_BAD_DATA or NTE_BAD_FLAGS: the length
   */
  generateKey(algorithm: number, options: NewKeyOptions = {}): SessionKey {
    const { provider } = this
    const { parity } = cipherOf(provider, algorithm)
    const key = randomFillSync(new Uint8Array(newKeyLength(provider, algorithm, options.bits ?? 0)))
    if (parity) setOddParity(key)
    const salt = saltOf(provider, algorithm, key.length, options.salt ?? 'default', randomSalt)
    return new SessionKey({ provider, algorithm, key, salt, exportable: options.exportable ?? false })
  }

  /** CryptDeriveKey: see `deriveKey`. */
  deriveKey(algorithm: number, hash: HashObject, options: NewKeyOptions = {}): SessionKey {
    return deriveKey(hash, algorithm, options)
  }

  /**
   * CryptGenKey for AT_KEYEXCHANGE or AT_SIGNATURE: a new pair, stored at once in place of the one before.
   *
   * @throws CryptoApiError NTE_BAD_DATA: a size that it cannot have
   */
  generatePair(
    use: PairUse,
    options: { readonly bits?: number; readonly exportable?: boolean } = {},
  ): RsaKey {
    const { algorithm } = PAIR_USES[use]
    const privateKey = generateRsaPrivateKey(newPairBits(this.provider, algorithm, options.bits ?? 0))
    const { publicKey } = privateKey
    const pair = new RsaKey({ algorithm, publicKey, privateKey, exportable: options.exportable ?? false })
    this.#pairs.install(pair)
    return pair.duplicate()
  }

  /**
   * CryptImportKey. A PRIVATEKEYBLOB installs its pair in the container; a SIMPLEBLOB is unwrapped with the container's
   * exchange pair unless another key is given.
   *
   * @throws CryptoApiError as `importKeyBlob`
   */
  importKey(blob: Uint8Array, options: ImportOptions = {}): SessionKey | RsaKey {
    const unwrapWith = options.unwrapWith ?? this.#unwrappingPair(blob)
    const key = importKeyBlob(this.provider, blob, { ...options, unwrapWith })
    if (!(key instanceof RsaKey) || key.privateKey === undefined) return key
    this.#pairs.install(key)
    return key.duplicate()
  }

  /**
   * CryptGetUserKey: a pair of the container, for the caller to set parameters of.
   *
   * @throws CryptoApiError NTE_NO_KEY; NTE_KEYSET_ENTRY_BAD: the store cannot be read
   */
  userPair(use: PairUse): RsaKey {
    const pair = this.#pairs.read(use)
    if (pair === undefined) throw new CryptoApiError('NTE_NO_KEY', `this container has no ${use} key pair`)
    return pair.duplicate()
  }

  /** CryptCreateHash. @throws CryptoApiError NTE_BAD_ALGID; NTE_BAD_KEY: a keyed hash without a fitting key */
  createHash(algorithm: number, key?: SessionKey): HashObject {
    return HashObject.create(this.provider, algorithm, key)
  }

  /** CryptSignHash with a pair of the container: see `signHash`. @throws CryptoApiError NTE_NO_KEY */
  sign(hash: HashObject, use: PairUse = 'signature', options: SignatureOptions = {}): Uint8Array {
    return signHash(this.userPair(use), hash, options)
  }

  /**
   * CryptReleaseContext: overwrites the private keys of the pairs that this context has handed out, which are of no use
   * afterwards. Stored pairs are there for the next context.
   */
  wipe(): void {
    this.#pairs.wipe()
  }

  /** Only a SIMPLEBLOB needs one. */
  #unwrappingPair(blob: Uint8Array): RsaKey | undefined {
    return blob[0] === SIMPLEBLOB ? this.#pairs.read('exchange') : undefined
  }
}

function randomSalt(): Uint8Array {
  return randomFillSync(new Uint8Array(EXPORT_SALT_BYTES))
}
