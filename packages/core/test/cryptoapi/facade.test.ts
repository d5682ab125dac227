/** Containers by name, defaults and enumerations: what belongs to the published functions alone. */
import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { suite, test } from 'node:test'
import { MemoryContainerStore, PROVIDERS, WinCrypt, wincrypt } from '../../src/cryptoapi/index.ts'
import { Caller, failsWith } from './facade-caller.ts'

const { CALG_AES_256, CRYPT_NEWKEYSET, CRYPT_DELETEKEYSET, CRYPT_VERIFYCONTEXT } = wincrypt
const NULL_TERMINATOR = /\0$/

suite('containers by name', () => {
  test('no name is the name of the user', () => {
    const store = new MemoryContainerStore()
    const caller = new Caller(new WinCrypt({ store }))
    caller.make((out) => caller.api.CryptAcquireContext(out, null, null, 24, CRYPT_NEWKEYSET))
    assert.deepEqual(store.names('user'), [userInfo().username])
    caller.expect(caller.api.CryptAcquireContext({ value: 0 }, '', null, 24, CRYPT_DELETEKEYSET))
    assert.deepEqual(store.names('user'), [])
  })

  test('names are enumerated in order, those outside Latin-1 with question marks', () => {
    const caller = new Caller()
    const { api } = caller
    const names = ['b', 'a', 'Łódź', 'é', '😀']
    const provs = names.map((name) =>
      caller.make((out) => api.CryptAcquireContext(out, name, null, 1, CRYPT_NEWKEYSET)),
    )
    const [prov = 0] = provs
    const found: string[] = []
    for (let flags = wincrypt.CRYPT_FIRST; ; flags = wincrypt.CRYPT_NEXT) {
      const [buffer, length] = [new Uint8Array(261), { value: 261 }]
      if (!api.CryptGetProvParam(prov, wincrypt.PP_ENUMCONTAINERS, buffer, length, flags)) break
      found.push(Buffer.from(buffer.subarray(0, length.value)).toString('latin1'))
    }
    assert.ok(found.every((name) => NULL_TERMINATOR.test(name)))
    // An "Ł" cut to its lower byte would be an "A".
    assert.deepEqual(
      found.map((name) => name.slice(0, -1)),
      ['b', 'a', '?ód?', 'é', '??'],
    )
    const room = { value: 0 }
    caller.expect(api.CryptGetProvParam(prov, wincrypt.PP_ENUMCONTAINERS, null, room, wincrypt.CRYPT_FIRST))
    assert.equal(room.value, 261)
  })

  test('flags that make no sense together are refused', () => {
    const { api } = new Caller()
    const acquire = (name: string | null, flags: number) =>
      api.CryptAcquireContext({ value: 0 }, name, null, 24, flags)
    const refused: readonly [string | null, number][] = [
      ['a', CRYPT_VERIFYCONTEXT],
      ['a', CRYPT_NEWKEYSET | CRYPT_DELETEKEYSET],
      [null, CRYPT_VERIFYCONTEXT | CRYPT_DELETEKEYSET],
      [null, 0x80000000],
      [null, 0x10000000],
      ['a', 0x1],
    ]
    for (const [name, flags] of refused) failsWith(api, 'NTE_BAD_FLAGS', acquire(name, flags))
    failsWith(api, 'NTE_BAD_KEYSET_PARAM', acquire('n'.repeat(261), CRYPT_NEWKEYSET))
    assert.ok(acquire('n'.repeat(260), CRYPT_NEWKEYSET))
  })

  test('a container that was deleted takes no more pairs, by handles that were open', () => {
    const caller = new Caller()
    const { api } = caller
    const prov = caller.make((out) => api.CryptAcquireContext(out, 'c', null, 24, CRYPT_NEWKEYSET))
    caller.expect(api.CryptAcquireContext({ value: 0 }, 'c', null, 24, CRYPT_DELETEKEYSET))
    const out = { value: 0 }
    failsWith(api, 'NTE_BAD_KEYSET', api.CryptGenKey(prov, 2, 512 << 16, out))
    failsWith(api, 'NTE_BAD_KEYSET', api.CryptAcquireContext(out, 'c', null, 24, 0))
  })

  test('a silent context asks nobody, and only for what would need an answer', () => {
    const caller = new Caller()
    const { api } = caller
    const silent = CRYPT_VERIFYCONTEXT | wincrypt.CRYPT_SILENT
    const prov = caller.make((out) => api.CryptAcquireContext(out, null, null, 24, silent))
    const key = { value: 0 }
    const asking = wincrypt.CRYPT_USER_PROTECTED
    failsWith(api, 'NTE_SILENT_CONTEXT', api.CryptGenKey(prov, CALG_AES_256, asking, key))
    caller.key(prov, CALG_AES_256)
    caller.key(caller.context(), CALG_AES_256, asking)
  })
})

