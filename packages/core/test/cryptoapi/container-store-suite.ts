import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { WinCrypt, wincrypt } from '../../src/cryptoapi/index.ts'
import type { ContainerScope, ContainerStore, StoredContainer } from '../../src/cryptoapi/index.ts'
import { describe, keysFor, parseVectorFile, readJsonFile, replay } from './replay/index.ts'

/** A store that is empty, and another object for what it keeps. */
export interface StoreUnderTest {
  readonly store: ContainerStore
  /** What another program would work with; a store that lives in memory has no other. */
  readonly reopen: () => ContainerStore
}

const VECTORS = join(import.meta.dirname, 'vectors/containers.json')
const NONE: StoredContainer = {}
const SCOPES = ['user', 'machine'] as const
const RUNS = process.env['SLOW'] ? 300 : 15

/** Names that would be something else to a file system, a terminal or a decoder. */
const NAMES = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  'a/b',
  'a\\b',
  'NUL',
  'x\0y',
  '\n',
  '\ud800',
  '\udc00\ud800',
  '__proto__',
  'Straße',
  // One letter, or a letter and an accent: two names.
  'é',
  'e\u0301',
  'n'.repeat(260),
]

/**
 * What every implementation of `ContainerStore` promises.
 *
 * @param withStore calls its argument with a store that is empty, and clears up afterwards
 */
export function containerStoreSuite(
  implementation: string,
  withStore: (work: (under: StoreUnderTest) => void) => void | Promise<void>,
): void {
  const check = (promise: string, work: (under: StoreUnderTest) => void): void => {
    test(promise, () => withStore(work))
  }

  suite(`${implementation} as a container store`, () => {
    check('an empty store has nothing', ({ store }) => {
      for (const scope of SCOPES) {
        assert.deepEqual(store.names(scope), [])
        assert.equal(store.read(scope, 'a'), undefined)
        store.update(scope, 'a', () => undefined)
        assert.deepEqual(store.names(scope), [])
      }
    })

    check('what was stored is read, by others too, until it is changed', ({ store, reopen }) => {
      const first = { exchange: pair(1, false) }
      store.update('user', 'a', () => first)
      assert.equal(store.read('user', 'a'), first)
      assert.deepEqual(reopen().read('user', 'a'), first)
      const second = { ...first, signature: pair(2, true) }
      store.update('user', 'a', (found) => {
        assert.equal(found, first)
        return second
      })
      assert.equal(store.read('user', 'a'), second)
      assert.deepEqual(reopen().read('user', 'a'), second)
      store.update('user', 'a', () => undefined)
      assert.equal(store.read('user', 'a'), undefined)
      assert.equal(reopen().read('user', 'a'), undefined)
    })

    check('a container without pairs is there all the same', ({ store, reopen }) => {
      store.update('user', 'a', () => NONE)
      assert.deepEqual(reopen().read('user', 'a'), NONE)
      assert.deepEqual(reopen().names('user'), ['a'])
    })

    check('what is read is the same object until it is changed, by whomever', ({ store, reopen }) => {
      for (const name of ['a', 'b']) store.update('user', name, () => ({ exchange: pair(1, true) }))
      const other = reopen()
      const [a, b] = [other.read('user', 'a'), other.read('user', 'b')]
      assert.equal(other.read('user', 'a'), a)
      store.update('user', 'b', (found) => ({ ...found, signature: pair(2, true) }))
      assert.equal(other.read('user', 'a'), a)
      const changed = other.read('user', 'b')
      assert.notEqual(changed, b)
      assert.equal(changed?.exchange, b?.exchange, 'this pair has not changed')
      assert.equal(other.read('user', 'b'), changed)
    })

    check('names stand in the order in which the containers were made', ({ store, reopen }) => {
      for (const name of ['c', 'a', 'b']) store.update('user', name, () => NONE)
      store.update('user', 'c', () => ({ exchange: pair(1, true) }))
      assert.deepEqual(reopen().names('user'), ['c', 'a', 'b'])
      store.update('user', 'c', () => undefined)
      store.update('user', 'c', () => NONE)
      assert.deepEqual(reopen().names('user'), ['a', 'b', 'c'])
      assert.deepEqual(store.names('user'), ['a', 'b', 'c'])
    })

    check('containers of the user and of the machine never meet', ({ store, reopen }) => {
      store.update('user', 'a', () => ({ exchange: pair(1, true) }))
      assert.equal(store.read('machine', 'a'), undefined)
      store.update('machine', 'a', () => ({ exchange: pair(2, false) }))
      store.update('machine', 'b', () => NONE)
      store.update('user', 'a', () => undefined)
      const other = reopen()
      assert.deepEqual(other.names('user'), [])
      assert.deepEqual(other.names('machine'), ['a', 'b'])
      assert.deepEqual(other.read('machine', 'a'), { exchange: pair(2, false) })
    })

    check('names are any text of up to 260 characters', ({ store, reopen }) => {
      for (const [i, name] of NAMES.entries()) store.update('user', name, () => ({ exchange: pair(i, true) }))
      assert.deepEqual(reopen().names('user'), NAMES)
      for (const [i, name] of NAMES.entries()) {
        assert.deepEqual(reopen().read('user', name), { exchange: pair(i, true) })
      }
    })

    check('a change that throws, or changes nothing, leaves all as it was', ({ store, reopen }) => {
      const container = { exchange: pair(1, true) }
      store.update('user', 'a', () => container)
      const refusal = new Error('no')
      const refuse = () => {
        throw refusal
      }
      assert.throws(() => store.update('user', 'a', refuse), refusal)
      assert.throws(() => store.update('user', 'b', refuse), refusal)
      store.update('user', 'a', (found) => found)
      assert.equal(store.read('user', 'a'), container)
      assert.deepEqual(reopen().names('user'), ['a'])
    })

    check('two who work in turns see and keep what the other has done', ({ store, reopen }) => {
      const other = reopen()
      for (let i = 0; i < 6; i++) {
        const [one, two] = i % 2 === 0 ? [store, other] : [other, store]
        one.update('user', `c${i}`, () => NONE)
        assert.equal(two.names('user').length, i + 1)
        two.update('user', 'shared', (found) => ({ ...found, ...(i < 3 ? { exchange: pair(i, true) } : {}) }))
        two.update('user', 'shared', () => undefined)
      }
      assert.deepEqual(store.names('user'), ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'])
      assert.deepEqual(other.names('user'), store.names('user'))
    })

    test('any sequence of changes leaves what a list would hold', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(CHANGE, { maxLength: 12 }), (changes) =>
          Promise.resolve(withStore(({ store, reopen }) => checkAgainstList(changes, store, reopen))),
        ),
        { numRuns: RUNS },
      )
    })

    test('the life of key containers is as recorded', async () => {
      const file = parseVectorFile(VECTORS, readJsonFile(VECTORS))
      for (const each of file.cases) {
        // Every case begins with an empty store, and every call sees what is really kept.
        await withStore(({ reopen }) => {
          const one = { ...file, cases: [each] }
          const results = [...replay(one, keysFor(VECTORS), () => new WinCrypt({ store: fresh(reopen) }))]
          assert.deepEqual(
            results.flatMap(({ differences }) => differences.map(describe)),
            [],
            each.name,
          )
        })
      }
    })

    check('what one program makes, the next one uses and deletes', ({ store, reopen }) => {
      const { CRYPT_NEWKEYSET, CRYPT_DELETEKEYSET, PROV_RSA_AES, AT_SIGNATURE } = wincrypt
      const [one, two] = [new WinCrypt({ store }), new WinCrypt({ store: reopen() })]
      const [prov, key] = [{ value: 0 }, { value: 0 }]
      const acquire = (api: WinCrypt, flags: number) =>
        api.CryptAcquireContext(prov, 'c', null, PROV_RSA_AES, flags)
      assert.ok(acquire(one, CRYPT_NEWKEYSET))
      assert.ok(one.CryptGenKey(prov.value, AT_SIGNATURE, 512 << 16, key))
      assert.equal(acquire(two, CRYPT_NEWKEYSET), false)
      assert.ok(acquire(two, 0))
      assert.ok(two.CryptGetUserKey(prov.value, AT_SIGNATURE, key))
      assert.ok(acquire(two, CRYPT_DELETEKEYSET))
      assert.equal(acquire(one, 0), false)
    })
  })
}

