import { wincrypt } from '../../../src/cryptoapi/index.ts'
import type { SequenceWriter, SessionKeyNote } from './sequence-writer.ts'
import { plaintextBlob } from './step.ts'

/** One way to go on with a sequence: it adds a step or a few. */
export interface Move {
  readonly weight: number
  readonly write: (writer: SequenceWriter) => void
}

interface CipherChoice {
  readonly algorithm: number
  /** Key bytes; the first third of the list are lengths that providers take. */
  readonly lengths: readonly number[]
  readonly blockLength: number
  /** Lengths in bits for the upper half of the flags of CryptDeriveKey and CryptGenKey, 0 for the default. */
  readonly bits: readonly number[]
}

const RIVEST_BITS = [0, 0, 40, 40, 48, 56, 64, 104, 128, 128, 32, 39, 129, 136, 1024]

/** The session ciphers. */
const CIPHERS: readonly CipherChoice[] = [
  {
    algorithm: wincrypt.CALG_RC2,
    lengths: [5, 5, 6, 7, 8, 13, 16, 16, 4, 17, 0],
    blockLength: 8,
    bits: RIVEST_BITS,
  },
  {
    algorithm: wincrypt.CALG_RC4,
    lengths: [5, 5, 6, 7, 8, 13, 16, 16, 4, 17, 0],
    blockLength: 0,
    bits: RIVEST_BITS,
  },
  { algorithm: wincrypt.CALG_DES, lengths: [8, 8, 8, 8, 7, 16], blockLength: 8, bits: [0, 56, 64, 40, 128] },
  {
    algorithm: wincrypt.CALG_3DES_112,
    lengths: [16, 16, 16, 16, 14, 24],
    blockLength: 8,
    bits: [0, 112, 128, 168],
  },
  {
    algorithm: wincrypt.CALG_3DES,
    lengths: [24, 24, 24, 24, 21, 16],
    blockLength: 8,
    bits: [0, 168, 192, 112],
  },
  { algorithm: wincrypt.CALG_AES_128, lengths: [16, 16, 16, 24], blockLength: 16, bits: [0, 128, 256] },
  { algorithm: wincrypt.CALG_AES_192, lengths: [24, 24, 24, 16], blockLength: 16, bits: [0, 192, 128] },
  { algorithm: wincrypt.CALG_AES_256, lengths: [32, 32, 32, 16], blockLength: 16, bits: [0, 256, 128] },
]
const NO_CIPHERS = [
  wincrypt.CALG_AES,
  0x660d,
  0x6604,
  0x6802,
  wincrypt.CALG_MD5,
  wincrypt.CALG_RSA_KEYX,
  0x2200,
  0,
]
const HASHES = [
  wincrypt.CALG_MD2,
  wincrypt.CALG_MD4,
  wincrypt.CALG_MD5,
  wincrypt.CALG_SHA1,
  wincrypt.CALG_SHA_256,
  wincrypt.CALG_SHA_384,
  wincrypt.CALG_SHA_512,
]

/** Steps around session keys: making and using them. */
export const CIPHER_MOVES: readonly Move[] = [
  { weight: 10, write: importPlaintextKey },
  { weight: 6, write: deriveKey },
  { weight: 3, write: generateKey },
  { weight: 1, write: makeKeyOfNoCipher },
  { weight: 14, write: encrypt },
  { weight: 9, write: decryptAnything },
  { weight: 7, write: roundTrip },
  { weight: 3, write: askForSize },
  { weight: 4, write: duplicateKey },
  { weight: 2, write: destroyKey },
  { weight: 4, write: exportPlaintextKey },
]

/** A cipher, nearly always one that the provider has. */
function pickCipher(writer: SequenceWriter): CipherChoice {
  const available = CIPHERS.filter(({ algorithm }) => writer.has(algorithm))
  return writer.dice.pick(writer.dice.chance(0.03) ? CIPHERS : available)
}

/** A key length, mostly one that the cipher takes. */
function pickLength(writer: SequenceWriter, lengths: readonly number[]): number {
  return writer.dice.chance(0.85)
    ? writer.dice.pick(lengths.slice(0, lengths.length / 2))
    : writer.dice.pick(lengths)
}

/** CRYPT_EXPORTABLE most of the time, and sometimes a word on salt. */
export function keyFlags(writer: SequenceWriter): number {
  const { dice } = writer
  const salt = dice.chance(0.12) ? dice.pick([wincrypt.CRYPT_NO_SALT, wincrypt.CRYPT_CREATE_SALT]) : 0
  return writer.flags((dice.chance(0.85) ? wincrypt.CRYPT_EXPORTABLE : 0) | salt)
}

function note(writer: SequenceWriter, choice: CipherChoice, name: string, random = false): SessionKeyNote {
  const { algorithm, blockLength } = choice
  const made: SessionKeyNote = { kind: 'session', name, algorithm, blockLength, random }
  writer.sessionKeys.push(made)
  return made
}

