import {
  CALG_3DES,
  CALG_3DES_112,
  CALG_AES_128,
  CALG_AES_192,
  CALG_AES_256,
  CALG_DES,
  CALG_HMAC,
  CALG_MAC,
  CALG_MD2,
  CALG_MD4,
  CALG_MD5,
  CALG_RC2,
  CALG_RC4,
  CALG_RSA_KEYX,
  CALG_RSA_SIGN,
  CALG_SHA1,
  CALG_SHA_256,
  CALG_SHA_384,
  CALG_SHA_512,
  CALG_SSL3_SHAMD5,
} from './constants.ts'

/** Lengths in bits, as PP_ENUMALGS_EX lists them. */
export interface BitLengths {
  readonly default: number
  readonly min: number
  readonly max: number
}

/** What every provider says of an algorithm. */
interface AlgorithmRow {
  /** Its name in PP_ENUMALGS: ASCII, at most 19 characters. */
  readonly name: string
  /** Its name in PP_ENUMALGS_EX: ASCII, at most 39 characters. */
  readonly longName: string
}

/** A cipher for session keys. */
export interface CipherRow extends AlgorithmRow {
  readonly kind: 'cipher'
  /** Bytes in a block; 0 for a stream cipher. */
  readonly blockLength: 0 | 8 | 16
  /** The one length of its keys in bytes, or undefined if it is the provider that limits it (RC2, RC4). */
  readonly keyLength: number | undefined
  /** Bits of a key that count: those of `keyLength` without the parity bits of DES. */
  readonly effectiveBits: number | undefined
  /** Whether keys are made with odd parity in every byte. */
  readonly parity: boolean
  /** Whether CryptDeriveKey stretches a hash value for it (docs/cryptoapi.md, CryptDeriveKey). */
  readonly expands: boolean
}

/** A hash algorithm, keyed or not. */
export interface HashRow extends AlgorithmRow {
  readonly kind: 'hash'
  /** Bytes of the value; 0 where a key decides it. */
  readonly length: number
  /** Bytes of a block of the compression function, for HMAC; 0 where there is none. */
  readonly blockLength: number
  /** What stands before the value in a signature: the DER of a DigestInfo up to the digest. RFC 8017, section 9.2. */
  readonly digestInfo: string
  /** SHA-2: CryptDeriveKey never stretches its value. */
  readonly sha2: boolean
}

/** A use of RSA key pairs. */
export interface PairRow extends AlgorithmRow {
  readonly kind: 'pair'
}

const des = (name: string, longName: string, keyLength: number, effectiveBits: number): CipherRow => ({
  kind: 'cipher',
  name,
  longName,
  blockLength: 8,
  keyLength,
  effectiveBits,
  parity: true,
  expands: keyLength === 24,
})
const aes = (bits: 128 | 192 | 256): CipherRow => ({
  kind: 'cipher',
  name: `AES ${bits}`,
  longName: `Advanced Encryption Standard (AES-${bits})`,
  blockLength: 16,
  keyLength: bits / 8,
  effectiveBits: bits,
  parity: false,
  expands: true,
})
const rivest = (name: string, longName: string, blockLength: 0 | 8): CipherRow => ({
  kind: 'cipher',
  name,
  longName,
  blockLength,
  keyLength: undefined,
  effectiveBits: undefined,
  parity: false,
  expands: false,
})

/** Ciphers by ALG_ID. Source: `docs/cryptoapi.md`, providers and algorithms. */
export const CIPHERS: ReadonlyMap<number, CipherRow> = new Map([
  [CALG_RC2, rivest('RC2', "RSA Data Security's RC2", 8)],
  [CALG_RC4, rivest('RC4', "RSA Data Security's RC4", 0)],
  [CALG_DES, des('DES', 'Data Encryption Standard (DES)', 8, 56)],
  [CALG_3DES_112, des('3DES TWO KEY', 'Two Key Triple DES', 16, 112)],
  [CALG_3DES, des('3DES', 'Three Key Triple DES', 24, 168)],
  [CALG_AES_128, aes(128)],
  [CALG_AES_192, aes(192)],
  [CALG_AES_256, aes(256)],
])

const hash = (
  name: string,
  longName: string,
  length: number,
  blockLength: number,
  digestInfo = '',
  sha2 = false,
): HashRow => ({ kind: 'hash', name, longName, length, blockLength, digestInfo, sha2 })

/** Hash algorithms by ALG_ID. The block of MD2 is 16 bytes (RFC 1319), but HMAC takes 64 for it as for MD4 and MD5. */
export const HASHES: ReadonlyMap<number, HashRow> = new Map([
  [CALG_SHA1, hash('SHA-1', 'Secure Hash Algorithm (SHA-1)', 20, 64, '3021300906052b0e03021a05000414')],
  [CALG_SHA_256, secureHash2(256, 64, '3031300d060960864801650304020105000420')],
  [CALG_SHA_384, secureHash2(384, 128, '3041300d060960864801650304020205000430')],
  [CALG_SHA_512, secureHash2(512, 128, '3051300d060960864801650304020305000440')],
  [CALG_MD2, hash('MD2', 'Message Digest 2 (MD2)', 16, 64, '3020300c06082a864886f70d020205000410')],
  [CALG_MD4, hash('MD4', 'Message Digest 4 (MD4)', 16, 64, '3020300c06082a864886f70d020405000410')],
  [CALG_MD5, hash('MD5', 'Message Digest 5 (MD5)', 16, 64, '3020300c06082a864886f70d020505000410')],
  [CALG_SSL3_SHAMD5, hash('SSL3 SHAMD5', 'SSL3 SHAMD5', 36, 0)],
  [CALG_MAC, hash('MAC', 'Message Authentication Code', 0, 0)],
  [CALG_HMAC, hash('HMAC', "Hugo's MAC (HMAC)", 0, 0)],
])

function secureHash2(bits: number, blockLength: number, digestInfo: string): HashRow {
  return hash(`SHA-${bits}`, `Secure Hash Algorithm (SHA-${bits})`, bits / 8, blockLength, digestInfo, true)
}

/** Uses of RSA by ALG_ID. */
export const PAIRS: ReadonlyMap<number, PairRow> = new Map([
  [CALG_RSA_SIGN, { kind: 'pair', name: 'RSA_SIGN', longName: 'RSA Signature' }],
  [CALG_RSA_KEYX, { kind: 'pair', name: 'RSA_KEYX', longName: 'RSA Key Exchange' }],
])
