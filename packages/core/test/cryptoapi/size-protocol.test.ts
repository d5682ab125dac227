/** The protocol of every function that answers with bytes: null, short, exact and long buffers. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Ref, wincrypt } from '../../src/cryptoapi/index.ts'
import { Caller, failsWith, testBlob } from './facade-caller.ts'

const { CALG_AES_256, CALG_SHA_256, CALG_RC2, PRIVATEKEYBLOB, PUBLICKEYBLOB, PLAINTEXTKEYBLOB, SIMPLEBLOB } =
  wincrypt

type Fill = (buffer: Uint8Array | null, length: Ref<number>) => boolean

/** A call that answers with bytes, ready to be made again and again. */
interface Filling {
  readonly name: string
  /** Whether it answers with other bytes each time. */
  readonly random?: boolean
  readonly prepare: (caller: Caller) => Fill
}

const text = new TextEncoder().encode('some text')

const FILLINGS: readonly Filling[] = [
  ...[wincrypt.PP_NAME, wincrypt.PP_CONTAINER, wincrypt.PP_VERSION, wincrypt.PP_UNIQUE_CONTAINER].map(
    (parameter): Filling => ({
      name: `CryptGetProvParam ${parameter}`,
      prepare: (caller) => {
        const prov = caller.context()
        return (buffer, length) => caller.api.CryptGetProvParam(prov, parameter, buffer, length, 0)
      },
    }),
  ),
  ...[wincrypt.PP_ENUMALGS, wincrypt.PP_ENUMALGS_EX].map(
    (parameter): Filling => ({
      name: `CryptGetProvParam ${parameter}, first`,
      prepare: (caller) => {
        const prov = caller.context()
        const first = wincrypt.CRYPT_FIRST
        return (buffer, length) => caller.api.CryptGetProvParam(prov, parameter, buffer, length, first)
      },
    }),
  ),
  {
    name: 'CryptGetDefaultProvider',
    prepare:
      ({ api }) =>
      (buffer, length) =>
        api.CryptGetDefaultProvider(1, null, wincrypt.CRYPT_USER_DEFAULT, buffer, length),
  },
  {
    name: 'CryptEnumProviders',
    prepare:
      ({ api }) =>
      (buffer, length) =>
        api.CryptEnumProviders(2, null, 0, { value: 0 }, buffer, length),
  },
  {
    name: 'CryptEnumProviderTypes',
    prepare:
      ({ api }) =>
      (buffer, length) =>
        api.CryptEnumProviderTypes(1, null, 0, { value: 0 }, buffer, length),
  },
  ...[wincrypt.KP_IV, wincrypt.KP_ALGID, wincrypt.KP_BLOCKLEN, wincrypt.KP_PERMISSIONS].map(
    (parameter): Filling => ({
      name: `CryptGetKeyParam ${parameter}`,
      prepare: (caller) => {
        const key = caller.key(caller.context(), CALG_AES_256)
        return (buffer, length) => caller.api.CryptGetKeyParam(key, parameter, buffer, length, 0)
      },
    }),
  ),
  {
    name: 'CryptGetKeyParam KP_SALT',
    prepare: (caller) => {
      const key = caller.key(caller.context(), CALG_RC2, 40 << 16)
      return (buffer, length) => caller.api.CryptGetKeyParam(key, wincrypt.KP_SALT, buffer, length, 0)
    },
  },
  ...[PRIVATEKEYBLOB, PUBLICKEYBLOB].map(
    (type): Filling => ({
      name: `CryptExportKey ${type}`,
      prepare: (caller) => {
        const blob = testBlob('kx512.private')
        const pair = caller.importKey(caller.context(), blob, 0, wincrypt.CRYPT_EXPORTABLE)
        return (buffer, length) => caller.api.CryptExportKey(pair, 0, type, 0, buffer, length)
      },
    }),
  ),
  ...[PLAINTEXTKEYBLOB, SIMPLEBLOB].map(
    (type): Filling => ({
      name: `CryptExportKey ${type}`,
      random: type === SIMPLEBLOB,
      prepare: (caller) => {
        const prov = caller.context()
        const key = caller.key(prov, CALG_AES_256, wincrypt.CRYPT_EXPORTABLE)
        const wrap = type === SIMPLEBLOB ? caller.importKey(prov, testBlob('kx512.public')) : 0
        return (buffer, length) => caller.api.CryptExportKey(key, wrap, type, 0, buffer, length)
      },
    }),
  ),
  {
    name: 'CryptExportKey PRIVATEKEYBLOB under a session key',
    prepare: (caller) => {
      const prov = caller.context()
      const pair = caller.importKey(prov, testBlob('kx512.private'), 0, wincrypt.CRYPT_EXPORTABLE)
      const hide = caller.key(prov, CALG_AES_256)
      return (buffer, length) => caller.api.CryptExportKey(pair, hide, PRIVATEKEYBLOB, 0, buffer, length)
    },
  },
  ...[wincrypt.HP_ALGID, wincrypt.HP_HASHSIZE, wincrypt.HP_HASHVAL].map(
    (parameter): Filling => ({
      name: `CryptGetHashParam ${parameter}`,
      prepare: (caller) => {
        const hash = caller.hash(caller.context(), CALG_SHA_256, text)
        return (buffer, length) => caller.api.CryptGetHashParam(hash, parameter, buffer, length, 0)
      },
    }),
  ),
  {
    name: 'CryptSignHash',
    prepare: (caller) => {
      const prov = caller.context()
      caller.importKey(prov, testBlob('sig512.private'))
      const hash = caller.hash(prov, CALG_SHA_256, text)
      return (buffer, length) =>
        caller.api.CryptSignHash(hash, wincrypt.AT_SIGNATURE, null, 0, buffer, length)
    },
  },
]

