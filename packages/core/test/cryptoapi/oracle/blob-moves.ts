import { wincrypt } from '../../../src/cryptoapi/index.ts'
import { type Move, newSessionKey } from './cipher-moves.ts'
import { importPrivateKey } from './pair-moves.ts'
import type { PairNote, SequenceWriter } from './sequence-writer.ts'
import { littleEndian32, plaintextBlob } from './step.ts'
import { sealBlock } from './sealed-block.ts'

/** Steps around key blobs: wrapped session keys, good and bad, and blobs with something wrong in them. */
export const BLOB_MOVES: readonly Move[] = [
  { weight: 6, write: wrapAndUnwrap },
  { weight: 3, write: exportSimple },
  { weight: 3, write: importSimple },
  { weight: 4, write: importSealed },
  { weight: 3, write: importDamaged },
  { weight: 1, write: exportUnderSessionKey },
]

const exchangePair = (writer: SequenceWriter): PairNote =>
  writer.pairs.findLast(
    ({ kind, algorithm }) => kind === 'private' && algorithm === wincrypt.CALG_RSA_KEYX,
  ) ?? importPrivateKey(writer, wincrypt.CALG_RSA_KEYX)

/** A key out of one side in a SIMPLEBLOB, the blob into both, the key out again in the clear. */
function wrapAndUnwrap(writer: SequenceWriter): void {
  const { dice } = writer
  const key = writer.sessionKeys.findLast(({ random }) => !random)
  if (key === undefined) return exportSimple(writer)
  const pair = exchangePair(writer)
  const oaep = dice.chance(0.4) ? wincrypt.CRYPT_OAEP : 0
  const save = writer.fresh('b')
  const simple = { blobType: wincrypt.SIMPLEBLOB, flags: oaep, save, random: 1 }
  writer.add('CryptExportKey', { key: key.name, expKey: pair.name, ...simple })
  const [out, exportable] = [
    writer.fresh('k'),
    oaep === 0 || dice.chance(0.05) ? wincrypt.CRYPT_EXPORTABLE : 0,
  ]
  writer.add('CryptImportKey', {
    prov: 'p',
    blob: `$${save}`,
    pubKey: pair.name,
    flags: oaep | exportable,
    out,
  })
  writer.add('CryptExportKey', { key: out, blobType: wincrypt.PLAINTEXTKEYBLOB, flags: 0 })
  writer.sessionKeys.push({ ...key, name: out })
  writer.saved.push({ name: save, kind: 'simple', owner: pair.name })
}

function exportSimple(writer: SequenceWriter): void {
  const { dice } = writer
  const key = dice.chance(0.95) ? (writer.sessionKey() ?? newSessionKey(writer)) : exchangePair(writer)
  const expKey = dice.chance(0.05) ? undefined : (writer.pair() ?? exchangePair(writer))
  const buf = dice.chance(0.2) ? dice.pick(['null', 0, 75, 76, 140]) : undefined
  const flags = dice.chance(0.3) ? wincrypt.CRYPT_OAEP : writer.flags()
  const { SIMPLEBLOB: blobType } = wincrypt
  writer.add('CryptExportKey', { key: key.name, expKey: expKey?.name, blobType, flags, buf, random: 1 })
}

function importSimple(writer: SequenceWriter): void {
  const { dice } = writer
  const saved = writer.savedBytes('simple')
  if (saved === undefined) return wrapAndUnwrap(writer)
  const pubKey = dice.chance(0.6) ? saved.owner : dice.chance(0.3) ? undefined : writer.pair()?.name
  const oaep = dice.chance(0.4) ? wincrypt.CRYPT_OAEP : 0
  const flags = writer.flags(oaep | (dice.chance(0.1) ? wincrypt.CRYPT_EXPORTABLE : 0))
  const out = writer.fresh('k')
  writer.add('CryptImportKey', { prov: 'p', blob: `$${saved.name}`, pubKey, flags, out })
}