function importPlaintextKey(writer: SequenceWriter): void {
  newSessionKey(writer)
}

/** A key that both sides know, in the clear. */
export function newSessionKey(writer: SequenceWriter): SessionKeyNote {
  const { dice } = writer
  if (dice.chance(0.04)) return newHmacKey(writer)
  const choice = pickCipher(writer)
  const out = writer.fresh('k')
  const blob = plaintextBlob(choice.algorithm, dice.bytes(pickLength(writer, choice.lengths)))
  const tail = dice.chance(0.05) ? dice.bytes(dice.below(9)).toHex() : ''
  writer.add('CryptImportKey', { prov: 'p', blob: blob + tail, flags: keyFlags(writer), out })
  return note(writer, choice, out)
}

/** A key of any length under CALG_RC2, as HMAC takes it. */
function newHmacKey(writer: SequenceWriter): SessionKeyNote {
  const out = writer.fresh('k')
  const blob = plaintextBlob(
    wincrypt.CALG_RC2,
    writer.dice.bytes(writer.dice.pick([1, 16, 20, 64, 65, 128, 129, 200])),
  )
  const flags = wincrypt.CRYPT_IPSEC_HMAC_KEY | wincrypt.CRYPT_EXPORTABLE
  writer.add('CryptImportKey', { prov: 'p', blob, flags, out })
  return note(writer, { algorithm: wincrypt.CALG_RC2, lengths: [], bits: [], blockLength: 8 }, out)
}

function deriveKey(writer: SequenceWriter): void {
  const { dice } = writer
  const choice = pickCipher(writer)
  const hash = dice.chance(0.3) ? writer.hash()?.name : undefined
  const made = hash ?? newHash(writer)
  const flags = ((dice.pick(choice.bits) << 16) | keyFlags(writer)) >>> 0
  const out = writer.fresh('k')
  writer.add('CryptDeriveKey', { prov: 'p', alg: choice.algorithm, hash: made, flags, out })
  note(
    writer,
    choice,
    out,
    writer.hashes.some(({ name, random }) => name === made && random),
  )
}

function newHash(writer: SequenceWriter): string {
  const { dice } = writer
  const algorithm = dice.pick(HASHES.filter((hash) => writer.has(hash)))
  const out = writer.fresh('h')
  writer.add('CryptCreateHash', { prov: 'p', alg: algorithm, flags: 0, out })
  writer.add('CryptHashData', { hash: out, data: dice.bytes(dice.below(40)).toHex(), flags: 0 })
  writer.hashes.push({ name: out, algorithm, random: false })
  return out
}

/** Keys that a provider makes differ; they come back under another name as a key that both know. */
function generateKey(writer: SequenceWriter): void {
  const { dice } = writer
  const choice = pickCipher(writer)
  const out = writer.fresh('k')
  const flags = ((dice.pick(choice.bits) << 16) | keyFlags(writer)) >>> 0
  writer.add('CryptGenKey', { prov: 'p', alg: choice.algorithm, flags, out })
  note(writer, choice, out, true)
  const random = (flags & wincrypt.CRYPT_CREATE_SALT) === 0 ? undefined : 1
  if (dice.chance(0.5))
    writer.add('CryptGetKeyParam', { key: out, param: wincrypt.KP_SALT, flags: 0, random })
  const save = writer.fresh('b')
  writer.add('CryptExportKey', { key: out, blobType: wincrypt.PLAINTEXTKEYBLOB, flags: 0, save, random: 1 })
  const copy = writer.fresh('k')
  writer.add('CryptImportKey', { prov: 'p', blob: `$${save}`, flags: wincrypt.CRYPT_EXPORTABLE, out: copy })
  note(writer, choice, copy)
}

function makeKeyOfNoCipher(writer: SequenceWriter): void {
  const { dice } = writer
  const algorithm = dice.pick(NO_CIPHERS.filter((id) => id !== wincrypt.CALG_RSA_KEYX || dice.chance(0.2)))
  const out = writer.fresh('k')
  if (dice.chance(0.4)) {
    const blob = plaintextBlob(algorithm, dice.bytes(16))
    writer.add('CryptImportKey', { prov: 'p', blob, flags: 0, out })
  } else {
    const hash = newHash(writer)
    writer.add('CryptDeriveKey', { prov: 'p', alg: algorithm, hash, flags: 0, out })
  }
}

/** How much goes into one call: blocks in the middle of a message, anything at its end, sometimes what may not be. */
function pickPlainLength(writer: SequenceWriter, key: SessionKeyNote, final: number): number {
  const { dice } = writer
  const blocks = (key.blockLength || 1) * dice.below(6)
  return final === 1 || dice.chance(0.06) ? dice.below(70) : blocks
}

