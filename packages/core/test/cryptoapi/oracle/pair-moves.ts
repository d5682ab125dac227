import { wincrypt } from '../../../src/cryptoapi/index.ts'
import type { Move } from './cipher-moves.ts'
import { createHash, pickHash } from './hash-moves.ts'
import type { PairNote, SequenceWriter } from './sequence-writer.ts'

/** Steps around RSA pairs: keeping, exporting, signing, verifying, encrypting. */
export const PAIR_MOVES: readonly Move[] = [
  { weight: 6, write: importPrivateKey },
  { weight: 3, write: importPublicKey },
  { weight: 2, write: getUserKey },
  { weight: 4, write: exportPair },
  { weight: 6, write: sign },
  { weight: 3, write: signAndVerifyElsewhere },
  { weight: 4, write: verify },
  { weight: 3, write: encryptWithPair },
  { weight: 3, write: decryptWithPair },
  { weight: 1, write: generatePair },
]

/** The private part of a test pair in the context, exportable most of the time. */
export function importPrivateKey(writer: SequenceWriter, algorithm?: number): PairNote {
  const pair = writer.testPair(algorithm)
  const flags = writer.flags(writer.dice.chance(0.7) ? wincrypt.CRYPT_EXPORTABLE : 0)
  const note: PairNote = {
    kind: 'private',
    name: writer.fresh('r'),
    algorithm: pair.algorithm,
    pair,
    random: false,
  }
  writer.add('CryptImportKey', { prov: 'p', blob: `@${pair.name}.private`, flags, out: note.name })
  writer.pairs.push(note)
  return note
}

function importPublicKey(writer: SequenceWriter): PairNote {
  const pair = writer.pair('private')?.pair ?? writer.testPair()
  const note: PairNote = {
    kind: 'public',
    name: writer.fresh('u'),
    algorithm: pair.algorithm,
    pair,
    random: false,
  }
  writer.add('CryptImportKey', {
    prov: 'p',
    blob: `@${pair.name}.public`,
    flags: writer.flags(),
    out: note.name,
  })
  writer.pairs.push(note)
  return note
}

/** What it answers is the pair imported last under its key specification. */
function getUserKey(writer: SequenceWriter): void {
  const { dice } = writer
  const spec = dice.chance(0.9)
    ? dice.pick([wincrypt.AT_KEYEXCHANGE, wincrypt.AT_SIGNATURE])
    : dice.pick([0, 3])
  const algorithm = spec === wincrypt.AT_SIGNATURE ? wincrypt.CALG_RSA_SIGN : wincrypt.CALG_RSA_KEYX
  const name = writer.fresh('r')
  writer.add('CryptGetUserKey', { prov: 'p', spec, out: name })
  const installed = writer.pairs.findLast((note) => note.kind === 'private' && note.algorithm === algorithm)
  if (installed !== undefined && spec < 3 && spec > 0) writer.pairs.push({ ...installed, name })
}

function exportPair(writer: SequenceWriter): void {
  const { dice } = writer
  const note = writer.pair() ?? importPrivateKey(writer)
  const blobType = dice.chance(0.9)
    ? dice.pick([wincrypt.PUBLICKEYBLOB, wincrypt.PRIVATEKEYBLOB])
    : dice.pick([wincrypt.PLAINTEXTKEYBLOB, wincrypt.SIMPLEBLOB, wincrypt.OPAQUEKEYBLOB, 0])
  const buf = dice.chance(0.15) ? dice.pick(['null', 0, 84, 148, 308, 596]) : undefined
  writer.add('CryptExportKey', {
    key: note.name,
    blobType,
    flags: writer.flags(),
    buf,
    random: note.random ? 1 : undefined,
  })
}

function specOf(writer: SequenceWriter): number {
  const { dice } = writer
  if (dice.chance(0.03)) return dice.pick([0, 3])
  const note = writer.pairs.findLast(({ kind }) => kind === 'private')
  if (note === undefined || dice.chance(0.2))
    return dice.pick([wincrypt.AT_KEYEXCHANGE, wincrypt.AT_SIGNATURE])
  return note.algorithm === wincrypt.CALG_RSA_SIGN ? wincrypt.AT_SIGNATURE : wincrypt.AT_KEYEXCHANGE
}

function signFlags(writer: SequenceWriter): number {
  const { dice } = writer
  if (dice.chance(0.06)) return wincrypt.CRYPT_X931_FORMAT
  return dice.chance(0.2) ? wincrypt.CRYPT_NOHASHOID : writer.flags()
}

function description(writer: SequenceWriter): string | undefined {
  return writer.dice.chance(0.12) ? writer.dice.pick(['620061006300', '2d20', '']) : undefined
}

function sign(writer: SequenceWriter): void {
  const { dice } = writer
  if (writer.pair('private') === undefined) importPrivateKey(writer)
  const hash = dice.chance(0.5) ? (writer.hash() ?? createHash(writer)) : createHash(writer)
  const spec = specOf(writer)
  const save = writer.fresh('s')
  writer.add('CryptSignHash', {
    hash: hash.name,
    spec,
    flags: signFlags(writer),
    descUtf16: description(writer),
    buf: dice.chance(0.06) ? dice.pick(['null', 0, 63, 64, 128]) : undefined,
    save,
    random: hash.random ? 1 : undefined,
  })
  writer.saved.push({ name: save, kind: 'signature', owner: String(spec) })
}

