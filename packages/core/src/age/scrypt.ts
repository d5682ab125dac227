import { randomBytes, scryptSync } from 'node:crypto'
import { concat, copyOf, toBase64, utf8Encode, wipe } from '../bytes/index.ts'
import { AgeError } from './age-error.ts'
import { decryptFileKey, encryptFileKey } from './file-key.ts'
import { assertScryptAlone, type Identity, type Recipient } from './recipient.ts'
import { checkStanzaShape, decodeArgument, malformed, type Stanza } from './stanza.ts'

/** The work factor that passphrases are stretched with unless told otherwise: N = 2^18, 256 MiB. */
export const DEFAULT_SCRYPT_LOG_N = 18

/** The work factor above which a file is refused unless told otherwise: N = 2^20, 1 GiB. */
export const DEFAULT_SCRYPT_MAX_LOG_N = 20

const KIND = 'scrypt'
const SALT_LABEL = utf8Encode('age-encryption.org/v1/scrypt')
const SALT_BYTES = 16
const BLOCK_SIZE = 8
const HIGHEST_LOG_N = 30
const WORK_FACTOR = /^[1-9][0-9]*$/

/** Encrypts to whoever knows a passphrase. C2SP age.md, "The scrypt recipient type". */
export class ScryptRecipient implements Recipient {
  readonly kind = KIND
  readonly postQuantum = true
  readonly #passphrase: Uint8Array
  readonly #logN: number

  /**
   * @param passphrase text, taken as UTF-8 and not normalised, or the bytes themselves, copied
   * @param logN base-two logarithm of the scrypt work factor
   * @throws AgeError KEY for an empty passphrase, SCRYPT_WORK for a work factor that is not 1 to 30
   */
  constructor(passphrase: string | Uint8Array, logN: number = DEFAULT_SCRYPT_LOG_N) {
    this.#passphrase = passphraseBytes(passphrase)
    this.#logN = checkLogN(logN)
  }

  toString(): string {
    return `a passphrase (scrypt, work factor 2^${this.#logN})`
  }

  wrap(fileKey: Uint8Array): Stanza {
    const salt = randomBytes(SALT_BYTES)
    const wrapKey = deriveWrapKey(this.#passphrase, salt, this.#logN)
    const body = encryptFileKey(wrapKey, fileKey)
    wipe(wrapKey)
    return { type: KIND, args: [toBase64(salt), String(this.#logN)], body }
  }
}

/** Decrypts with a passphrase. */
export class ScryptIdentity implements Identity {
  readonly kind = KIND
  readonly #passphrase: Uint8Array
  readonly #maxLogN: number

  /**
   * @param passphrase text, taken as UTF-8 and not normalised, or the bytes themselves, copied
   * @param maxLogN the highest work factor, as a logarithm, that a file may ask for: it is the file that
   *   decides how much time and memory is spent
   * @throws AgeError KEY for an empty passphrase, SCRYPT_WORK for a limit that is not 1 to 30
   */
  constructor(passphrase: string | Uint8Array, maxLogN: number = DEFAULT_SCRYPT_MAX_LOG_N) {
    this.#passphrase = passphraseBytes(passphrase)
    this.#maxLogN = checkLogN(maxLogN)
  }

  unwrap(stanzas: readonly Stanza[]): Uint8Array | undefined {
    assertScryptAlone(stanzas.map((stanza) => stanza.type))
    const stanza = stanzas.find(({ type }) => type === KIND)
    return stanza === undefined ? undefined : this.#open(stanza)
  }

  #open(stanza: Stanza): Uint8Array | undefined {
    checkStanzaShape(stanza, 2)
    const salt = decodeArgument(stanza, 0, SALT_BYTES)
    const logN = this.#logNOf(stanza)
    const wrapKey = deriveWrapKey(this.#passphrase, salt, logN)
    const fileKey = decryptFileKey(wrapKey, stanza.body)
    wipe(wrapKey)
    return fileKey
  }

  #logNOf(stanza: Stanza): number {
    const text = stanza.args[1] ?? ''
    if (!WORK_FACTOR.test(text)) throw malformed(stanza, 'the work factor is not a decimal number')
    const logN = Number(text)
    if (logN > this.#maxLogN) {
      throw new AgeError('SCRYPT_WORK', `expected a work factor of at most 2^${this.#maxLogN}, got 2^${text}`)
    }
    return logN
  }
}

/**
 * The 32 bytes that a passphrase is stretched to: RFC 7914 with r = 8 and p = 1. C2SP age.md, "The scrypt recipient type".
 *
 * @param salt 16 bytes, of the stanza
 * @param logN base-two logarithm of the work factor, of the stanza: 128 · 2^(logN + 3) bytes of memory
 */
export function deriveWrapKey(passphrase: Uint8Array, salt: Uint8Array, logN: number): Uint8Array {
  const N = 2 ** logN
  // The platform's own limit is 32 MiB; what scrypt needs is 128·N·r bytes and a little more.
  const maxmem = 128 * BLOCK_SIZE * (N + 1024)
  const options = { N, r: BLOCK_SIZE, p: 1, maxmem }
  return new Uint8Array(scryptSync(passphrase, concat(SALT_LABEL, salt), 32, options))
}

function passphraseBytes(passphrase: string | Uint8Array): Uint8Array {
  const bytes = typeof passphrase === 'string' ? utf8Encode(passphrase) : copyOf(passphrase)
  if (bytes.length === 0) throw new AgeError('KEY', 'the passphrase is empty')
  return bytes
}

function checkLogN(logN: number): number {
  if (!Number.isInteger(logN) || logN < 1 || logN > HIGHEST_LOG_N) {
    throw new AgeError('SCRYPT_WORK', `expected a work factor from 2^1 to 2^${HIGHEST_LOG_N}, got 2^${logN}`)
  }
  return logN
}