/** How the message of a SIMPLEBLOB is padded before RSA: rightly, and in ways that must not be told apart. */
const PADDINGS = [
  { weight: 8, lead: [0, 2], shortage: 0, separator: 0 },
  { weight: 1, lead: [0, 1], shortage: 0, separator: 0 },
  { weight: 1, lead: [0, 0], shortage: 0, separator: 0 },
  { weight: 1, lead: [1, 2], shortage: 0, separator: 0 },
  { weight: 1, lead: [0, 2], shortage: 0, separator: 7 },
  { weight: 1, lead: [0, 2], shortage: 3, separator: 0 }, // the zero too early, so that the key is too long
] as const
const SEALED = [
  [wincrypt.CALG_RC4, 16],
  [wincrypt.CALG_RC4, 5],
  [wincrypt.CALG_RC2, 16],
  [wincrypt.CALG_DES, 8],
  [wincrypt.CALG_3DES, 24],
  [wincrypt.CALG_RC4, 0],
  [wincrypt.CALG_RC4, 17],
  [wincrypt.CALG_3DES, 16],
  [wincrypt.CALG_MD5, 16],
  [wincrypt.CALG_RC4, 50],
] as const

/** A SIMPLEBLOB of the test's own making. */
function importSealed(writer: SequenceWriter): void {
  const { dice } = writer
  const owner = exchangePair(writer)
  const [algorithm, length] = dice.pick(dice.chance(0.7) ? SEALED.slice(0, 5) : SEALED)
  const { lead, shortage, separator } = dice.weighted(PADDINGS)
  const size = owner.pair.bits / 8
  const filler = Math.max(0, size - 3 - length - shortage)
  const block = Uint8Array.from([
    ...lead,
    ...dice.nonZeroBytes(filler),
    separator,
    ...dice.bytes(length + shortage),
  ])
  const wrapped = sealBlock(owner.pair, block.slice(0, size)).toHex()
  const wrapper = dice.chance(0.05) ? wincrypt.CALG_RSA_SIGN : wincrypt.CALG_RSA_KEYX
  const blob = `01020000${littleEndian32(algorithm)}${littleEndian32(wrapper)}${wrapped}`
  const out = writer.fresh('k')
  writer.add('CryptImportKey', { prov: 'p', blob, pubKey: owner.name, flags: wincrypt.CRYPT_EXPORTABLE, out })
  writer.add('CryptExportKey', { key: out, blobType: wincrypt.PLAINTEXTKEYBLOB, flags: 0 })
}

/** A good blob with one byte of its header changed, or cut short. */
function importDamaged(writer: SequenceWriter): void {
  const { dice } = writer
  const pair = writer.testPair()
  const good = dice.pick([
    pair.privateBlob,
    pair.publicBlob,
    plaintextBlob(wincrypt.CALG_RC4, dice.bytes(16)),
  ])
  const blob = Uint8Array.fromHex(good)
  const damaged = dice.chance(0.4) ? blob.slice(0, dice.below(blob.length)) : changeByte(writer, blob)
  writer.add('CryptImportKey', { prov: 'p', blob: damaged.toHex(), flags: 0, out: writer.fresh('k') })
}

function changeByte(writer: SequenceWriter, blob: Uint8Array): Uint8Array {
  const at = writer.dice.below(Math.min(blob.length, 20))
  return blob.with(at, writer.dice.below(256))
}

function exportUnderSessionKey(writer: SequenceWriter): void {
  const { dice } = writer
  const [key, expKey] = [dice.chance(0.5) ? writer.sessionKey() : writer.pair(), writer.sessionKey()]
  if (key === undefined || expKey === undefined) return exportSimple(writer)
  const blobType = dice.pick([wincrypt.SIMPLEBLOB, wincrypt.PUBLICKEYBLOB, wincrypt.PRIVATEKEYBLOB])
  const random = key.random || expKey.random || blobType === wincrypt.SIMPLEBLOB ? 1 : undefined
  writer.add('CryptExportKey', { key: key.name, expKey: expKey.name, blobType, flags: 0, random })
}
