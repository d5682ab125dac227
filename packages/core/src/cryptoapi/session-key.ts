import { copyOf, wipe } from '../bytes/index.ts'
import type { CipherMode, Direction } from './algorithms/block-cipher.ts'
import type { CipherRow } from './algorithm-table.ts'
import { pad, unpad } from './block-padding.ts'
import { type CipherKey, CipherMessage } from './cipher-message.ts'
import {
  CALG_RC2,
  CRYPT_EXPORT,
  CRYPT_MODE_CBC,
  CRYPT_MODE_CFB,
  CRYPT_MODE_ECB,
  PKCS5_PADDING,
} from './constants.ts'
import { CryptoApiError } from './crypto-api-error.ts'
import type { HashObject } from './hash-object.ts'
import { cipherOf, isKeyLength } from './key-lengths.ts'
import type { ProviderRow } from './provider-table.ts'
import { EXPORT_SALT_BYTES, hasSalt, MAX_SALT_BYTES } from './salt.ts'

/** Encrypt, decrypt, read, write, MAC: what every key may do. CRYPT_EXPORT comes to it. */
export const BASIC_PERMISSIONS = 0x3b
/** The most bits that RC2 can be told to count. RFC 2268, section 2. */
const MAX_EFFECTIVE_BITS = 1024

const MODES: ReadonlyMap<number, CipherMode> = new Map([
  [CRYPT_MODE_CBC, 'cbc'],
  [CRYPT_MODE_ECB, 'ecb'],
  [CRYPT_MODE_CFB, 'cfb'],
])

/** What a session key is made of. */
export interface SessionKeyParts {
  readonly provider: ProviderRow
  /** ALG_ID of a cipher of that provider. */
  readonly algorithm: number
  /** The bytes of the key; the session key takes them over and wipes them in the end. */
  readonly key: Uint8Array
  readonly salt: Uint8Array
  readonly exportable: boolean
}

/** One call of a message. */
export interface CipherCall {
  /** Whether the message ends with it; it does unless `false` is said. */
  readonly final?: boolean
  /** Takes the plaintext: before it is encrypted, after it has been decrypted. */
  readonly hash?: HashObject | undefined
}

/**
 * A session key: the bytes, how they are used, and where a running message stands.
 *
 * Fresh keys use CBC (RC4 has no mode), an IV of zeros, PKCS #5 padding. Encryption and decryption share the state of
 * the key: a message is a run of calls with `final: false` closed by one without it.
 *
 * Source: Microsoft, "CryptEncrypt", "CryptDecrypt", "CryptSetKeyParam"; `docs/cryptoapi.md`.
 */
export class SessionKey implements CipherKey {
  readonly provider: ProviderRow
  readonly algorithm: number
  readonly row: CipherRow
  /** The bytes themselves. Not a copy: handle with care. */
  readonly key: Uint8Array
  readonly exportable: boolean
  /** CRYPT_MODE_CBC, _ECB or _CFB; other values are kept and refused when something is encrypted. */
  mode: number
  /** KP_MODE_BITS is kept and has no effect: feedback is by 8 bits. */
  modeBits = 0
  #salt: Uint8Array
  #effectiveBits: number
  #iv: Uint8Array
  #message: CipherMessage | undefined
  #running = false
  #wiped = false

  constructor(parts: SessionKeyParts) {
    this.provider = parts.provider
    this.algorithm = parts.algorithm
    this.row = cipherOf(parts.provider, parts.algorithm)
    this.key = parts.key
    this.exportable = parts.exportable
    this.mode = this.row.blockLength === 0 ? 0 : CRYPT_MODE_CBC
    this.#salt = parts.salt
    this.#effectiveBits = parts.key.length * 8
    this.#iv = new Uint8Array(this.row.blockLength)
  }

  /** Bytes in a block, 0 for a stream cipher. */
  get blockLength(): number {
    return this.row.blockLength
  }

  /** PKCS5_PADDING, always. */
  get padding(): number {
    return PKCS5_PADDING
  }

