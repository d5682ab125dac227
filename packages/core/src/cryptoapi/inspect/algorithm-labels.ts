import { CIPHERS, HASHES, PAIRS } from '../algorithm-table.ts'

/** Published names of what the RSA providers have, and of what a blob of another provider may say. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x2000, 'CALG_NO_SIGN'],
  [0x2200, 'CALG_DSS_SIGN'],
  [0x2203, 'CALG_ECDSA'],
  [0x2400, 'CALG_RSA_SIGN'],
  [0x4c01, 'CALG_SSL3_MASTER'],
  [0x4c02, 'CALG_SCHANNEL_MASTER_HASH'],
  [0x4c04, 'CALG_PCT1_MASTER'],
  [0x4c05, 'CALG_SSL2_MASTER'],
  [0x4c06, 'CALG_TLS1_MASTER'],
  [0x6601, 'CALG_DES'],
  [0x6602, 'CALG_RC2'],
  [0x6603, 'CALG_3DES'],
  [0x6604, 'CALG_DESX'],
  [0x6609, 'CALG_3DES_112'],
  [0x660a, 'CALG_SKIPJACK'],
  [0x660b, 'CALG_TEK'],
  [0x660c, 'CALG_CYLINK_MEK'],
  [0x660d, 'CALG_RC5'],
  [0x660e, 'CALG_AES_128'],
  [0x660f, 'CALG_AES_192'],
  [0x6610, 'CALG_AES_256'],
  [0x6611, 'CALG_AES'],
  [0x6801, 'CALG_RC4'],
  [0x6802, 'CALG_SEAL'],
  [0x8001, 'CALG_MD2'],
  [0x8002, 'CALG_MD4'],
  [0x8003, 'CALG_MD5'],
  [0x8004, 'CALG_SHA1'],
  [0x8005, 'CALG_MAC'],
  [0x8008, 'CALG_SSL3_SHAMD5'],
  [0x8009, 'CALG_HMAC'],
  [0x800c, 'CALG_SHA_256'],
  [0x800d, 'CALG_SHA_384'],
  [0x800e, 'CALG_SHA_512'],
  [0xa400, 'CALG_RSA_KEYX'],
  [0xaa01, 'CALG_DH_SF'],
  [0xaa02, 'CALG_DH_EPHEM'],
  [0xaa05, 'CALG_ECDH'],
])

/** What an ALG_ID is for by its upper three bits. Source: Microsoft, "ALG_ID". */
const CLASSES: ReadonlyMap<number, string> = new Map([
  [1, 'a signature'],
  [2, 'encrypting messages'],
  [3, 'encrypting data'],
  [4, 'hashing'],
  [5, 'exchanging keys'],
])

/** An ALG_ID in words: its published name and what it is, or as much as its bits say. */
export function algorithmLabel(id: number): string {
  const name = NAMES.get(id)
  const row = CIPHERS.get(id) ?? HASHES.get(id) ?? PAIRS.get(id)
  if (name !== undefined && row !== undefined) return `${name}: ${row.longName}`
  const purpose = CLASSES.get(id >>> 13)
  if (name !== undefined) return `${name}, which the RSA providers do not have`
  return purpose === undefined ? 'no known algorithm' : `an algorithm for ${purpose} that is not known here`
}

/** A cipher or a use of RSA in one or two words, for sentences. */
export function algorithmWord(id: number): string {
  return CIPHERS.get(id)?.name ?? HASHES.get(id)?.name ?? NAMES.get(id) ?? `algorithm 0x${id.toString(16)}`
}
