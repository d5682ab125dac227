import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  acquireContext,
  type ContainerStore,
  CryptoApiError,
  deleteContainer,
  exportKeyBlob,
  MemoryContainerStore,
  type ProviderId,
  PROVIDERS,
  RsaKey,
  SessionKey,
  wincrypt,
} from '../../src/cryptoapi/index.ts'
import { throwsCode } from '../support/throws-code.ts'
import { knownKey } from './rsa/known-keys.ts'

const {
  CALG_3DES,
  CALG_3DES_112,
  CALG_AES_128,
  CALG_AES_192,
  CALG_AES_256,
  CALG_DES,
  CALG_RC2,
  CALG_RC4,
  PLAINTEXTKEYBLOB,
  PRIVATEKEYBLOB,
  PUBLICKEYBLOB,
  SIMPLEBLOB,
} = wincrypt

/** Bits that a cipher can be asked for, and the bytes that come of it; 0 bits is the default. */
type Lengths = Readonly<Record<number, number>>

const DES_LENGTHS: Readonly<Record<number, Lengths>> = {
  [CALG_DES]: { 0: 8, 56: 8, 64: 8 },
  [CALG_3DES_112]: { 0: 16, 112: 16, 128: 16 },
  [CALG_3DES]: { 0: 24, 168: 24, 192: 24 },
}
const STRONG: Lengths = { 0: 16, 40: 5, 48: 6, 56: 7, 64: 8, 112: 14, 120: 15, 128: 16 }
const RIVEST: Readonly<Record<ProviderId, Lengths>> = {
  base: { 0: 5, 40: 5, 48: 6, 56: 7 },
  strong: STRONG,
  enhanced: STRONG,
  'enhanced-aes': STRONG,
}
const AES_LENGTHS: Readonly<Record<number, Lengths>> = {
  [CALG_AES_128]: { 0: 16, 128: 16 },
  [CALG_AES_192]: { 0: 24, 192: 24 },
  [CALG_AES_256]: { 0: 32, 256: 32 },
}
const ASKED = [
  0,
  1,
  7,
  39,
  40,
  41,
  48,
  56,
  64,
  112,
  120,
  128,
  136,
  168,
  192,
  256,
  65_528,
  -8,
  40.5,
  Number.NaN,
]

function lengthsOf(provider: ProviderId, algorithm: number): Lengths | undefined {
  if (algorithm === CALG_RC2 || algorithm === CALG_RC4) return RIVEST[provider]
  if (algorithm === CALG_DES) return DES_LENGTHS[algorithm]
  if (algorithm in DES_LENGTHS) return provider === 'base' ? undefined : DES_LENGTHS[algorithm]
  return provider === 'enhanced-aes' ? AES_LENGTHS[algorithm] : undefined
}

