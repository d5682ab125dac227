import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  ContainerStore,
  MAX_CONTAINER_BYTES,
  createContainer,
  encodeContainer,
  generateKeyPair,
  parseContainer,
} from '../../src/container/index.ts'
import { NOW, inFolder, isError } from './fixtures.ts'

const WITH_PASSPHRASE = { kind: 'passphrase', passphrase: 'one', logN: 2 } as const

test('saves 0600 in a folder of 0700, lists and loads', () =>
  inFolder((parent) => {
    const store = new ContainerStore(join(parent, 'a', 'containers'))
    assert.deepEqual(store.list(), [])
    const container = named('work')
    store.save(encodeContainer(container, WITH_PASSPHRASE))
    store.save(encodeContainer(named('default'), { kind: 'none' }))
    assert.deepEqual(store.list(), ['default', 'work'])
    assert.equal(statSync(store.folder).mode & 0o777, 0o700)
    for (const name of store.list()) assert.equal(statSync(store.pathOf(name)).mode & 0o777, 0o600)
    assert.deepEqual(store.load('work').unlock('one').info(), container.info())
    assert.deepEqual(readdirSync(store.folder).sort(), ['default.container', 'work.container'])
  }))

test('what is not a container is not listed', () =>
  inFolder((folder) => {
    const store = new ContainerStore(folder)
    for (const file of [
      '.hidden.container',
      '.work.container.0011.tmp',
      'a b.container',
      'x.txt',
      '.container',
    ]) {
      writeFileSync(join(folder, file), '')
    }
    assert.deepEqual(store.list(), [])
  }))

test('a name is checked before it becomes a path', () => {
  const store = new ContainerStore('/nonexistent')
  for (const name of ['../x', 'a/b', '', '.x', 'x\0']) {
    assert.throws(() => store.load(name), isError('CONTAINER_NAME'), name)
    assert.throws(() => store.exists(name), isError('CONTAINER_NAME'), name)
    assert.throws(() => store.remove(name), isError('CONTAINER_NAME'), name)
    assert.throws(() => store.pathOf(name), isError('CONTAINER_NAME'), name)
  }
  assert.throws(() => store.load('x'), isError('CONTAINER_NOT_FOUND'))
  assert.throws(() => store.remove('x'), isError('CONTAINER_NOT_FOUND'))
  assert.equal(store.exists('x'), false)
})

test('replaces only the version that was seen', () =>
  inFolder((folder) => {
    const store = new ContainerStore(folder)
    const container = named('work')
    const first = store.save(encodeContainer(container, WITH_PASSPHRASE))
    assert.throws(
      () => store.save(encodeContainer(named('work'), WITH_PASSPHRASE)),
      isError('CONTAINER_EXISTS', /already exists/),
    )
    const changed = { ...WITH_PASSPHRASE, passphrase: 'two' }
    const second = store.save(encodeContainer(container, changed), store.load('work'))
    assert.throws(() => store.load('work').unlock('one'), isError('CONTAINER_LOCKED'))
    container.addKey(generateKeyPair('x25519'), { now: NOW })
    const third = encodeContainer(container, changed)
    assert.throws(() => store.save(third, first), isError('CONTAINER_EXISTS', /changed since/))
    assert.deepEqual(store.load('work').digest, second.digest)
    store.save(third, second)
    assert.equal(store.load('work').unlock('two').identities().length, 2)
  }))

test('a save that is refused leaves the old container as it was, and nothing beside it', () =>
  inFolder((folder) => {
    const store = new ContainerStore(folder)
    const container = named('work')
    const locked = store.save(encodeContainer(container, WITH_PASSPHRASE))
    const before = readFileSync(store.pathOf('work'))
    const next = encodeContainer(container, WITH_PASSPHRASE)
    assert.throws(() => store.save(next.subarray(1), locked), isError('CONTAINER_FORMAT'))
    assert.throws(() => store.save(next), isError('CONTAINER_EXISTS'))
    assert.throws(() => store.save(next, parseContainer(next)), isError('CONTAINER_EXISTS'))
    assert.deepEqual(readFileSync(store.pathOf('work')), before)
    assert.deepEqual(readdirSync(folder), ['work.container'])
    store.remove('work')
    assert.throws(() => store.save(next, locked), isError('CONTAINER_NOT_FOUND'))
    assert.deepEqual(readdirSync(folder), [])
  }))

