/* A recovery that is interrupted at every step, by a lost connection or by the end of the process, and goes on. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { toHex } from '../../src/bytes/index.ts'
import {
  ClientError,
  fetchRelease,
  followRecovery,
  RecoveryStore,
  submitRecovery,
  type RecoveryFolder,
} from '../../src/client/index.ts'
import { DAY } from '../protocol/recovery-fixtures.ts'
import { HOUR } from './recovery-authority.ts'
import { approve, scene, SESSION_KEYS, type Scene } from './recovery-scene.ts'

const UNREACHABLE = new ClientError('CLIENT_UNREACHABLE', 'the cable was pulled')

/** As a new process finds it. */
const reopened = ({ store, folder }: Scene): RecoveryFolder => new RecoveryStore(store.folder).open(folder.id)

/** Everything that is done, with what others do in between. @returns the keys in hexadecimal */
async function goThrough(all: Scene): Promise<string[]> {
  const { authority, means } = all
  await submitRecovery(reopened(all), means)
  if (authority.requests.get(all.folder.id)?.statements.length === 0) {
    authority.wait(HOUR)
    await approve(all, 0)
    await approve(all, 1)
    authority.wait(DAY)
    authority.release(all.folder.digest)
  }
  await followRecovery(reopened(all), means)
  const keys = await fetchRelease(reopened(all), means)
  return keys.map(({ sessionKey }) => toHex(sessionKey)).toSorted()
}

/** Fails the call of that number, for good or once its answer is on the way. */
async function failing(t: TestContext, number: number, lost: boolean): Promise<{ failed: boolean }> {
  const all = await scene(t)
  const { authority } = all
  let [calls, failed] = [0, false]
  const submit = authority.submitRequest.bind(authority)
  const breaks = () => {
    calls += 1
    if (calls !== number) return
    failed = true
    throw UNREACHABLE
  }
  if (lost) {
    // The request is logged, and the answer never comes.
    authority.submitRequest = async (submission) => {
      await submit(submission)
      breaks()
      return submit(submission)
    }
  } else {
    authority.before = (what) => {
      if (what !== 'submit') breaks()
    }
  }
  const first = await goThrough(all).catch((error: unknown) => error)
  if (failed) assert.equal(first, UNREACHABLE)
  authority.before = () => undefined
  const keys = await goThrough(all)
  assert.deepEqual(keys, SESSION_KEYS.map((key) => toHex(key)).toSorted())
  assert.equal(authority.requests.size, 1)
  assert.equal(authority.stated.filter(({ kind }) => kind === 'request').length, 1)
  return { failed }
}

suite('a recovery that is interrupted', () => {
  test('goes on wherever a question got no answer, with the same request', async (t) => {
    let number = 1
    for (; (await failing(t, number, false)).failed; number++);
    assert.ok(number > 8, `only ${number} questions`)
  })

  test('is not asked for twice when the answer to it was lost', async (t) => {
    assert.ok((await failing(t, 1, true)).failed)
  })

  test('is found again by the first digits of its request, and by no others', async (t) => {
    const { store, folder } = await scene(t)
    assert.deepEqual(store.list(), [folder.id])
    assert.equal(store.open(folder.id.slice(0, 4).toUpperCase()).id, folder.id)
    assert.throws(() => store.open(folder.id.slice(0, 3)), { code: 'CLIENT_STATE' })
    assert.throws(() => store.open('zzzz'), { code: 'CLIENT_STATE' })
  })

  test('that was refused is forgotten whole', async (t) => {
    const { store, folder } = await scene(t)
    folder.discard()
    assert.deepEqual(store.list(), [])
  })
})