suite('making session keys', () => {
  for (const { id } of PROVIDERS) {
    test(`the ${id} provider makes the lengths that it has, and no others`, () => {
      const context = acquireContext({ provider: id })
      const ids = [CALG_RC2, CALG_RC4, ...Object.keys({ ...DES_LENGTHS, ...AES_LENGTHS }).map(Number)]
      for (const algorithm of ids) {
        const lengths = lengthsOf(id, algorithm)
        for (const bits of ASKED) {
          const make = () => context.generateKey(algorithm, { bits })
          if (lengths === undefined) throwsCode(CryptoApiError, 'NTE_BAD_ALGID', make)
          else if (lengths[bits] !== undefined) assert.equal(make().key.length, lengths[bits])
          else throwsCode(CryptoApiError, algorithm in DES_LENGTHS ? 'NTE_BAD_FLAGS' : 'NTE_BAD_DATA', make)
        }
      }
    })
  }

  test('ids that are no session cipher make none', () => {
    const context = acquireContext()
    for (const algorithm of [
      0,
      1,
      wincrypt.CALG_AES,
      wincrypt.CALG_SHA1,
      wincrypt.CALG_RSA_KEYX,
      0x660d,
      Number.NaN,
    ]) {
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => context.generateKey(algorithm))
    }
  })

  test('keys of the DES family have odd parity in every byte, and all keys are random', () => {
    const context = acquireContext()
    for (const algorithm of [CALG_DES, CALG_3DES_112, CALG_3DES]) {
      const keys = Array.from({ length: 20 }, () => context.generateKey(algorithm).key)
      for (const key of keys) {
        for (const byte of key) assert.equal(byte.toString(2).replaceAll('0', '').length % 2, 1)
      }
      assert.equal(new Set(keys.map(String)).size, keys.length)
    }
  })

  test('only keys of 40 bits have salt: zeros, none, or made where the provider makes it', () => {
    const zeros = new Uint8Array(11)
    for (const { id, exportSalt } of PROVIDERS) {
      const context = acquireContext({ provider: id })
      const saltOf = (bits: number, salt: 'default' | 'none' | 'create') =>
        context.generateKey(CALG_RC4, { bits, salt }).salt
      assert.deepEqual(saltOf(40, 'default'), zeros)
      assert.deepEqual(saltOf(40, 'none'), new Uint8Array(0))
      assert.equal(saltOf(40, 'create').length, exportSalt ? 11 : 0)
      if (exportSalt) assert.notDeepEqual(saltOf(40, 'create'), saltOf(40, 'create'))
      assert.equal(saltOf(56, 'create').length, 0)
      assert.equal(context.generateKey(CALG_DES).salt.length, 0)
    }
  })
})