/** One text hashed twice: signed, then verified with the public key, sometimes in the wrong way. */
function signAndVerifyElsewhere(writer: SequenceWriter): void {
  const { dice } = writer
  const note = importPrivateKey(writer)
  const spec = note.algorithm === wincrypt.CALG_RSA_SIGN ? wincrypt.AT_SIGNATURE : wincrypt.AT_KEYEXCHANGE
  const algorithm = pickHash(writer)
  const text = dice.bytes(dice.below(50)).toHex()
  const [signed, checked] = [writer.fresh('h'), writer.fresh('h')]
  for (const out of [signed, checked]) {
    writer.add('CryptCreateHash', { prov: 'p', alg: algorithm, flags: 0, out })
    writer.add('CryptHashData', { hash: out, data: text, flags: 0 })
  }
  const [flags, descUtf16, save] = [signFlags(writer), description(writer), writer.fresh('s')]
  const pubKey = writer.fresh('u')
  writer.add('CryptSignHash', { hash: signed, spec, flags, descUtf16, save })
  writer.add('CryptImportKey', { prov: 'p', blob: `@${note.pair.name}.public`, flags: 0, out: pubKey })
  const given = dice.chance(0.8)
    ? { flags, descUtf16 }
    : { flags: signFlags(writer), descUtf16: description(writer) }
  writer.add('CryptVerifySignature', { hash: checked, sig: `$${save}`, pubKey, ...given })
  writer.pairs.push({ ...note, kind: 'public', name: pubKey })
}

function verify(writer: SequenceWriter): void {
  const { dice } = writer
  const note = writer.pair() ?? importPublicKey(writer)
  const hash = writer.hash() ?? createHash(writer)
  const saved = dice.chance(0.6) ? writer.savedBytes('signature') : undefined
  const length = note.pair.bits / 8
  const made = dice.chance(0.1)
    ? new Uint8Array(length).fill(0xff)
    : dice.bytes(dice.chance(0.8) ? length : dice.below(140))
  const odd = dice.chance(0.05) ? { nullsig: 1, len: length } : {}
  writer.add('CryptVerifySignature', {
    hash: hash.name,
    sig: saved === undefined ? made.toHex() : `$${saved.name}`,
    pubKey: dice.chance(0.04) ? writer.sessionKey()?.name : note.name,
    flags: signFlags(writer),
    descUtf16: description(writer),
    ...odd,
  })
}

function rsaFlags(writer: SequenceWriter): number {
  return writer.dice.chance(0.4) ? wincrypt.CRYPT_OAEP : writer.flags()
}

/** Ciphertexts differ, so one side's goes to both: each opens what the other made. */
function encryptWithPair(writer: SequenceWriter): void {
  const { dice } = writer
  const note = writer.pair() ?? importPublicKey(writer)
  const length = dice.chance(0.8) ? dice.below(21) : dice.below(note.pair.bits / 8 + 2)
  const save = writer.fresh('c')
  writer.add('CryptEncrypt', {
    key: note.name,
    data: dice.bytes(length).toHex(),
    final: dice.chance(0.8) ? 1 : 0,
    flags: rsaFlags(writer),
    buf: dice.chance(0.08) ? dice.pick([length, note.pair.bits / 8 - 1, note.pair.bits / 8]) : undefined,
    save,
    random: 1,
  })
  writer.saved.push({ name: save, kind: 'blob', owner: note.pair.name })
}

function decryptWithPair(writer: SequenceWriter): void {
  const { dice } = writer
  const saved = writer.savedBytes('blob')
  if (saved === undefined) return encryptWithPair(writer)
  const owner = writer.pairs.findLast(({ kind, pair }) => kind === 'private' && pair.name === saved.owner)
  const note = dice.chance(0.9) ? owner : writer.pair()
  const key = note ?? importPrivateKey(writer)
  writer.add('CryptDecrypt', { key: key.name, data: `$${saved.name}`, final: 1, flags: rsaFlags(writer) })
}

/** A pair of the provider's own making: only its size and its refusals can be compared. */
function generatePair(writer: SequenceWriter): void {
  const { dice } = writer
  const alg = dice.pick([
    wincrypt.AT_KEYEXCHANGE,
    wincrypt.AT_SIGNATURE,
    wincrypt.CALG_RSA_KEYX,
    wincrypt.CALG_RSA_SIGN,
  ])
  const bits = dice.pick([384, 512, 512, 520, 376, 388, 0x7fff])
  const out = writer.fresh('g')
  writer.add('CryptGenKey', { prov: 'p', alg, flags: ((bits << 16) | wincrypt.CRYPT_EXPORTABLE) >>> 0, out })
  writer.add('CryptGetKeyParam', { key: out, param: wincrypt.KP_KEYLEN, flags: 0 })
  writer.add('CryptExportKey', { key: out, blobType: wincrypt.PRIVATEKEYBLOB, flags: 0, random: 1 })
  const [spec, blob] = [alg & 0x2 || alg === wincrypt.CALG_RSA_SIGN ? 2 : 1, writer.fresh('b')]
  writer.add('CryptExportKey', {
    key: out,
    blobType: wincrypt.PUBLICKEYBLOB,
    flags: 0,
    random: 1,
    save: blob,
  })
  // The context now holds a pair that differs: one that both know takes its place.
  importPrivateKey(writer, spec === 2 ? wincrypt.CALG_RSA_SIGN : wincrypt.CALG_RSA_KEYX)
}
