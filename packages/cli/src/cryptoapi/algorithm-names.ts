import { wincrypt } from '@strongroom/core/cryptoapi'
import { usage } from '../cli-error.ts'
import type { OptionTable } from '../command.ts'
import { displayName } from '../escape-text.ts'

/** Session ciphers by the names that the command line has for them. */
const CIPHER_IDS: ReadonlyMap<string, number> = new Map([
  ['rc4', wincrypt.CALG_RC4],
  ['rc2', wincrypt.CALG_RC2],
  ['des', wincrypt.CALG_DES],
  ['3des-112', wincrypt.CALG_3DES_112],
  ['3des', wincrypt.CALG_3DES],
  ['aes-128', wincrypt.CALG_AES_128],
  ['aes-192', wincrypt.CALG_AES_192],
  ['aes-256', wincrypt.CALG_AES_256],
])

/** Hashes that need no key, by the names that the command line has for them. */
const HASH_IDS: ReadonlyMap<string, number> = new Map([
  ['md2', wincrypt.CALG_MD2],
  ['md4', wincrypt.CALG_MD4],
  ['md5', wincrypt.CALG_MD5],
  ['sha1', wincrypt.CALG_SHA1],
  ['sha256', wincrypt.CALG_SHA_256],
  ['sha384', wincrypt.CALG_SHA_384],
  ['sha512', wincrypt.CALG_SHA_512],
])

/** Which cipher, of how many bits. */
export const CIPHER_OPTIONS = {
  algorithm: {
    flags: '--algorithm <cipher>',
    kind: 'value',
    description: 'the session cipher; rc4 unless told, as in the published samples',
    choices: [...CIPHER_IDS.keys()],
  },
  bits: {
    flags: '--bits <number>',
    kind: 'value',
    description: 'length of an RC2 or RC4 key, 40 to 128 in steps of 8; 128 unless told',
  },
} as const satisfies OptionTable

/** Which hash. */
export const HASH_OPTION = {
  flags: '--hash <hash>',
  kind: 'value',
  description: 'the hash algorithm',
  choices: [...HASH_IDS.keys()],
} as const

/** ALG_ID of a cipher; RC4 unless told. @throws CliError USAGE */
export function cipherId(name: string = 'rc4'): number {
  return idOf(CIPHER_IDS, '--algorithm', name)
}

/** ALG_ID of a hash. @throws CliError USAGE */
export function hashId(name: string): number {
  return idOf(HASH_IDS, '--hash', name)
}

/** The name that the command line has for an ALG_ID of a cipher or hash, or its number. */
export function algorithmName(id: number): string {
  const [name] = [...CIPHER_IDS, ...HASH_IDS].find(([, known]) => known === id) ?? []
  return name ?? `0x${id.toString(16)}`
}

/** The number after `--bits`; 0 for the algorithm's own length. @throws CliError USAGE */
export function bitsOf(text: string | undefined): number {
  if (text === undefined) return 0
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw usage(`--bits: expected a number, got ${displayName(text)}`)
}

function idOf(ids: ReadonlyMap<string, number>, option: string, name: string): number {
  const id = ids.get(name)
  if (id !== undefined) return id
  throw usage(`${option}: expected one of ${[...ids.keys()].join(', ')}, got ${displayName(name)}`)
}
