import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Encode } from '../../src/bytes/index.ts'
import {
  createContainer,
  encodeContainer,
  encodeForKeyring,
  forgetKeyringSecret,
  generateKeyPair,
  parseContainer,
  unlockWithKeyring,
} from '../../src/container/index.ts'
import type { SecretStore } from '../../src/container/index.ts'
import { NOW, isError } from './fixtures.ts'

test('the store keeps the secret of each version until it is told to forget it', async () => {
  const store = new MemoryStore()
  const container = createContainer({ name: 'default', now: NOW })
  const first = parseContainer(await encodeForKeyring(container, store))
  assert.equal(first.protection, 'keyring')
  container.addKey(generateKeyPair('x25519'), { now: NOW })
  const second = parseContainer(await encodeForKeyring(container, store))
  assert.equal(store.secrets.size, 2)
  assert.equal((await unlockWithKeyring(first, store)).identities().length, 1)
  await forgetKeyringSecret(first, store)
  assert.equal((await unlockWithKeyring(second, store)).identities().length, 2)
  await assert.rejects(unlockWithKeyring(first, store), isError('CONTAINER_SECRET', /no secret/))
})

test('containers of one name in two folders do not take each other’s secret', async () => {
  const store = new MemoryStore()
  const files = await Promise.all(
    [1, 2].map(() => encodeForKeyring(createContainer({ name: 'default', now: NOW }), store)),
  )
  for (const file of files) await unlockWithKeyring(parseContainer(file), store)
  assert.equal(store.secrets.size, 2)
})

test('the secret has 256 bits, and the store may give it back as bytes', async () => {
  const store = new MemoryStore()
  const locked = parseContainer(await encodeForKeyring(createContainer({ name: 'a', now: NOW }), store))
  const [key, secret] = [...store.secrets].flat()
  assert.ok(key !== undefined && secret !== undefined)
  assert.match(key, /^strongroom\/a [0-9a-f]{32}$/)
  assert.match(secret, /^[A-Za-z0-9+/]{43}$/)
  const { set, delete: forget } = store
  const bytes: SecretStore = { set, delete: forget, get: () => Promise.resolve(utf8Encode(secret)) }
  assert.equal((await unlockWithKeyring(locked, bytes)).name, 'a')
})

test('a store that does not keep what it was given is noticed before the file is written', async () => {
  for (const kept of [undefined, '', 'short']) {
    const store: SecretStore = {
      get: () => Promise.resolve(kept),
      set: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    }
    const container = createContainer({ name: 'a', profile: 'classic', now: NOW })
    await assert.rejects(encodeForKeyring(container, store), isError('CONTAINER_SECRET', /did not keep/))
  }
})

test('other protections have nothing to do with the store', async () => {
  const store = new MemoryStore()
  const container = createContainer({ name: 'a', profile: 'classic', now: NOW })
  const locked = parseContainer(encodeContainer(container, { kind: 'none' }))
  await assert.rejects(
    unlockWithKeyring(locked, store),
    isError('CONTAINER_SECRET', /not protected by a keyring/),
  )
  await forgetKeyringSecret(locked, store)
})

class MemoryStore implements SecretStore {
  readonly secrets = new Map<string, string>()
  get = (service: string, account: string) => Promise.resolve(this.secrets.get(`${service}/${account}`))
  set = (service: string, account: string, secret: string) => {
    this.secrets.set(`${service}/${account}`, secret)
    return Promise.resolve()
  }
  delete = (service: string, account: string) => {
    this.secrets.delete(`${service}/${account}`)
    return Promise.resolve()
  }
}
