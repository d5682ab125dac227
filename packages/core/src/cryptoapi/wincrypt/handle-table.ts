import type { CryptoContext } from '../crypto-context.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import type { HashObject } from '../hash-object.ts'
import type { RsaKey } from '../rsa-key.ts'
import { SessionKey } from '../session-key.ts'

/** A context with what CryptContextAddRef counts, and where its enumerations stand. */
export interface ContextEntry {
  readonly context: CryptoContext
  /** How often it has to be released until it is gone. */
  references: number
  /** By parameter: how many items an enumeration has given. */
  readonly positions: Map<number, number>
}

interface KeyEntry {
  readonly owner: number
  readonly key: SessionKey | RsaKey
}

interface HashEntry {
  readonly owner: number
  readonly hash: HashObject
}

/**
 * The handles of one process: numbers that stand for contexts, keys and hashes. 0 is no handle.
 *
 * Keys and hashes belong to the context that made them and die with it. A number is never given twice, so that a stale
 * handle is always refused.
 */
export class HandleTable {
  readonly #contexts = new Map<number, ContextEntry>()
  readonly #keys = new Map<number, KeyEntry>()
  readonly #hashes = new Map<number, HashEntry>()
  #next = 0x10000

  addContext(context: CryptoContext): number {
    const handle = this.#number()
    this.#contexts.set(handle, { context, references: 1, positions: new Map() })
    return handle
  }

  addKey(owner: number, key: SessionKey | RsaKey): number {
    const handle = this.#number()
    this.#keys.set(handle, { owner, key })
    return handle
  }

  addHash(owner: number, hash: HashObject): number {
    const handle = this.#number()
    this.#hashes.set(handle, { owner, hash })
    return handle
  }

  /** @throws CryptoApiError ERROR_INVALID_PARAMETER if it is no live handle of this kind; so do the others */
  context(handle: number): ContextEntry {
    return found(this.#contexts.get(handle))
  }

  key(handle: number): KeyEntry {
    return found(this.#keys.get(handle))
  }

  hash(handle: number): HashEntry {
    return found(this.#hashes.get(handle))
  }

  /** One reference less; at none the context is gone, with all that belongs to it. @returns whether it is gone */
  releaseContext(handle: number): boolean {
    const entry = this.context(handle)
    entry.references -= 1
    if (entry.references > 0) return false
    for (const [key, { owner }] of this.#keys) if (owner === handle) this.dropKey(key)
    for (const [hash, { owner }] of this.#hashes) if (owner === handle) this.dropHash(hash)
    entry.context.wipe()
    this.#contexts.delete(handle)
    return true
  }

  /** A session key is overwritten; a pair stays in its container, and is overwritten here with its context. */
  dropKey(handle: number): void {
    const { key } = this.key(handle)
    if (key instanceof SessionKey) key.wipe()
    this.#keys.delete(handle)
  }

  dropHash(handle: number): void {
    this.hash(handle).hash.wipe()
    this.#hashes.delete(handle)
  }

  #number(): number {
    this.#next += 1
    return this.#next
  }
}

function found<T>(entry: T | undefined): T {
  if (entry === undefined)
    throw new CryptoApiError('ERROR_INVALID_PARAMETER', 'this is no live handle of this kind')
  return entry
}