function encrypt(writer: SequenceWriter): void {
  const { dice } = writer
  const key = writer.sessionKey()
  if (key === undefined) return importPlaintextKey(writer)
  const final = dice.below(2)
  const length = pickPlainLength(writer, key, final)
  const buf = dice.chance(0.08) ? Math.max(length, dice.below(length + 20)) : undefined
  const save = dice.chance(0.4) ? writer.fresh('c') : undefined
  writer.add('CryptEncrypt', {
    key: key.name,
    data: dice.bytes(length).toHex(),
    final,
    flags: writer.flags(),
    buf,
    ...hashOf(writer, key),
    save,
    random: key.random ? 1 : undefined,
  })
  if (save !== undefined && !key.random)
    writer.saved.push({ name: save, kind: 'ciphertext', owner: key.name })
}

/** Now and then the plaintext is hashed along the way. */
function hashOf(writer: SequenceWriter, key: SessionKeyNote): { hash?: string } {
  const hash = writer.dice.chance(0.08) ? writer.hash() : undefined
  if (hash === undefined || (key.random && !hash.random)) return {}
  return { hash: hash.name }
}

function decryptAnything(writer: SequenceWriter): void {
  const { dice } = writer
  const key = writer.sessionKey()
  if (key === undefined) return importPlaintextKey(writer)
  const saved = dice.chance(0.5) && !key.random ? writer.savedBytes('ciphertext') : undefined
  const odd = dice.chance(0.03) ? dice.below(16) : 0
  // Padding under a key that differs is right by chance only, one time in 256, and not on both sides.
  const final = dice.chance(0.25) && !key.random ? 1 : 0
  const data = dice.bytes((key.blockLength || 1) * dice.below(6) + odd).toHex()
  writer.add('CryptDecrypt', {
    key: key.name,
    data: saved === undefined ? data : `$${saved.name}`,
    final: saved === undefined ? final : dice.below(2),
    flags: writer.flags(),
    ...hashOf(writer, key),
    random: key.random ? 1 : undefined,
  })
}

/** What a message was encrypted to, back through a duplicate made before its first call. */
function roundTrip(writer: SequenceWriter): void {
  const { dice } = writer
  const key = writer.sessionKey()
  if (key === undefined || key.random) return importPlaintextKey(writer)
  const twin = writer.fresh('k')
  writer.add('CryptDuplicateKey', { key: key.name, flags: 0, out: twin })
  const names: string[] = []
  for (let piece = dice.below(3); piece >= 0; piece--) {
    const final = piece === 0 ? 1 : 0
    const save = writer.fresh('c')
    const data = dice.bytes(final === 1 ? dice.below(40) : (key.blockLength || 1) * dice.below(4)).toHex()
    writer.add('CryptEncrypt', { key: key.name, data, final, flags: 0, save })
    names.push(save)
  }
  const last = names.at(-1)
  for (const name of names) {
    writer.add('CryptDecrypt', { key: twin, data: `$${name}`, final: name === last ? 1 : 0, flags: 0 })
  }
  note(writer, { ...key, lengths: [], bits: [] }, twin)
}

function askForSize(writer: SequenceWriter): void {
  const { dice } = writer
  const key = writer.sessionKey() ?? writer.pair()
  if (key === undefined) return importPlaintextKey(writer)
  const len = dice.below(50)
  writer.add('CryptEncrypt', {
    key: key.name,
    data: '',
    len,
    buf: 'null',
    bufLen: dice.chance(0.5) ? len : dice.below(100),
    final: dice.below(2),
    flags: writer.flags(),
  })
}

function duplicateKey(writer: SequenceWriter): void {
  const key = writer.sessionKey()
  if (key === undefined) return importPlaintextKey(writer)
  const out = writer.fresh('k')
  writer.add('CryptDuplicateKey', { key: key.name, flags: writer.dice.chance(0.03) ? 1 : 0, out })
  writer.sessionKeys.push({ ...key, name: out })
}

/** A handle that is gone is never named again: what Wine does with one depends on its heap. */
function destroyKey(writer: SequenceWriter): void {
  if (writer.sessionKeys.length < 2) return importPlaintextKey(writer)
  const [gone] = writer.sessionKeys.splice(writer.dice.below(writer.sessionKeys.length), 1)
  writer.add('CryptDestroyKey', { key: gone?.name })
}

function exportPlaintextKey(writer: SequenceWriter): void {
  const { dice } = writer
  const key = writer.sessionKey()
  if (key === undefined) return importPlaintextKey(writer)
  const blobType = dice.chance(0.9)
    ? wincrypt.PLAINTEXTKEYBLOB
    : dice.pick([wincrypt.PUBLICKEYBLOB, wincrypt.PRIVATEKEYBLOB, wincrypt.OPAQUEKEYBLOB, 0, 0x63])
  const buf = dice.chance(0.15) ? dice.pick(['null', 0, 11, 12, 28, 36]) : undefined
  const random = key.random ? 1 : undefined
  writer.add('CryptExportKey', { key: key.name, blobType, flags: writer.flags(), buf, random })
}