/** One step of a random sequence: which container, and what it is to hold. */
interface Change {
  readonly scope: ContainerScope
  readonly name: string
  readonly container: StoredContainer | undefined
}

const PAIR = fc.record(
  { blob: fc.uint8Array({ minLength: 1, maxLength: 40 }), exportable: fc.boolean() },
  { noNullPrototype: true },
)
const CHANGE: fc.Arbitrary<Change> = fc.record({
  scope: fc.constantFrom(...SCOPES),
  name: fc.oneof(fc.constantFrom('a', 'b', ''), fc.string({ unit: 'binary', maxLength: 5 })),
  container: fc.option(
    fc.record({ exchange: PAIR, signature: PAIR }, { requiredKeys: [], noNullPrototype: true }),
    {
      nil: undefined,
    },
  ),
})

function checkAgainstList(
  changes: readonly Change[],
  store: ContainerStore,
  reopen: () => ContainerStore,
): void {
  const expected = { user: new Map<string, StoredContainer>(), machine: new Map<string, StoredContainer>() }
  for (const { scope, name, container } of changes) {
    store.update(scope, name, () => container)
    if (container === undefined) expected[scope].delete(name)
    else expected[scope].set(name, container)
  }
  for (const scope of SCOPES) {
    for (const seen of [store, reopen()]) {
      assert.deepEqual(seen.names(scope), [...expected[scope].keys()])
      for (const [name, container] of expected[scope]) assert.deepEqual(seen.read(scope, name), container)
    }
  }
}

/** Opens anew for each call, as if every call were made by another program. */
function fresh(reopen: () => ContainerStore): ContainerStore {
  return {
    names: (scope) => reopen().names(scope),
    read: (scope, name) => reopen().read(scope, name),
    update: (scope, name, change) => reopen().update(scope, name, change),
  }
}

function pair(byte: number, exportable: boolean) {
  return { blob: new Uint8Array(20).fill(byte), exportable }
}
