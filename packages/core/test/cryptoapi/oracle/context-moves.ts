import { wincrypt } from '../../../src/cryptoapi/index.ts'
import type { Move } from './cipher-moves.ts'
import type { SequenceWriter } from './sequence-writer.ts'

/** Steps around contexts and key containers, and calls with handles that are none. */
export const CONTEXT_MOVES: readonly Move[] = [
  { weight: 3, write: readProviderParameter },
  { weight: 2, write: readAlgorithms },
  { weight: 2, write: useContainer },
  { weight: 1, write: shareContainer },
  { weight: 1, write: acquireBadly },
  { weight: 1, write: randomBytes },
  { weight: 2, write: useBadHandle },
]

const PROVIDER_PARAMETERS = [
  wincrypt.PP_IMPTYPE,
  wincrypt.PP_NAME,
  wincrypt.PP_VERSION,
  wincrypt.PP_CONTAINER,
  wincrypt.PP_PROVTYPE,
  wincrypt.PP_KEYSET_TYPE,
  wincrypt.PP_SIG_KEYSIZE_INC,
  wincrypt.PP_KEYX_KEYSIZE_INC,
  wincrypt.PP_KEYSPEC,
  0x63,
]

function readProviderParameter(writer: SequenceWriter): void {
  const { dice } = writer
  const buf = dice.chance(0.25) ? dice.pick(['null', 0, 1, 3, 4, 20]) : undefined
  writer.add('CryptGetProvParam', { prov: 'p', param: dice.pick(PROVIDER_PARAMETERS), flags: 0, buf })
}

/** The list of algorithms: order and names are not settled, but how it is walked is. */
function readAlgorithms(writer: SequenceWriter): void {
  const { dice } = writer
  const param = dice.pick([wincrypt.PP_ENUMALGS, wincrypt.PP_ENUMALGS_EX])
  const buf = dice.chance(0.2) ? dice.pick(['null', 4, 31]) : undefined
  writer.add('CryptGetProvParam', { prov: 'p', param, flags: wincrypt.CRYPT_FIRST, buf, random: 1 })
  for (let left = dice.below(6); left > 0; left--) {
    writer.add('CryptGetProvParam', { prov: 'p', param, flags: wincrypt.CRYPT_NEXT, random: 1 })
  }
}

/** A pair made in one context and used in another. */
function shareContainer(writer: SequenceWriter): void {
  const container = `strongroom-oracle-${writer.seed}-${writer.fresh('n')}`
  const [first, second] = [writer.fresh('q'), writer.fresh('q')]
  const acquire = { container, provider: 'default', type: wincrypt.PROV_RSA_FULL }
  writer.add('CryptAcquireContext', { ...acquire, flags: wincrypt.CRYPT_NEWKEYSET, out: first })
  writer.add('CryptGenKey', {
    prov: first,
    alg: wincrypt.AT_SIGNATURE,
    flags: 0x2000000,
    out: writer.fresh('g'),
  })
  writer.add('CryptAcquireContext', { ...acquire, flags: 0, out: second })
  writer.add('CryptGetProvParam', { prov: second, param: wincrypt.PP_UNIQUE_CONTAINER, flags: 0 })
  writer.add('CryptGetUserKey', { prov: second, spec: wincrypt.AT_SIGNATURE, out: writer.fresh('g') })
}

/** A named container from its first day to its last, in the default provider of its type. */
function useContainer(writer: SequenceWriter): void {
  const { dice } = writer
  const container = `strongroom-oracle-${writer.seed}-${writer.fresh('n')}`
  const machine = dice.chance(0.2) ? wincrypt.CRYPT_MACHINE_KEYSET : 0
  const type = dice.pick([wincrypt.PROV_RSA_FULL, wincrypt.PROV_RSA_AES])
  const acquire = (flags: number, out?: string): void =>
    writer.add('CryptAcquireContext', { container, provider: 'default', type, flags: flags | machine, out })
  const pair = writer.testPair()
  const spec = pair.algorithm === wincrypt.CALG_RSA_SIGN ? wincrypt.AT_SIGNATURE : wincrypt.AT_KEYEXCHANGE
  const [first, again, third] = [writer.fresh('q'), writer.fresh('q'), writer.fresh('q')]
  if (dice.chance(0.3)) acquire(0, writer.fresh('q'))
  acquire(wincrypt.CRYPT_NEWKEYSET, first)
  if (dice.chance(0.3)) acquire(wincrypt.CRYPT_NEWKEYSET, writer.fresh('q'))
  const flags = dice.chance(0.6) ? wincrypt.CRYPT_EXPORTABLE : 0
  writer.add('CryptImportKey', { prov: first, blob: `@${pair.name}.private`, flags, out: writer.fresh('r') })
  writer.add('CryptGetProvParam', { prov: first, param: wincrypt.PP_CONTAINER, flags: 0 })
  if (dice.chance(0.1)) writer.add('CryptContextAddRef', { prov: first, flags: 0 })
  writer.add('CryptReleaseContext', { prov: first, flags: 0 })
  acquire(0, again)
  readBack(writer, again, spec)
  writer.add('CryptReleaseContext', { prov: again, flags: 0 })
  acquire(wincrypt.CRYPT_DELETEKEYSET)
  acquire(0, third)
}

