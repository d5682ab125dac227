import { concat, copyOf, wipe } from '../bytes/index.ts'
import type { Digest } from './algorithms/digest.ts'
import { createDigest } from './algorithms/digest.ts'
import { createCbcMac } from './algorithms/cbc-mac.ts'
import { createBlockCipher } from './algorithms/block-cipher.ts'
import { createHmac } from './algorithms/hmac.ts'
import { HASHES, type HashRow } from './algorithm-table.ts'
import { CALG_HMAC, CALG_MAC, CALG_SSL3_SHAMD5 } from './constants.ts'
import { CryptoApiError } from './crypto-api-error.ts'
import { isKeyLength } from './key-lengths.ts'
import type { ProviderRow } from './provider-table.ts'
import type { SessionKey } from './session-key.ts'

/** HMAC_INFO: the hash below, and what fills the pads instead of 0x36 and 0x5C. */
export interface HmacSettings {
  /** ALG_ID of a hash without a key. */
  readonly algorithm: number
  readonly inner?: Uint8Array | undefined
  readonly outer?: Uint8Array | undefined
}

/**
 * A hash object: open while it takes data, then finished for good by the first who asks for its value.
 *
 * CALG_HMAC takes no data before `setHmac`; CALG_SSL3_SHAMD5 takes none at all, only a value.
 *
 * Source: Microsoft, "CryptCreateHash", "CryptGetHashParam", "HMAC_INFO"; `docs/cryptoapi.md`, hashes.
 */
export class HashObject {
  readonly provider: ProviderRow
  readonly algorithm: number
  readonly row: HashRow
  /** The key of an HMAC. */
  #key: Uint8Array = new Uint8Array(0)
  #digest: Digest | undefined
  #value: Uint8Array | undefined
  #wiped = false

  /** Without state; `create` and `duplicate` fill it in. */
  private constructor(provider: ProviderRow, algorithm: number, row: HashRow) {
    this.provider = provider
    this.algorithm = algorithm
    this.row = row
  }

  /**
   * An open hash object.
   *
   * @param key for CALG_HMAC and CALG_MAC, as it is now: what becomes of the session key later does not matter
   * @throws CryptoApiError NTE_BAD_ALGID: no hash of this provider; NTE_BAD_KEY: a keyed hash without a fitting key
   */
  static create(provider: ProviderRow, algorithm: number, key?: SessionKey): HashObject {
    const row = HASHES.get(algorithm)
    if (row === undefined || !provider.algorithms.has(algorithm)) {
      throw new CryptoApiError(
        'NTE_BAD_ALGID',
        `the ${provider.name} has no hash 0x${algorithm.toString(16)}`,
      )
    }
    const hash = new HashObject(provider, algorithm, row)
    if (algorithm === CALG_HMAC) hash.#key = copyOf(keyFor(row, key).key)
    else if (algorithm === CALG_MAC) hash.#digest = macOf(keyFor(row, key))
    else if (row.blockLength !== 0) hash.#digest = createDigest(algorithm)
    return hash
  }

  /** Bytes of the value; 0 for an HMAC that has not been told its hash. */
  get length(): number {
    return this.#value?.length ?? this.#digest?.length ?? this.row.length
  }

  get finished(): boolean {
    return this.#value !== undefined
  }

  /** More data. @throws CryptoApiError NTE_BAD_HASH_STATE once finished; NTE_BAD_ALGID for SSL3_SHAMD5, at any time */
  update(data: Uint8Array): void {
    this.#takingData().update(data)
  }

  /** Whether data can come, before anything is done with them. @throws CryptoApiError as `update` */
  expectData(): void {
    this.#takingData()
  }

  /**
   * The bytes of a session key as data.
   *
   * @param order CryptHashSessionKey feeds them backwards unless CRYPT_LITTLE_ENDIAN is given
   * @throws CryptoApiError as `update`; NTE_BAD_KEY: the key was wiped
   */
  updateWithKey(sessionKey: SessionKey, order: 'reversed' | 'stored'): void {
    sessionKey.expectLive()
    const digest = this.#takingData()
    const bytes = order === 'stored' ? sessionKey.key.slice() : sessionKey.key.toReversed()
    digest.update(bytes)
    wipe(bytes)
  }

