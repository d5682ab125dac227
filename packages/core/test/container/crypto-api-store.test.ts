import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  ContainerError,
  ContainerStore,
  createContainer,
  encodeContainer,
} from '../../src/container/index.ts'
import { CryptoApiStore } from '../../src/container/crypto-api.ts'
import { NODE_CALLS } from '../../src/container/atomic-write.ts'
import { CryptoApiError, STATUS, WinCrypt, acquireContext, wincrypt } from '../../src/cryptoapi/index.ts'
import { containerStoreSuite } from '../cryptoapi/container-store-suite.ts'
import { throwsCode } from '../support/throws-code.ts'
import { NOW, inFolder, isError } from './fixtures.ts'

const { AT_SIGNATURE, CRYPT_NEWKEYSET, PROV_RSA_AES } = wincrypt
const OWNER = createContainer({ name: 'owner', now: NOW })
const PAIR = { blob: new Uint8Array(40).fill(7), exportable: true }

containerStoreSuite('CryptoApiStore', (work) =>
  inFolder((folder) => {
    const reopen = () => new CryptoApiStore(folder, OWNER)
    return work({ store: reopen(), reopen })
  }),
)

test('the file lies beside the container, 0600 in a folder of 0700, and goes with it', () =>
  inFolder((parent) => {
    const folder = join(parent, 'containers')
    const store = new CryptoApiStore(folder, OWNER)
    store.update('user', 'a', () => ({ exchange: PAIR }))
    assert.equal(store.path, join(folder, 'owner.cryptoapi'))
    assert.equal(fs.statSync(store.path).mode & 0o777, 0o600)
    assert.equal(fs.statSync(folder).mode & 0o777, 0o700)
    const containers = new ContainerStore(folder)
    containers.save(encodeContainer(OWNER, { kind: 'none' }))
    assert.deepEqual(containers.list(), ['owner'])
    containers.remove('owner')
    assert.deepEqual(fs.readdirSync(folder), [])
    assert.deepEqual(store.names('user'), [])
  }))

test('looking makes no file, and a change that is none writes none', () =>
  inFolder((folder) => {
    const store = new CryptoApiStore(folder, OWNER)
    store.names('user')
    store.read('user', 'a')
    store.update('user', 'a', () => undefined)
    assert.deepEqual(fs.readdirSync(folder), [])
  }))

test('a file under another name, of another owner, or no file at all is refused', () =>
  inFolder((folder) => {
    const store = new CryptoApiStore(folder, OWNER)
    store.update('user', 'a', () => ({ exchange: PAIR }))
    const other = createContainer({ name: 'other', now: NOW })
    fs.copyFileSync(store.path, join(folder, 'other.cryptoapi'))
    const moved = new CryptoApiStore(folder, other)
    assert.throws(() => moved.names('user'), isError('CONTAINER_FORMAT', /another container/))
    const stranger = createContainer({ name: 'owner', now: NOW })
    const strange = new CryptoApiStore(folder, stranger)
    assert.throws(() => strange.names('user'), isError('CONTAINER_KEY', /does not have this exchange key/))
    assert.throws(() => strange.update('user', 'a', () => ({})), isError('CONTAINER_KEY'))
    fs.symlinkSync('owner.cryptoapi', join(folder, 'link.cryptoapi'))
    const linked = new CryptoApiStore(folder, createContainer({ name: 'link', now: NOW }))
    assert.throws(() => linked.read('user', 'a'), isError('CONTAINER_PERMISSIONS', /symbolic link/))
    assert.throws(() => linked.update('user', 'a', () => ({})), isError('CONTAINER_PERMISSIONS'))
    assert.deepEqual(store.read('user', 'a'), { exchange: PAIR })
  }))

test('damage is noticed also by who has read it before, and mended by the good version', () =>
  inFolder((folder) => {
    const store = new CryptoApiStore(folder, OWNER)
    const container = { exchange: PAIR }
    store.update('user', 'a', () => container)
    const good = fs.readFileSync(store.path)
    fs.writeFileSync(store.path, Buffer.from(good).fill('A', good.length - 60, good.length - 40))
    assert.throws(() => store.read('user', 'a'), isError('CONTAINER_LOCKED'))
    assert.throws(() => store.update('user', 'b', () => ({})), isError('CONTAINER_LOCKED'))
    fs.writeFileSync(store.path, good)
    assert.equal(store.read('user', 'a'), container)
  }))