test('an unprotected container that others can read or write is refused', () =>
  inFolder((folder) => {
    const store = new ContainerStore(folder)
    store.save(encodeContainer(named('open'), { kind: 'none' }))
    store.save(encodeContainer(named('closed'), WITH_PASSPHRASE))
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644]) {
      chmodSync(store.pathOf('open'), mode)
      assert.throws(
        () => store.load('open'),
        isError('CONTAINER_PERMISSIONS', /expected 0600/),
        mode.toString(8),
      )
    }
    chmodSync(store.pathOf('open'), 0o400)
    assert.equal(store.load('open').protection, 'none')
    chmodSync(store.pathOf('closed'), 0o644)
    assert.equal(store.load('closed').protection, 'passphrase')
  }))

test('symbolic links, folders, huge and misnamed files are refused', () =>
  inFolder((folder) => {
    const store = new ContainerStore(folder)
    const bytes = encodeContainer(named('real'), WITH_PASSPHRASE)
    store.save(bytes)
    symlinkSync(store.pathOf('real'), store.pathOf('link'))
    assert.throws(() => store.load('link'), isError('CONTAINER_PERMISSIONS', /symbolic link/))
    assert.throws(
      () => store.save(encodeContainer(named('link'), WITH_PASSPHRASE)),
      isError('CONTAINER_PERMISSIONS'),
    )
    mkdirSync(store.pathOf('folder'))
    assert.throws(() => store.load('folder'), isError('CONTAINER_PERMISSIONS'))
    writeFileSync(store.pathOf('moved'), bytes)
    assert.throws(() => store.load('moved'), isError('CONTAINER_FORMAT', /holds the container real/))
    writeFileSync(store.pathOf('huge'), new Uint8Array(MAX_CONTAINER_BYTES + 1))
    assert.throws(() => store.load('huge'), isError('CONTAINER_FORMAT', /longer than 1048576/))
    writeFileSync(store.pathOf('empty'), '')
    assert.throws(() => store.load('empty'), isError('CONTAINER_FORMAT'))
  }))

test('a pipe in the place of a container is refused, not waited for', (t) =>
  inFolder((folder) => {
    const store = new ContainerStore(folder)
    if (spawnSync('mkfifo', [store.pathOf('pipe')]).status !== 0) return t.skip('needs mkfifo')
    assert.throws(() => store.load('pipe'), isError('CONTAINER_PERMISSIONS', /no regular file/))
  }))

test('removes', () =>
  inFolder((folder) => {
    const store = new ContainerStore(folder)
    store.save(encodeContainer(named('work'), WITH_PASSPHRASE))
    assert.equal(store.exists('work'), true)
    store.remove('work')
    assert.equal(store.exists('work'), false)
    assert.throws(() => store.remove('work'), isError('CONTAINER_NOT_FOUND'))
  }))

test('another protection is another file of the same container', () =>
  inFolder((folder) => {
    const store = new ContainerStore(folder)
    const container = named('work')
    const first = store.save(encodeContainer(container, { kind: 'none' }))
    store.save(encodeContainer(first.unlock(), WITH_PASSPHRASE), first)
    assert.deepEqual(store.load('work').unlock('one').info(), container.info())
    assert.equal(parseContainer(readFileSync(store.pathOf('work'))).protection, 'passphrase')
  }))

function named(name: string) {
  return createContainer({ name, profile: 'classic', now: NOW })
}
