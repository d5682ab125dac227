/* What a person gets back, and what is refused: releases that are for others, of others, or of something else. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { toHex } from '../../src/bytes/index.ts'
import { fetchRelease, followRecovery, isOver, submitRecovery } from '../../src/client/index.ts'
import { createContainer } from '../../src/container/index.ts'
import { bytesOf, pairOf } from '../protocol/fixtures.ts'
import { CUSTODIAN, DAY } from '../protocol/recovery-fixtures.ts'
import { HOUR, standing, type ReleaseChanges } from './recovery-authority.ts'
import { approve, approved, scene, SESSION_KEYS, submitted, type Scene } from './recovery-scene.ts'

const failsWith = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error && 'code' in error, String(error))
  assert.equal(error.code, code, error.message)
  assert.match(error.message, message)
  return true
}

suite('a recovery from beginning to end', () => {
  test('gives back every key that was deposited, for decryption alone', async (t) => {
    const all = await approved(t)
    const { authority, folder, means } = all
    assert.equal((await followRecovery(folder, means)).state.phase, 'approved')
    authority.release(folder.digest)
    assert.equal((await followRecovery(folder, means)).state.phase, 'released')
    const keys = await fetchRelease(folder, means)
    const found = new Set(keys.map(({ sessionKey }) => toHex(sessionKey)))
    assert.deepEqual(found, new Set(SESSION_KEYS.map((key) => toHex(key))))
    assert.ok(keys.every(({ decryptOnly }) => decryptOnly))
    assert.deepEqual(new Set(keys.map(({ description }) => description)), new Set(['file 0', 'file 1']))
  })

  test('is asked for once, however often it is sent', async (t) => {
    const { authority, folder, means } = await scene(t)
    await submitRecovery(folder, means)
    await submitRecovery(folder, means)
    assert.equal(authority.asked.filter((what) => what === 'submitRequest').length, 1)
    assert.equal(authority.requests.size, 1)
  })

  test('is fetched once: afterwards nobody is asked', async (t) => {
    const { authority, folder, means } = await approved(t)
    authority.release(folder.digest)
    await followRecovery(folder, means)
    await fetchRelease(folder, means)
    authority.before = (what) => assert.fail(`asked ${what}`)
    assert.equal((await fetchRelease(folder, means)).length, 2)
  })

  test('is not fetched before it was seen to be released', async (t) => {
    const { folder, means } = await approved(t)
    await followRecovery(folder, means)
    await assert.rejects(fetchRelease(folder, means), failsWith('CLIENT_RECOVERY', /nothing was released/))
  })
})

suite('where a recovery stands comes from statements', () => {
  test('phase by phase', async (t) => {
    const all = await submitted(t)
    const phase = async () => (await followRecovery(all.folder, all.means)).state.phase
    assert.equal(await phase(), 'requested')
    await approve(all, 0)
    assert.equal(await phase(), 'pending')
    await approve(all, 0)
    assert.equal(await phase(), 'pending')
    await approve(all, 2)
    assert.equal(await phase(), 'approved')
    all.authority.wait(8 * DAY)
    assert.equal(await phase(), 'expired')
  })

  test('a server that calls it released is not believed', async (t) => {
    const { authority, folder, means } = await submitted(t)
    authority.mangle = (file) => ({ ...file, standing: standing('released') })
    const judged = await followRecovery(folder, means)
    assert.equal(judged.state.phase, 'requested')
    await assert.rejects(fetchRelease(folder, means), failsWith('CLIENT_RECOVERY', /nothing/))
  })

  test('a server that calls it cancelled is not believed', async (t) => {
    const { authority, folder, means } = await submitted(t)
    authority.mangle = (file) => ({ ...file, standing: standing('cancelled') })
    assert.equal(isOver(await followRecovery(folder, means)), false)
  })

  test('an approval that the log does not have is an alarm', async (t) => {
    const all = await submitted(t)
    await approve(all, 0)
    all.authority.mangle = (file) => ({
      ...file,
      statements: file.statements.map((one) => ({ ...one, index: one.index - 1 })),
    })
    await assert.rejects(
      followRecovery(all.folder, all.means),
      failsWith('CLIENT_ALARM', /is not the statement/),
    )
  })

  test('a receipt of another request is an alarm', async (t) => {
    const [one, other] = [await submitted(t), await submitted(t)]
    const [file] = other.authority.requests.values()
    one.authority.mangle = (own) => ({ ...own, receipt: file?.receipt ?? own.receipt })
    await assert.rejects(
      followRecovery(one.folder, one.means),
      failsWith('CLIENT_ALARM', /another statement/),
    )
  })

  test('a log that went back is an alarm', async (t) => {
    const all = await submitted(t)
    const { authority, folder, means } = all
    const before = authority.sign()
    await approve(all, 0)
    await followRecovery(folder, means)
    authority.checkpoint = async () => before
    await assert.rejects(followRecovery(folder, means), failsWith('CLIENT_ALARM', /entries/))
  })

  test('another owner than the one that was asked for is an alarm', async (t) => {
    const { authority, folder, means } = await submitted(t)
    authority.mangle = (file) => ({ ...file, enrolments: [] })
    await assert.rejects(followRecovery(folder, means), failsWith('CLIENT_ALARM', /without the enrolment/))
  })

  test('terms that the epoch does not name are an alarm', async (t) => {
    const { authority, folder, means } = await submitted(t)
    authority.mangleCharters = (page) => ({ ...page, terms: page.terms.slice(1) })
    await assert.rejects(followRecovery(folder, means), failsWith('CLIENT_ALARM', /terms/))
  })
})

suite('a release that is none', () => {
  /** What the client says to a release that differs in this. */
  async function releasedWith(t: Parameters<typeof approved>[0], changes: ReleaseChanges): Promise<Scene> {
    const all = await approved(t)
    all.authority.release(all.folder.digest, changes)
    return all
  }

  test('of another custodian', async (t) => {
    const { folder, means } = await releasedWith(t, { custodian: pairOf(0xa1) })
    await assert.rejects(followRecovery(folder, means), failsWith('CLIENT_ALARM', /of another custodian/))
  })

  test('about another request', async (t) => {
    const { folder, means } = await releasedWith(t, { subject: bytesOf(9) })
    await assert.rejects(followRecovery(folder, means), failsWith('CLIENT_ALARM', /about another request/))
  })

  test('before officers approved', async (t) => {
    const { authority, folder, means } = await submitted(t)
    authority.wait(2 * DAY)
    authority.release(folder.digest)
    await assert.rejects(followRecovery(folder, means), failsWith('CLIENT_ALARM', /too few officers/))
  })

  test('before the waiting time was over', async (t) => {
    const all = await submitted(t)
    await approve(all, 0)
    await approve(all, 1)
    all.authority.wait(HOUR)
    all.authority.release(all.folder.digest)
    await assert.rejects(followRecovery(all.folder, all.means), failsWith('CLIENT_ALARM', /waiting time/))
  })

  test('that the log does not have', async (t) => {
    const { authority, folder, means } = await releasedWith(t, {})
    authority.mangle = (file) => ({
      ...file,
      release: file.release && { ...file.release, index: file.release.index - 1 },
    })
    await assert.rejects(followRecovery(folder, means), failsWith('CLIENT_ALARM', /entry/))
  })

  const BLOBS: readonly (readonly [what: string, changes: ReleaseChanges, code: string, message: RegExp])[] =
    [
      [
        'made for another recipient',
        {
          recipient: createContainer({ name: 'x', now: new Date(0) })
            .recipient()
            .toString(),
        },
        'CLIENT_NOT_OPENED',
        /another container/,
      ],
      ['made for another request', { request: bytesOf(9) }, 'CLIENT_ALARM', /for another request/],
      ['made of another deposit', { deposit: bytesOf(9) }, 'CLIENT_ALARM', /of another deposit/],
      [
        'with another key than was deposited',
        { sessionKey: bytesOf(9, 16) },
        'CLIENT_NOT_OPENED',
        /not the one/,
      ],
    ]
  for (const [what, changes, code, message] of BLOBS) {
    test(`with blobs ${what}`, async (t) => {
      const { folder, means } = await releasedWith(t, changes)
      await followRecovery(folder, means)
      await assert.rejects(fetchRelease(folder, means), failsWith(code, message))
      assert.equal(folder.blobs(), undefined)
    })
  }

  test('with one blob exchanged', async (t) => {
    const { authority, folder, means } = await releasedWith(t, {})
    await followRecovery(folder, means)
    const [, last] = authority.released.get(folder.id) ?? []
    authority.released.set(folder.id, [last ?? bytesOf(1), last ?? bytesOf(1)])
    await assert.rejects(
      fetchRelease(folder, means),
      failsWith('CLIENT_ALARM', /not those that the custodian signed/),
    )
  })

  test('with one blob too few', async (t) => {
    const { authority, folder, means } = await releasedWith(t, {})
    await followRecovery(folder, means)
    authority.released.set(folder.id, (authority.released.get(folder.id) ?? []).slice(1))
    await assert.rejects(
      fetchRelease(folder, means),
      failsWith('CLIENT_ALARM', /not those that the custodian signed/),
    )
  })

  test('replayed from an earlier request', async (t) => {
    const earlier = await releasedWith(t, {})
    const { authority, folder, means } = await releasedWith(t, {})
    await followRecovery(folder, means)
    authority.released.set(folder.id, earlier.authority.released.get(earlier.folder.id) ?? [])
    await assert.rejects(
      fetchRelease(folder, means),
      failsWith('CLIENT_ALARM', /not those that the custodian signed/),
    )
  })

  test('with a deposit that the owner did not sign', async (t) => {
    const { authority, folder, means, deposits } = await releasedWith(t, {})
    await followRecovery(folder, means)
    const [one, other] = deposits
    assert.ok(one && other)
    authority.releasedDeposits = async () => [one.blob, one.blob]
    await assert.rejects(fetchRelease(folder, means), failsWith('CLIENT_ALARM', /other deposits/))
  })

  test('nothing is returned if one of two keys is another', async (t) => {
    const { authority, folder, means } = await approved(t)
    const [key] = SESSION_KEYS
    authority.release(folder.digest, { sessionKey: key, custodian: CUSTODIAN })
    await followRecovery(folder, means)
    await assert.rejects(
      fetchRelease(folder, means),
      failsWith('CLIENT_NOT_OPENED', /not the one that was deposited/),
    )
  })
})