suite('the size protocol', () => {
  for (const filling of FILLINGS) test(filling.name, () => checkFilling(filling))

  test('an enumeration does not advance by size queries or short buffers', () => {
    const caller = new Caller()
    const prov = caller.context()
    const next: Fill = (buffer, length) =>
      caller.api.CryptGetProvParam(prov, wincrypt.PP_ENUMALGS, buffer, length, 0)
    const items = new Set<string>()
    for (let i = 0; i < 20; i++) {
      failsWith(caller.api, 'ERROR_MORE_DATA', next(new Uint8Array(32), { value: 31 }))
      items.add(Buffer.from(caller.bytes(next)).toString('hex'))
    }
    assert.equal(items.size, 20)
    failsWith(caller.api, 'ERROR_NO_MORE_ITEMS', next(new Uint8Array(32), { value: 32 }))
    const again = new Uint8Array(32)
    const first = wincrypt.CRYPT_FIRST
    caller.expect(caller.api.CryptGetProvParam(prov, wincrypt.PP_ENUMALGS, again, { value: 32 }, first))
    assert.equal(Buffer.from(again).toString('hex'), [...items][0])
  })

  for (const [cipher, algorithm, lengths] of [
    ['a block cipher', CALG_AES_256, [0, 1, 15, 16, 17]],
    ['a stream cipher', wincrypt.CALG_RC4, [0, 1, 17]],
    ['RSA', 0, [0, 1, 53]],
  ] as const) {
    test(`CryptEncrypt with ${cipher}`, () => {
      for (const length of lengths) checkEncryption(algorithm, length)
    })
  }
})

function checkFilling({ random = false, prepare }: Filling): void {
  const caller = new Caller()
  const fill = prepare(caller)
  const needed = { value: 0xdead }
  caller.expect(fill(null, needed))
  const size = needed.value
  assert.ok(size > 0)
  const exact = checkRoom(caller, fill, size, size)
  const long = checkRoom(caller, fill, size + 9, size)
  if (!random) assert.deepEqual(long, exact)
  for (const room of [0, 1, size - 1]) {
    if (room >= size) continue
    const buffer = new Uint8Array(size + 16).fill(0xc5)
    const length = { value: room }
    failsWith(caller.api, 'ERROR_MORE_DATA', fill(buffer, length))
    assert.equal(length.value, size)
    // A buffer that is shorter than it is said to be is as short as it is.
    const lied = { value: size + 100 }
    failsWith(caller.api, 'ERROR_MORE_DATA', fill(buffer.subarray(0, room), lied))
    assert.equal(lied.value, size)
    assert.deepEqual(buffer, new Uint8Array(size + 16).fill(0xc5), 'nothing is written')
  }
  if (!random) assert.deepEqual(checkRoom(caller, fill, size, size), exact, 'failures change nothing')
}

/** Fills a buffer with so much room, of which `size` bytes are used. */
function checkRoom(caller: Caller, fill: Fill, room: number, size: number): Uint8Array {
  const buffer = new Uint8Array(room + 16).fill(0xc5)
  const length = { value: room }
  caller.expect(fill(buffer, length))
  assert.equal(length.value, size)
  assert.ok(
    buffer.subarray(size).every((byte) => byte === 0xc5),
    'nothing is written behind the answer',
  )
  return buffer.slice(0, size)
}

function checkEncryption(algorithm: number, length: number): void {
  const caller = new Caller()
  const prov = caller.context()
  const blob = testBlob('kx512.private')
  const key = algorithm === 0 ? caller.importKey(prov, blob) : caller.key(prov, algorithm)
  const plain = Uint8Array.from({ length }, (_, i) => i)
  const call = (buffer: Uint8Array | null, size: Ref<number>, room: number) =>
    caller.api.CryptEncrypt(key, 0, true, 0, buffer, size, room)
  const needed = { value: length }
  caller.expect(call(null, needed, 0))
  const buffer = new Uint8Array(needed.value + 16).fill(0xc5)
  buffer.set(plain)
  const before = buffer.slice()
  for (const room of new Set([length, needed.value - 1])) {
    if (room < length || room >= needed.value) continue
    const size = { value: length }
    failsWith(caller.api, 'ERROR_MORE_DATA', call(buffer, size, room))
    assert.equal(size.value, needed.value)
    assert.deepEqual(buffer, before, 'nothing is written')
  }
  const size = { value: length }
  caller.expect(call(buffer, size, needed.value))
  assert.equal(size.value, needed.value)
  assert.deepEqual(buffer.subarray(size.value), before.subarray(size.value))
  assert.deepEqual(caller.decrypt(key, buffer.subarray(0, size.value)), plain)
}