  get permissions(): number {
    return BASIC_PERMISSIONS | (this.exportable ? CRYPT_EXPORT : 0)
  }

  /** The IV that the next message begins with, one block; empty for a stream cipher. A copy. */
  get iv(): Uint8Array {
    return this.#iv.slice()
  }

  /** A running message is not disturbed. @throws CryptoApiError NTE_BAD_DATA if it is shorter than a block */
  set iv(iv: Uint8Array) {
    if (iv.length < this.blockLength)
      throw new CryptoApiError('NTE_BAD_DATA', `an IV has ${this.blockLength} bytes`)
    this.#iv = copyOf(iv, 0, this.blockLength)
  }

  /** The salt, empty if there is none. A copy. */
  get salt(): Uint8Array {
    return this.#salt.slice()
  }

  /**
   * KP_SALT_EX: up to 24 bytes, which count at once: the cipher starts again.
   *
   * @throws CryptoApiError NTE_BAD_KEY unless RC2 or RC4; NTE_BAD_DATA if longer
   */
  set salt(salt: Uint8Array) {
    if (!hasSalt(this.algorithm)) throw new CryptoApiError('NTE_BAD_KEY', `${this.row.name} has no salt`)
    if (salt.length > MAX_SALT_BYTES) {
      throw new CryptoApiError('NTE_BAD_DATA', `a salt has at most ${MAX_SALT_BYTES} bytes`)
    }
    this.#salt = copyOf(salt)
    this.#restart()
  }

  /**
   * KP_SALT: the eleven bytes of the export rules in the Base and the Strong provider. The Enhanced ones accept it and
   * have no salt then; use `salt` there.
   *
   * @throws CryptoApiError NTE_BAD_KEY unless RC2 or RC4; NTE_BAD_DATA if shorter
   */
  setExportSalt(salt: Uint8Array): void {
    if (this.provider.exportSalt && salt.length < EXPORT_SALT_BYTES) {
      throw new CryptoApiError('NTE_BAD_DATA', `this salt has ${EXPORT_SALT_BYTES} bytes`)
    }
    this.salt = this.provider.exportSalt ? copyOf(salt, 0, EXPORT_SALT_BYTES) : new Uint8Array(0)
  }

  /** How many bits of the key count. */
  get effectiveBits(): number {
    return this.#effectiveBits
  }

  /**
   * RC2 only, 1 to 1024. The Base provider takes 40 alone, and falls back to it when another value is refused.
   *
   * @throws CryptoApiError NTE_BAD_TYPE for another cipher; NTE_BAD_DATA
   */
  set effectiveBits(bits: number) {
    if (this.algorithm !== CALG_RC2) {
      throw new CryptoApiError('NTE_BAD_TYPE', `${this.row.name} has no effective length`)
    }
    const only = this.provider.rc2EffectiveBits
    const possible = Number.isInteger(bits) && bits >= 1 && bits <= MAX_EFFECTIVE_BITS
    const refused = !possible || (only !== undefined && bits !== only)
    if (!refused || only !== undefined) {
      this.#effectiveBits = only ?? bits
      this.#restart()
    }
    if (refused)
      throw new CryptoApiError('NTE_BAD_DATA', `the effective length of RC2 cannot be ${bits} bits here`)
  }

  /**
   * How many bytes a call of `encrypt` answers with. Changes nothing, also within a message.
   *
   * @throws CryptoApiError NTE_BAD_DATA: not whole blocks and not final
   */
  encryptedLength(length: number, final: boolean): number {
    if (this.blockLength === 0) return length
    if (!final) this.#expectBlocks(length)
    return (Math.floor(length / this.blockLength) + Number(final)) * this.blockLength
  }

