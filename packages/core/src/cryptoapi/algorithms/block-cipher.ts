import { concat, wipe } from '../../bytes/index.ts'
import { CIPHERS } from '../algorithm-table.ts'
import {
  CALG_3DES,
  CALG_3DES_112,
  CALG_AES_128,
  CALG_AES_192,
  CALG_AES_256,
  CALG_DES,
  CALG_RC2,
} from '../constants.ts'
import type { BlockCipher } from './cipher-mode.ts'
import { NativeCipher, type NativeCipherName } from './native-cipher.ts'
import { Rc2Cipher } from './rc2-cipher.ts'

export type { BlockCipher, CipherMode, Direction } from './cipher-mode.ts'

type Maker = (key: Uint8Array, effectiveBits: number) => BlockCipher

const aes =
  (name: NativeCipherName): Maker =>
  (key) =>
    new NativeCipher(name, 16, key)

/** Triple DES with the three keys that `parts` names: OpenSSL 3 has no other DES, and K, K, K is single DES. */
const des =
  (...parts: readonly number[]): Maker =>
  (key) => {
    const keys = concat(...parts.map((part) => key.subarray(8 * part, 8 * part + 8)))
    const cipher = new NativeCipher('des-ede3', 8, keys)
    wipe(keys)
    return cipher
  }

const MAKERS: ReadonlyMap<number, Maker> = new Map<number, Maker>([
  [CALG_RC2, (key, effectiveBits) => new Rc2Cipher(key, effectiveBits)],
  [CALG_DES, des(0, 0, 0)],
  [CALG_3DES_112, des(0, 1, 0)],
  [CALG_3DES, des(0, 1, 2)],
  [CALG_AES_128, aes('aes-128')],
  [CALG_AES_192, aes('aes-192')],
  [CALG_AES_256, aes('aes-256')],
])

/**
 * A block cipher with a key, which it copies.
 *
 * @param algorithm CALG_RC2, CALG_DES, CALG_3DES_112, CALG_3DES, CALG_AES_128, CALG_AES_192 or CALG_AES_256
 * @param key for RC2 key and salt, 1 to 128 bytes; for DES and its kin with their parity bits, 8, 16 or 24 bytes
 * @param effectiveBits of RC2, 1 to 1024; of no meaning to the others
 * @throws RangeError for another algorithm (RC4 is no block cipher) or another length
 */
export function createBlockCipher(algorithm: number, key: Uint8Array, effectiveBits: number): BlockCipher {
  const make = MAKERS.get(algorithm)
  const row = CIPHERS.get(algorithm)
  if (make === undefined || row === undefined) {
    throw new RangeError(`0x${algorithm.toString(16)} is no block cipher`)
  }
  if (key.length !== (row.keyLength ?? key.length)) {
    throw new RangeError(`a key of ${key.length} bytes for ${row.name}`)
  }
  return make(key, effectiveBits)
}