suite('providers', () => {
  const nameOf = (caller: Caller, prov: number) =>
    Buffer.from(
      caller.bytes((b, l) => caller.api.CryptGetProvParam(prov, wincrypt.PP_NAME, b, l, 0)),
    ).toString('latin1')

  test('every provider is enumerated, with its type, and then it is over', () => {
    const { api } = new Caller()
    const [buffer, type] = [new Uint8Array(100), { value: 0 }]
    for (const [i, provider] of PROVIDERS.entries()) {
      const length = { value: 100 }
      assert.ok(api.CryptEnumProviders(i, null, 0, type, buffer, length))
      const name = Buffer.from(buffer.subarray(0, length.value)).toString('latin1')
      assert.deepEqual([name, type.value], [`${provider.name}\0`, provider.type])
    }
    const over = api.CryptEnumProviders(PROVIDERS.length, null, 0, type, buffer, { value: 100 })
    failsWith(api, 'ERROR_NO_MORE_ITEMS', over)
    failsWith(api, 'NTE_BAD_FLAGS', api.CryptEnumProviders(0, null, 1, { value: 0 }, null, { value: 0 }))
  })

  test('CryptSetProvider decides what no name means, in this program, until it is taken back', () => {
    const caller = new Caller()
    const { api } = caller
    assert.equal(nameOf(caller, caller.context(null, 1)), `${wincrypt.MS_STRONG_PROV}\0`)
    caller.expect(api.CryptSetProvider(wincrypt.MS_DEF_PROV, 1))
    assert.equal(nameOf(caller, caller.context(null, 1)), `${wincrypt.MS_DEF_PROV}\0`)
    assert.equal(nameOf(caller, caller.context(null, 24)), `${wincrypt.MS_ENH_RSA_AES_PROV}\0`)
    const answered = caller.bytes((b, l) =>
      api.CryptGetDefaultProvider(1, null, wincrypt.CRYPT_USER_DEFAULT, b, l),
    )
    assert.equal(Buffer.from(answered).toString('latin1'), `${wincrypt.MS_DEF_PROV}\0`)
    const other = new Caller()
    assert.equal(nameOf(other, other.context(null, 1)), `${wincrypt.MS_STRONG_PROV}\0`)
    const remove = wincrypt.CRYPT_DELETE_DEFAULT | wincrypt.CRYPT_USER_DEFAULT
    caller.expect(api.CryptSetProviderEx(null, 1, null, remove))
    assert.equal(nameOf(caller, caller.context(null, 1)), `${wincrypt.MS_STRONG_PROV}\0`)
    failsWith(api, 'NTE_PROV_TYPE_NO_MATCH', api.CryptSetProvider(wincrypt.MS_DEF_PROV, 24))
    failsWith(api, 'NTE_KEYSET_NOT_DEF', api.CryptSetProvider('nobody', 1))
    failsWith(api, 'NTE_BAD_PROV_TYPE', api.CryptSetProvider(wincrypt.MS_DEF_PROV, 0))
  })

  test('PP_ENUMALGS and PP_ENUMALGS_EX list the same algorithms, with names that fit', () => {
    for (const { id, name, type, algorithms } of PROVIDERS) {
      const caller = new Caller()
      const prov = caller.context(name, type)
      const all = (parameter: number, size: number) =>
        [...algorithms].map(() =>
          Buffer.from(
            caller.bytes((b, l) =>
              caller.api.CryptGetProvParam(prov, parameter, b && b.subarray(0, size), l, 0),
            ),
          ),
        )
      const [short, long] = [all(wincrypt.PP_ENUMALGS, 32), all(wincrypt.PP_ENUMALGS_EX, 88)]
      for (const [i, [algorithm, bits]] of [...algorithms].entries()) {
        const [a, b] = [short[i], long[i]]
        assert.ok(a?.length === 32 && b?.length === 88)
        assert.deepEqual([a.readUInt32LE(0), a.readUInt32LE(4)], [algorithm, bits.default], id)
        assert.deepEqual(
          [0, 4, 8, 12, 16].map((at) => b.readUInt32LE(at)),
          [algorithm, bits.default, bits.min, bits.max, 0],
        )
        assert.deepEqual(a.subarray(8), b.subarray(20, 44))
        assert.equal(a.indexOf(0, 12), 12 + a.readUInt32LE(8) - 1)
        assert.equal(b.indexOf(0, 48), 48 + b.readUInt32LE(44) - 1)
      }
    }
  })

  test('CryptGenRandom fills what it is told to, and no more', () => {
    const caller = new Caller()
    const prov = caller.context()
    const buffer = new Uint8Array(64)
    caller.expect(caller.api.CryptGenRandom(prov, 32, buffer))
    assert.deepEqual(buffer.subarray(32), new Uint8Array(32))
    assert.ok(buffer.subarray(0, 32).some((byte) => byte !== 0))
    caller.expect(caller.api.CryptGenRandom(prov, 0, buffer))
    failsWith(caller.api, 'ERROR_INVALID_PARAMETER', caller.api.CryptGenRandom(prov, 65, buffer))
    const second = new Uint8Array(32)
    caller.expect(caller.api.CryptGenRandom(prov, 32, second))
    assert.notDeepEqual(second, buffer.subarray(0, 32))
  })
})