suite('containers', () => {
  test('a container is made once, opened by name, and deleted; each only if it can be', () => {
    const store = new MemoryContainerStore()
    const open = () => acquireContext({ store, container: 'c' })
    throwsCode(CryptoApiError, 'NTE_BAD_KEYSET', open)
    const context = acquireContext({ store, container: 'c', mode: 'create' })
    assert.equal(context.container, 'c')
    throwsCode(CryptoApiError, 'NTE_EXISTS', () => acquireContext({ store, container: 'c', mode: 'create' }))
    throwsCode(CryptoApiError, 'NTE_BAD_KEYSET', () =>
      acquireContext({ store, container: 'c', scope: 'machine' }),
    )
    throwsCode(CryptoApiError, 'NTE_NO_KEY', () => open().userPair('exchange'))
    deleteContainer(store, 'c')
    throwsCode(CryptoApiError, 'NTE_BAD_KEYSET', open)
    throwsCode(CryptoApiError, 'NTE_BAD_KEYSET', () => deleteContainer(store, 'c'))
    throwsCode(CryptoApiError, 'NTE_BAD_KEYSET', () => context.generatePair('signature', { bits: 384 }))
    assert.deepEqual(store.names('user'), [])
    const long = { store, container: 'n'.repeat(261), mode: 'create' } as const
    throwsCode(CryptoApiError, 'NTE_BAD_KEYSET_PARAM', () => acquireContext(long))
  })

  test('a pair is stored at once, with its permission, and replaces the one before', () => {
    const store = new MemoryContainerStore()
    const one = acquireContext({ store, container: 'c', mode: 'create' })
    const two = acquireContext({ store, container: 'c' })
    const made = one.generatePair('exchange', { bits: 384 })
    assert.ok(two.userPair('exchange').publicKey.equals(made.publicKey))
    throwsCode(CryptoApiError, 'NTE_BAD_KEY_STATE', () =>
      exportKeyBlob(two.userPair('exchange'), PRIVATEKEYBLOB),
    )
    const next = two.generatePair('exchange', { bits: 392, exportable: true })
    assert.ok(one.userPair('exchange').publicKey.equals(next.publicKey))
    assert.deepEqual(
      exportKeyBlob(one.userPair('exchange'), PRIVATEKEYBLOB),
      exportKeyBlob(next, PRIVATEKEYBLOB),
    )
    throwsCode(CryptoApiError, 'NTE_NO_KEY', () => one.userPair('signature'))
    one.importKey(knownKey('sig512').privateBlob)
    assert.equal(two.userPair('signature').publicKey.bits, 512)
    // A public key is nobody's pair.
    one.importKey(knownKey('kx1024').publicBlob)
    assert.ok(two.userPair('exchange').publicKey.equals(next.publicKey))
  })

  test('without a name nothing is stored', () => {
    const store = new MemoryContainerStore()
    const context = acquireContext({ store })
    context.importKey(knownKey('kx512').privateBlob)
    assert.equal(context.userPair('exchange').publicKey.bits, 512)
    assert.deepEqual([store.names('user'), store.names('machine')], [[], []])
    throwsCode(CryptoApiError, 'NTE_NO_KEY', () => acquireContext({ store }).userPair('exchange'))
  })

  test('sizes of pairs that the provider does not have are refused before anything is made', () => {
    const base = acquireContext({ provider: 'base' })
    for (const bits of [1, 376, 383, 385, 512.5, 16_392, -512, Number.NaN]) {
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => base.generatePair('signature', { bits }))
    }
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => base.generatePair('exchange', { bits: 1032 }))
    assert.equal(base.generatePair('signature').publicKey.bits, 512)
    assert.equal(base.generatePair('exchange', { bits: 384 }).publicKey.exponent, 65537)
  })

  test('a wiped context has overwritten its private keys, and a new one reads them again', () => {
    const store = new MemoryContainerStore()
    const context = acquireContext({ store, container: 'c', mode: 'create' })
    const pair = context.importKey(knownKey('kx512').privateBlob)
    assert.ok(pair instanceof RsaKey)
    context.wipe()
    const wrapped = pair.encrypt(Uint8Array.of(1))
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => pair.decrypt(wrapped))
    const again = acquireContext({ store, container: 'c' })
    assert.deepEqual(again.userPair('exchange').decrypt(wrapped), Uint8Array.of(1))
  })

  test('only what needs the store asks it, and its failures are those of the functions', () => {
    const broken = new Error('the disk is gone')
    const fail = () => {
      throw broken
    }
    const failing: ContainerStore = { names: fail, read: fail, update: fail }
    const context = acquireContext({ store: failing })
    context.generateKey(CALG_RC4)
    const read = throwsCode(CryptoApiError, 'NTE_KEYSET_ENTRY_BAD', () =>
      acquireContext({ store: failing, container: 'c' }),
    )
    assert.equal(read.cause, broken)
    const write = throwsCode(CryptoApiError, 'NTE_FAIL', () => deleteContainer(failing, 'c'))
    assert.equal(write.cause, broken)
    throwsCode(CryptoApiError, 'NTE_KEYSET_ENTRY_BAD', () => context.store.names('user'))

    const memory = new MemoryContainerStore()
    const counted: ContainerStore = {
      names: (scope) => memory.names(scope),
      read: (scope, name) => {
        reads += 1
        return memory.read(scope, name)
      },
      update: (scope, name, change) => memory.update(scope, name, change),
    }
    let reads = 0
    const kept = acquireContext({ store: counted, container: 'c', mode: 'create' })
    const plain = exportKeyBlob(kept.generateKey(CALG_RC4, { exportable: true }), PLAINTEXTKEYBLOB)
    kept.importKey(plain)
    kept.importKey(knownKey('kx512').publicBlob)
    assert.equal(reads, 0)
    kept.importKey(knownKey('kx512').privateBlob)
    const pair = kept.userPair('exchange')
    const key = kept.importKey(plain, { exportable: true })
    const simple = exportKeyBlob(key, SIMPLEBLOB, { wrapWith: pair })
    assert.ok(kept.importKey(simple) instanceof SessionKey)
    assert.equal(reads, 2)
  })

  test('public parts always leave', () => {
    const context = acquireContext()
    const pair = context.generatePair('signature', { bits: 384 })
    assert.equal(exportKeyBlob(pair, PUBLICKEYBLOB).length, 20 + 48)
  })

  test('a provider that there is not is refused', () => {
    const provider = 'none' as ProviderId
    throwsCode(CryptoApiError, 'NTE_KEYSET_NOT_DEF', () => acquireContext({ provider }))
  })
})