function readBack(writer: SequenceWriter, prov: string, spec: number): void {
  for (const asked of [spec, 3 - spec]) {
    const out = writer.fresh('r')
    writer.add('CryptGetUserKey', { prov, spec: asked, out })
    if (asked !== spec) continue
    writer.add('CryptExportKey', { key: out, blobType: wincrypt.PRIVATEKEYBLOB, flags: 0 })
    writer.add('CryptExportKey', { key: out, blobType: wincrypt.PUBLICKEYBLOB, flags: 0 })
    writer.add('CryptGetKeyParam', { key: out, param: wincrypt.KP_PERMISSIONS, flags: 0 })
  }
}

const BAD_ACQUISITIONS = [
  { provider: 'bogus', type: 1 },
  { provider: 'default', type: 0 },
  { provider: 'default', type: 1000 },
  { provider: 'default', type: 999 },
  { provider: 'enh', type: 24 },
  { provider: 'aes', type: 1 },
  { provider: 'default', type: 1, flags: 0x18 },
  { provider: 'default', type: 1, flags: 0xf0000000, container: 'strongroom-oracle-none' },
  { provider: 'default', type: 24, flags: 0x10, container: 'strongroom-oracle-none' },
  { provider: 'strong', type: 1, flags: 0x20, container: 'strongroom-oracle-none' },
] as const

function acquireBadly(writer: SequenceWriter): void {
  const chosen = writer.dice.pick(BAD_ACQUISITIONS)
  writer.add('CryptAcquireContext', { flags: 0xf0000000, ...chosen, out: writer.fresh('q') })
}

function randomBytes(writer: SequenceWriter): void {
  const length = writer.dice.below(50)
  writer.add('CryptGenRandom', { prov: 'p', buf: length, len: length, random: 1 })
}

const BAD_CALLS: readonly [string, Readonly<Record<string, string | number>>][] = [
  ['CryptEncrypt', { key: 'bad', data: '00', final: 1, flags: 0 }],
  ['CryptDecrypt', { key: 'bad', data: '00', final: 1, flags: 0 }],
  ['CryptHashData', { hash: 'bad', data: '00', flags: 0 }],
  ['CryptGenKey', { prov: 'bad', alg: wincrypt.CALG_RC4, flags: 0 }],
  ['CryptExportKey', { key: 'bad', blobType: wincrypt.PLAINTEXTKEYBLOB, flags: 0 }],
  ['CryptGetKeyParam', { key: 'bad', param: wincrypt.KP_ALGID, flags: 0 }],
  ['CryptSetKeyParam', { key: 'bad', param: wincrypt.KP_MODE, data: '02000000', flags: 0 }],
  ['CryptGetHashParam', { hash: 'bad', param: wincrypt.HP_ALGID, flags: 0 }],
  ['CryptDuplicateKey', { key: 'bad', flags: 0 }],
  ['CryptDuplicateHash', { hash: 'bad', flags: 0 }],
  ['CryptDestroyKey', { key: 'bad' }],
  ['CryptDestroyHash', { hash: 'bad' }],
  ['CryptReleaseContext', { prov: 'bad', flags: 0 }],
  ['CryptSignHash', { hash: 'bad', spec: 1, flags: 0 }],
  ['CryptVerifySignature', { hash: 'bad', sig: '00', flags: 0 }],
  ['CryptGetUserKey', { prov: 'bad', spec: 1 }],
  ['CryptGetProvParam', { prov: 'bad', param: wincrypt.PP_NAME, flags: 0 }],
  ['CryptImportKey', { prov: 'bad', blob: '0802000001680000050000000102030405', flags: 0 }],
]

function useBadHandle(writer: SequenceWriter): void {
  const [fn, args] = writer.dice.pick(BAD_CALLS)
  writer.add(fn, args)
}