test('what cannot be written is refused before anything is, and all stays as it was', () =>
  inFolder((folder) => {
    const store = new CryptoApiStore(folder, OWNER)
    store.update('user', 'a', () => ({ exchange: PAIR }))
    const before = fs.readFileSync(store.path)
    const long = { exchange: { blob: new Uint8Array(9_237), exportable: true } }
    assert.throws(() => store.update('user', 'n'.repeat(261), () => ({})), isError('CONTAINER_NAME'))
    assert.throws(() => store.update('user', 'a', () => long), isError('CONTAINER_KEY'))
    assert.deepEqual(fs.readFileSync(store.path), before)
    assert.deepEqual(fs.readdirSync(folder), ['owner.cryptoapi'])
    assert.deepEqual(store.read('user', 'a'), { exchange: PAIR })
  }))

test('an older version is not noticed: the page says so', () =>
  inFolder((folder) => {
    const store = new CryptoApiStore(folder, OWNER)
    store.update('user', 'a', () => ({ exchange: PAIR }))
    const older = fs.readFileSync(store.path)
    store.update('user', 'a', () => undefined)
    fs.writeFileSync(store.path, older)
    assert.deepEqual(store.read('user', 'a'), { exchange: PAIR })
  }))

test('a wiped store has overwritten what it held, and reads again', () =>
  inFolder((folder) => {
    new CryptoApiStore(folder, OWNER).update('user', 'a', () => ({ exchange: PAIR }))
    const store = new CryptoApiStore(folder, OWNER)
    const held = store.read('user', 'a')?.exchange?.blob
    assert.deepEqual(held, PAIR.blob)
    store.wipe()
    assert.deepEqual(held, new Uint8Array(40))
    assert.deepEqual(store.read('user', 'a'), { exchange: PAIR })
  }))

test('a full disk is an error, leaves the old version, and is over when there is room again', () =>
  inFolder((folder) => {
    const disk = { full: false }
    const store = new CryptoApiStore(folder, OWNER, {
      ...NODE_CALLS,
      writeFileSync: (...args) => {
        if (disk.full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
        fs.writeFileSync(...args)
      },
    })
    const api = new WinCrypt({ store })
    const [prov, key] = [{ value: 0 }, { value: 0 }]
    assert.ok(api.CryptAcquireContext(prov, 'a', null, PROV_RSA_AES, CRYPT_NEWKEYSET))
    disk.full = true
    assert.equal(api.CryptGenKey(prov.value, AT_SIGNATURE, 512 << 16, key), false)
    assert.equal(api.GetLastError(), STATUS.NTE_FAIL)
    assert.equal(api.CryptGetUserKey(prov.value, AT_SIGNATURE, key), false)
    assert.equal(api.GetLastError(), STATUS.NTE_NO_KEY)
    assert.deepEqual(fs.readdirSync(folder), ['owner.cryptoapi'])
    disk.full = false
    assert.ok(api.CryptGenKey(prov.value, AT_SIGNATURE, 512 << 16, key))
    assert.ok(api.CryptGetUserKey(prov.value, AT_SIGNATURE, key))
  }))

test('what the store cannot do is a status to the published functions, with its error as the cause', () =>
  inFolder((folder) => {
    // A file where the folder should be: nothing can be read there, whoever asks.
    const notFolder = join(folder, 'file')
    fs.writeFileSync(notFolder, '')
    const store = new CryptoApiStore(notFolder, OWNER)
    const api = new WinCrypt({ store })
    assert.equal(api.CryptAcquireContext({ value: 0 }, 'a', null, PROV_RSA_AES, 0), false)
    assert.equal(api.GetLastError(), STATUS.NTE_KEYSET_ENTRY_BAD)
    assert.equal(api.CryptAcquireContext({ value: 0 }, 'a', null, PROV_RSA_AES, CRYPT_NEWKEYSET), false)
    assert.equal(api.GetLastError(), STATUS.NTE_FAIL)

    const damaged = new CryptoApiStore(folder, OWNER)
    fs.writeFileSync(damaged.path, '{}')
    const open = () => acquireContext({ store: damaged, container: 'a' })
    const error = throwsCode(CryptoApiError, 'NTE_KEYSET_ENTRY_BAD', open)
    assert.ok(error.cause instanceof ContainerError)
    assert.equal(error.cause.code, 'CONTAINER_FORMAT')
  }))