  /**
   * The next piece of a message, or all of it, as a new array.
   *
   * @throws CryptoApiError NTE_BAD_DATA: not whole blocks and not final; NTE_BAD_ALGID: a mode that no provider has;
   *   NTE_BAD_KEY: a key that only HMAC can use, or that was wiped; NTE_BAD_HASH_STATE, NTE_BAD_ALGID: a hash that takes
   *   no data, and nothing has been encrypted
   */
  encrypt(data: Uint8Array, { final = true, hash }: CipherCall = {}): Uint8Array {
    const mode = this.#usableMode()
    if (!final) this.#expectBlocks(data.length)
    hash?.expectData()
    hash?.update(data)
    const padded = final && this.blockLength !== 0 ? pad(data, this.blockLength) : data
    const encrypted = this.#process('encrypt', mode, padded, final)
    if (padded !== data) wipe(padded)
    return encrypted
  }

  /**
   * The next piece of a message, or all of it, as a new array. After a final call the next message begins, whether the
   * call succeeded or not.
   *
   * @throws CryptoApiError NTE_BAD_LEN: nothing to decrypt in a final call; NTE_BAD_DATA: not whole blocks, or damaged;
   *   and those of `encrypt`
   */
  decrypt(data: Uint8Array, { final = true, hash }: CipherCall = {}): Uint8Array {
    const mode = this.#usableMode()
    this.#expectCiphertext(data.length, final)
    hash?.expectData()
    const decrypted = this.#process('decrypt', mode, data, final)
    const plain = final && this.blockLength !== 0 ? unpad(decrypted, this.blockLength) : decrypted
    hash?.update(plain)
    return plain
  }

  /** Another key with the same bytes, parameters and running state, independent from here on. @throws as `expectLive` */
  duplicate(): SessionKey {
    this.expectLive()
    const { provider, algorithm, key, exportable } = this
    const copy = new SessionKey({ provider, algorithm, key: copyOf(key), salt: this.salt, exportable })
    copy.mode = this.mode
    copy.modeBits = this.modeBits
    copy.#effectiveBits = this.#effectiveBits
    copy.#iv = this.iv
    copy.#message = this.#message?.copy(copy)
    copy.#running = this.#running
    return copy
  }

  /** Ends the key: its bytes and state are overwritten, and whatever would use them is refused. */
  wipe(): void {
    wipe(this.key, this.#salt, this.#iv)
    this.#restart()
    this.#wiped = true
  }

  /** A key of zeros would encrypt as well as any other. @throws CryptoApiError NTE_BAD_KEY after `wipe` */
  expectLive(): void {
    if (this.#wiped) throw new CryptoApiError('NTE_BAD_KEY', 'the session key has been wiped')
  }

  #process(direction: Direction, mode: CipherMode, data: Uint8Array, final: boolean): Uint8Array {
    this.#message ??= new CipherMessage(this)
    if (!this.#running) this.#message.begin(this.#iv)
    this.#running = !final
    return this.#message.process(direction, mode, data)
  }

  #usableMode(): CipherMode {
    this.expectLive()
    const mode = this.blockLength === 0 ? 'ecb' : MODES.get(this.mode)
    if (mode === undefined)
      throw new CryptoApiError('NTE_BAD_ALGID', `no provider has the cipher mode ${this.mode}`)
    if (!isKeyLength(this.provider, this.algorithm, this.key.length)) {
      throw new CryptoApiError('NTE_BAD_KEY', 'this key is only for HMAC')
    }
    return mode
  }

  /** A last piece that cannot be decrypted ends its message all the same. */
  #expectCiphertext(length: number, final: boolean): void {
    const empty = length === 0 && this.blockLength !== 0
    if (final && (empty || length % this.blockLength > 0)) this.#running = false
    this.#expectBlocks(length)
    if (final && empty)
      throw new CryptoApiError('NTE_BAD_LEN', 'the last piece of a message has at least one block')
  }

  #expectBlocks(length: number): void {
    if (this.blockLength === 0 || length % this.blockLength === 0) return
    throw new CryptoApiError(
      'NTE_BAD_DATA',
      `${length} bytes are no whole number of blocks of ${this.blockLength}`,
    )
  }

  #restart(): void {
    this.#message?.wipe()
    this.#message = undefined
    this.#running = false
  }
}
