import { wincrypt } from '../packages/core/src/cryptoapi/index.ts'
import type { ForgeCipher, ForgeHash } from './forge.ts'

/** A cipher of the provider and what the rivals call it. */
export interface Cipher {
  readonly name: string
  readonly algorithm: number
  readonly keyBytes: number
  readonly blockBytes: 8 | 16
  readonly node?: string
  readonly forge: ForgeCipher
  /** Which eight bytes of our key make the key of triple DES that node:crypto takes. */
  readonly desKeys?: readonly number[]
  /** The most data in a pass: what node-forge takes for RC2 grows with the square of the length. */
  readonly mostBytes?: number
}

const des = (name: string, algorithm: number, forge: ForgeCipher, ...desKeys: readonly number[]): Cipher => {
  const keyBytes = 8 * new Set(desKeys).size
  return { name, algorithm, keyBytes, blockBytes: 8, node: 'des-ede3-cbc', forge, desKeys }
}
const aes = (bits: number, algorithm: number): Cipher => ({
  name: `AES-${bits}`,
  algorithm,
  keyBytes: bits / 8,
  blockBytes: 16,
  node: `aes-${bits}-cbc`,
  forge: 'AES-CBC',
})
/** Every block cipher of the provider. */
export const CIPHERS: readonly Cipher[] = [
  {
    name: 'RC2',
    algorithm: wincrypt.CALG_RC2,
    keyBytes: 16,
    blockBytes: 8,
    forge: 'RC2',
    mostBytes: 2 ** 16,
  },
  des('DES', wincrypt.CALG_DES, 'DES-CBC', 0, 0, 0),
  des('two-key triple DES', wincrypt.CALG_3DES_112, '3DES-CBC', 0, 1, 0),
  des('triple DES', wincrypt.CALG_3DES, '3DES-CBC', 0, 1, 2),
  aes(128, wincrypt.CALG_AES_128),
  aes(192, wincrypt.CALG_AES_192),
  aes(256, wincrypt.CALG_AES_256),
]

/** A hash of the provider and what the rivals that have it call it. */
export interface Hash {
  readonly name: string
  readonly algorithm: number
  readonly node?: string
  readonly forge?: ForgeHash
}

/** Every hash of the provider that takes no key. */
export const HASHES: readonly Hash[] = [
  { name: 'MD2', algorithm: wincrypt.CALG_MD2 },
  { name: 'MD4', algorithm: wincrypt.CALG_MD4 },
  { name: 'MD5', algorithm: wincrypt.CALG_MD5, node: 'md5', forge: 'md5' },
  { name: 'SHA-1', algorithm: wincrypt.CALG_SHA1, node: 'sha1', forge: 'sha1' },
  { name: 'SHA-256', algorithm: wincrypt.CALG_SHA_256, node: 'sha256', forge: 'sha256' },
  { name: 'SHA-384', algorithm: wincrypt.CALG_SHA_384, node: 'sha384', forge: 'sha384' },
  { name: 'SHA-512', algorithm: wincrypt.CALG_SHA_512, node: 'sha512', forge: 'sha512' },
]