  /**
   * HP_HMAC_INFO: says what the HMAC is made with; it starts over.
   *
   * @throws CryptoApiError NTE_BAD_TYPE for a hash that is no HMAC; NTE_BAD_ALGID: no plain hash of this provider;
   *   NTE_BAD_HASH_STATE once finished
   */
  setHmac({ algorithm, inner, outer }: HmacSettings): void {
    if (this.algorithm !== CALG_HMAC) throw new CryptoApiError('NTE_BAD_TYPE', `${this.row.name} is no HMAC`)
    this.expectOpen()
    const row = HASHES.get(algorithm)
    if (row === undefined || row.blockLength === 0 || !this.provider.algorithms.has(algorithm)) {
      throw new CryptoApiError('NTE_BAD_ALGID', `no HMAC with the hash 0x${algorithm.toString(16)}`)
    }
    this.#digest = createHmac(algorithm, this.#key, inner, outer)
  }

  /** HP_HASHVAL: the value, a copy. It can be read again and again; no more data are taken. */
  value(): Uint8Array {
    this.#expectLive()
    if (this.#value === undefined) {
      this.#value = this.#running().digest()
      this.#digest = undefined
    }
    return this.#value.slice()
  }

  /**
   * HP_HASHVAL set from outside: a value that somebody else has computed, to be signed or verified. It finishes the
   * hash, and replaces the value of one that is finished.
   *
   * @throws CryptoApiError NTE_BAD_LEN if it is shorter than such a value
   */
  setValue(value: Uint8Array): void {
    this.#expectLive()
    if (value.length < this.length)
      throw new CryptoApiError('NTE_BAD_LEN', `the value has ${this.length} bytes`)
    this.#value = copyOf(value, 0, this.length)
  }

  /** @throws CryptoApiError NTE_BAD_HASH_STATE once the value has been read */
  expectOpen(): void {
    this.#expectLive()
    if (this.finished)
      throw new CryptoApiError('NTE_BAD_HASH_STATE', 'this hash is finished and takes no more data')
  }

  /** Another hash in the same state, independent from here on. */
  duplicate(): HashObject {
    this.#expectLive()
    const copy = new HashObject(this.provider, this.algorithm, this.row)
    copy.#key = this.#key.slice()
    copy.#digest = this.#digest?.copy()
    copy.#value = this.#value?.slice()
    return copy
  }

  /** Ends the hash: what it held is overwritten, and whatever would use it is refused. */
  wipe(): void {
    wipe(this.#key)
    this.#digest?.wipe()
    if (this.#value !== undefined) wipe(this.#value)
    this.#wiped = true
  }

  /** A value of zeros could be signed as well as any other. */
  #expectLive(): void {
    if (this.#wiped) throw new CryptoApiError('NTE_BAD_HASH_STATE', 'the hash has been wiped')
  }

  #takingData(): Digest {
    if (this.algorithm === CALG_SSL3_SHAMD5) {
      throw new CryptoApiError('NTE_BAD_ALGID', 'SSL3 SHAMD5 takes a value, no data')
    }
    this.expectOpen()
    return this.#running()
  }

  #running(): Digest {
    if (this.#digest === undefined) {
      throw new CryptoApiError('NTE_BAD_HASH_STATE', `${this.row.name} has not been told what to compute`)
    }
    return this.#digest
  }
}

function keyFor(row: HashRow, key: SessionKey | undefined): SessionKey {
  if (key === undefined) throw new CryptoApiError('NTE_BAD_KEY', `${row.name} needs a session key`)
  key.expectLive()
  return key
}

function macOf(key: SessionKey): Digest {
  if (key.blockLength === 0 || !isKeyLength(key.provider, key.algorithm, key.key.length)) {
    throw new CryptoApiError('NTE_BAD_KEY', 'MAC needs a key of a block cipher, and not one for HMAC only')
  }
  const bytes = concat(key.key, key.salt)
  const cipher = createBlockCipher(key.algorithm, bytes, key.effectiveBits)
  wipe(bytes)
  return createCbcMac(cipher, key.iv)
}
