import { CALG_MD5, CALG_RC2, CALG_RC4, SIMPLEBLOB } from '../constants.ts'
import type { CryptoContext } from '../crypto-context.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { exportKeyBlob } from '../export-key.ts'
import type { RsaKey } from '../rsa-key.ts'
import { SessionKey } from '../session-key.ts'
import { encodeSampleFile, parseSampleFile } from './sample-file-layout.ts'
import { type DecryptedText, decryptText, encryptText, type Tail } from './whole-text.ts'

/** What holds for all files of the samples. */
interface SampleOptions {
  /**
   * The file is for, or from, Windows NT 4, 95 to 2000 or XP before its first service pack: those counted 40 bits of an
   * RC2 key, however long it was. Other ciphers are not touched by it.
   */
  readonly rc2Of40Bits?: boolean
}

/** What the reader does with bytes behind the text. */
interface TailOptions {
  /** `refuse` unless said otherwise. */
  readonly tail?: Tail
}

/** How a file with a key blob is written. */
export interface SampleWriteOptions extends SampleOptions {
  /** ALG_ID of the cipher; CALG_RC4, as published. */
  readonly algorithm?: number
  /** Bits of the key, the provider's default unless said otherwise. */
  readonly bits?: number
  /** The exchange key of the reader; the context's own unless said otherwise. */
  readonly wrapWith?: RsaKey
}

/** How a file with a key blob is read. */
export interface SampleReadOptions extends SampleOptions, TailOptions {
  /** The exchange pair that the file was made for; the context's own unless said otherwise. */
  readonly unwrapWith?: RsaKey
}

/** How the key of a file without a key blob comes from a password. */
export interface SamplePasswordOptions extends SampleOptions {
  /** ALG_ID of the hash; CALG_MD5, as published. */
  readonly hash?: number
  /** ALG_ID of the cipher; CALG_RC4, as published. */
  readonly algorithm?: number
  /** Bits of the key, the provider's default unless said otherwise; 128 as published. */
  readonly bits?: number
}

/**
 * Writes a file as Microsoft's file-encryption sample does: a new session key, wrapped for an exchange key, in front of
 * the text encrypted with it.
 *
 * For readers that know nothing better. Nothing protects the text from changes, and RC4 and the IV of zeros are weak.
 *
 * Source: Microsoft, "Example C Program: Encrypting a File"; `docs/cryptoapi.md`, files.
 *
 * @throws CryptoApiError NTE_NO_KEY: no exchange pair; NTE_BAD_ALGID, NTE_BAD_DATA, NTE_BAD_FLAGS: no such key;
 *   NTE_BAD_LEN: longer than MAX_TEXT_BYTES, or the exchange key is too short
 */
export function writeSampleFile(
  context: CryptoContext,
  plaintext: Uint8Array,
  options: SampleWriteOptions = {},
): Uint8Array {
  const { algorithm = CALG_RC4, bits = 0, wrapWith = context.userPair('exchange') } = options
  const key = context.generateKey(algorithm, { bits, exportable: true })
  return using(key, options, () => {
    const blob = exportKeyBlob(key, SIMPLEBLOB, { wrapWith })
    return encodeSampleFile({ blob, ciphertext: encryptText(key, plaintext) })
  })
}

/**
 * Reads a file that Microsoft's file-encryption sample wrote, whole or not at all. The cipher is that of the key blob.
 *
 * @throws CryptoApiError NTE_BAD_DATA: damaged, or for another key; NTE_NO_KEY: no exchange pair; as `parseSampleFile`,
 *   `importKeyBlob` and `decryptText`
 */
export function readSampleFile(
  context: CryptoContext,
  file: Uint8Array,
  options: SampleReadOptions = {},
): DecryptedText {
  const { unwrapWith = context.userPair('exchange'), tail } = options
  const { blob, ciphertext } = parseSampleFile(file, unwrapWith.publicKey.length)
  const key = context.importKey(blob, { unwrapWith })
  if (!(key instanceof SessionKey)) throw new CryptoApiError('NTE_BAD_TYPE', 'the blob holds no session key')
  return using(key, options, () => decryptText(key, ciphertext, tail))
}

/**
 * Writes a file as the sample does that takes a password: ciphertext and nothing else.
 *
 * For readers that know nothing better: no salt, no iteration, equal passwords give equal keys.
 *
 * @param password its bytes: see `samplePasswordBytes`
 * @throws CryptoApiError as `deriveKey` and `encryptText`
 */
export function writePasswordSampleFile(
  context: CryptoContext,
  plaintext: Uint8Array,
  password: Uint8Array,
  options: SamplePasswordOptions = {},
): Uint8Array {
  const key = passwordKey(context, password, options)
  return using(key, options, () => encryptText(key, plaintext))
}

/**
 * Reads a file of the sample that takes a password. A wrong password of a stream cipher cannot be told from a right one.
 *
 * @throws CryptoApiError NTE_BAD_DATA: damaged, or another password; as `deriveKey` and `decryptText`
 */
export function readPasswordSampleFile(
  context: CryptoContext,
  file: Uint8Array,
  password: Uint8Array,
  options: SamplePasswordOptions & TailOptions = {},
): DecryptedText {
  const key = passwordKey(context, password, options)
  return using(key, options, () => decryptText(key, file, options.tail))
}

function passwordKey(
  context: CryptoContext,
  password: Uint8Array,
  options: SamplePasswordOptions,
): SessionKey {
  const { hash: hashAlgorithm = CALG_MD5, algorithm = CALG_RC4, bits = 0 } = options
  const hash = context.createHash(hashAlgorithm)
  try {
    hash.update(password)
    return context.deriveKey(algorithm, hash, { bits })
  } finally {
    hash.wipe()
  }
}

/** Lends a key to one file, and ends it whatever comes. */
function using<T>(key: SessionKey, { rc2Of40Bits = false }: SampleOptions, work: () => T): T {
  try {
    if (rc2Of40Bits && key.algorithm === CALG_RC2) key.effectiveBits = 40
    return work()
  } finally {
    key.wipe()
  }
}
