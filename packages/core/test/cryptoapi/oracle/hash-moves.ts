import { wincrypt } from '../../../src/cryptoapi/index.ts'
import type { Move } from './cipher-moves.ts'
import type { HashNote, SequenceWriter } from './sequence-writer.ts'

const PLAIN_HASHES = [
  wincrypt.CALG_MD2,
  wincrypt.CALG_MD4,
  wincrypt.CALG_MD5,
  wincrypt.CALG_SHA1,
  wincrypt.CALG_SHA_256,
  wincrypt.CALG_SHA_384,
  wincrypt.CALG_SHA_512,
]
const OTHER_ALGORITHMS = [0, 0x800a, 0x8006, wincrypt.CALG_RC4, wincrypt.CALG_RSA_SIGN, wincrypt.CALG_AES_128]

/** Steps around hash objects, keyed and not. */
export const HASH_MOVES: readonly Move[] = [
  { weight: 6, write: createHash },
  { weight: 5, write: createHmac },
  { weight: 4, write: createMac },
  { weight: 2, write: createShaMd5 },
  { weight: 1, write: createOther },
  { weight: 10, write: hashData },
  { weight: 4, write: hashSessionKey },
  { weight: 6, write: readValue },
  { weight: 3, write: readHashParameter },
  { weight: 1, write: setHashParameter },
  { weight: 3, write: duplicateHash },
  { weight: 1, write: destroyHash },
]

/** A hash that the provider has; now and then one that it lacks. */
export function pickHash(writer: SequenceWriter): number {
  const available = PLAIN_HASHES.filter((hash) => writer.has(hash))
  return writer.dice.pick(writer.dice.chance(0.02) ? PLAIN_HASHES : available)
}

/** A new hash object without a key. */
export function createHash(writer: SequenceWriter): HashNote {
  const note = { name: writer.fresh('h'), algorithm: pickHash(writer), random: false }
  const flags = writer.dice.chance(0.02) ? 1 : 0
  writer.add('CryptCreateHash', { prov: 'p', alg: note.algorithm, flags, out: note.name })
  writer.hashes.push(note)
  return note
}

function createHmac(writer: SequenceWriter): void {
  const { dice } = writer
  const key = writer.sessionKey()
  const note = { name: writer.fresh('h'), algorithm: wincrypt.CALG_HMAC, random: key?.random ?? false }
  const given = dice.chance(0.03) ? undefined : key?.name
  writer.add('CryptCreateHash', { prov: 'p', alg: note.algorithm, key: given, flags: 0, out: note.name })
  if (dice.chance(0.95)) {
    writer.add('CryptSetHashParam', {
      hash: note.name,
      param: wincrypt.HP_HMAC_INFO,
      hmacAlg: pickHash(writer),
      inner: padText(writer),
      outer: padText(writer),
      flags: 0,
    })
  }
  writer.hashes.push(note)
}

/** Pads of the caller: mostly none, else up to a block. */
function padText(writer: SequenceWriter): string | undefined {
  const { dice } = writer
  return dice.chance(0.15) ? dice.bytes(dice.pick([1, 16, 63, 64])).toHex() : undefined
}

function createMac(writer: SequenceWriter): void {
  const key = writer.sessionKey()
  const note = { name: writer.fresh('h'), algorithm: wincrypt.CALG_MAC, random: key?.random ?? false }
  const given = writer.dice.chance(0.03) ? undefined : key?.name
  writer.add('CryptCreateHash', { prov: 'p', alg: note.algorithm, key: given, flags: 0, out: note.name })
  writer.hashes.push(note)
}

function createShaMd5(writer: SequenceWriter): void {
  const { dice } = writer
  const note = { name: writer.fresh('h'), algorithm: wincrypt.CALG_SSL3_SHAMD5, random: false }
  writer.add('CryptCreateHash', { prov: 'p', alg: note.algorithm, flags: 0, out: note.name })
  if (dice.chance(0.8)) {
    const data = dice.bytes(36).toHex()
    writer.add('CryptSetHashParam', { hash: note.name, param: wincrypt.HP_HASHVAL, data, flags: 0 })
  }
  writer.hashes.push(note)
}

function createOther(writer: SequenceWriter): void {
  const alg = writer.dice.pick(OTHER_ALGORITHMS)
  writer.add('CryptCreateHash', { prov: 'p', alg, flags: 0, out: writer.fresh('h') })
}

function hashData(writer: SequenceWriter): void {
  const { dice } = writer
  const hash = writer.hash() ?? createHash(writer)
  const length = dice.chance(0.2) ? dice.below(300) : dice.below(24)
  const flags = dice.chance(0.05) ? wincrypt.CRYPT_USERDATA : writer.flags()
  writer.add('CryptHashData', { hash: hash.name, data: dice.bytes(length).toHex(), flags })
}

function hashSessionKey(writer: SequenceWriter): void {
  const { dice } = writer
  const hash = writer.hash() ?? createHash(writer)
  const key = dice.chance(0.05) ? writer.pair() : writer.sessionKey()
  const flags = dice.chance(0.5) ? wincrypt.CRYPT_LITTLE_ENDIAN : writer.flags()
  writer.add('CryptHashSessionKey', { hash: hash.name, key: key?.name, flags })
  if (key?.random === true) hash.random = true
}

function readValue(writer: SequenceWriter): void {
  const { dice } = writer
  const hash = writer.hash() ?? createHash(writer)
  const buf = dice.chance(0.1) ? dice.pick(['null', 0, 3, 15, 20, 32]) : undefined
  const random = hash.random ? 1 : undefined
  writer.add('CryptGetHashParam', { hash: hash.name, param: wincrypt.HP_HASHVAL, flags: 0, buf, random })
}

function readHashParameter(writer: SequenceWriter): void {
  const { dice } = writer
  const hash = writer.hash() ?? createHash(writer)
  const param = dice.pick([
    wincrypt.HP_ALGID,
    wincrypt.HP_HASHSIZE,
    wincrypt.HP_HASHSIZE,
    wincrypt.HP_HMAC_INFO,
    0,
    0x63,
  ])
  const buf = dice.chance(0.2) ? dice.pick(['null', 0, 3, 4]) : undefined
  writer.add('CryptGetHashParam', { hash: hash.name, param, flags: dice.chance(0.05) ? 1 : 0, buf })
}

function setHashParameter(writer: SequenceWriter): void {
  const { dice } = writer
  const hash = writer.hash() ?? createHash(writer)
  const param = dice.pick([
    wincrypt.HP_HASHVAL,
    wincrypt.HP_HASHVAL,
    wincrypt.HP_ALGID,
    wincrypt.HP_HASHSIZE,
    0x63,
  ])
  writer.add('CryptSetHashParam', {
    hash: hash.name,
    param,
    data: dice.bytes(64).toHex(),
    flags: dice.chance(0.05) ? 1 : 0,
  })
}

function duplicateHash(writer: SequenceWriter): void {
  const hash = writer.hash() ?? createHash(writer)
  const out = writer.fresh('h')
  writer.add('CryptDuplicateHash', { hash: hash.name, flags: writer.dice.chance(0.03) ? 1 : 0, out })
  writer.hashes.push({ ...hash, name: out })
}

function destroyHash(writer: SequenceWriter): void {
  if (writer.hashes.length < 2) return hashData(writer)
  const [gone] = writer.hashes.splice(writer.dice.below(writer.hashes.length), 1)
  writer.add('CryptDestroyHash', { hash: gone?.name })
}
