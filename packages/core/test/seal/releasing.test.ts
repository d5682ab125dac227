/* What a caller may do between the seal of a file and its name. That nothing can come between them is in crash.test.ts. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { keyCommitment } from '@strongroom/core/keyblob'
import { resealFile, sealFiles, verifyFile, type FinishedSeal, type SealResult } from '@strongroom/core/seal'
import { inFolder } from './support-crash/children.ts'
import { leftovers } from './support-crash/look.ts'
import { reader, sealer } from './support-crash/people.ts'
import { job, seal, SEALED, write } from './support-crash/scene.ts'

/** What a test may look at afterwards: the library wipes the key itself. */
function noted(finished: FinishedSeal): FinishedSeal {
  return { ...finished, sessionKey: finished.sessionKey.slice() }
}

suite('before the release of sealed files', () => {
  test('the caller gets the key of each, before any has its name', () =>
    inFolder(async (folder) => {
      for (const name of ['a', 'b']) write(folder, name, 'new', 1000)
      const jobs = [job(folder, 'a', 'a.age'), job(folder, 'missing', 'x.age'), job(folder, 'b', 'b.age')]
      const calls: FinishedSeal[][] = []
      const handed: Uint8Array[] = []
      const results = await sealFiles(jobs, {
        ...sealer,
        beforeRelease: async (seals) => {
          calls.push(seals.map(noted))
          handed.push(...seals.map(({ sessionKey }) => sessionKey))
          await new Promise(setImmediate)
          for (const name of ['a.age', 'b.age']) assert.equal(existsSync(join(folder, name)), false)
        },
      })
      assert.deepEqual(
        calls.map((seals) => seals.map((one) => one.job)),
        [[0, 2]],
      )
      for (const one of calls.flat()) {
        const name = ['a.age', 'x.age', 'b.age'][one.job] ?? ''
        const verified = await verifyFile({ path: join(folder, name) }, reader)
        assert.deepEqual(keyCommitment(one.sessionKey, one.serial), verified.commitment)
        assert.deepEqual(
          [one.sealId, one.serial, one.metadata],
          [verified.sealId, verified.serial, verified.metadata],
        )
        assert.deepEqual([one.plaintextBytes, one.sealedBytes], sizesOf(results[one.job]))
        assert.equal(one.sealedBytes, readFileSync(join(folder, name)).length)
      }
      assert.ok(
        handed.every((key) => key.every((byte) => byte === 0)),
        'a key was not wiped',
      )
    }))

  test('if it fails, none of them appears, and each says why', () =>
    inFolder(async (folder) => {
      for (const name of ['a', 'b']) write(folder, name, 'new', 1000)
      const jobs = [job(folder, 'a', 'a.age'), job(folder, 'b', 'b.age')]
      const refusal = new Error('no room')
      const told: SealResult[] = []
      const results = await sealFiles(jobs, {
        ...sealer,
        beforeRelease: () => Promise.reject(refusal),
        onResult: (result) => told.push(result),
      })
      assert.deepEqual(
        results.map(({ error }) => error),
        [refusal, refusal],
      )
      assert.deepEqual(told, results)
      for (const name of ['a.age', 'b.age']) assert.equal(existsSync(join(folder, name)), false)
      assert.deepEqual(leftovers(folder), [])
    }))
})

suite('before the release of a resealed file', () => {
  test('the caller gets the new key, while the old version is in place', () =>
    inFolder(async (folder) => {
      await seal(folder, 'plain', SEALED, 1000)
      const path = join(folder, SEALED)
      const before = readFileSync(path)
      let finished: FinishedSeal | undefined
      await resealFile(path, {
        ...reader,
        ...sealer,
        beforeRelease: ([one]) => {
          finished = one && noted(one)
          assert.deepEqual(readFileSync(path), before)
        },
      })
      const verified = await verifyFile({ path }, reader)
      assert.ok(finished)
      assert.equal(finished.metadata.version, 2)
      assert.deepEqual(keyCommitment(finished.sessionKey, finished.serial), verified.commitment)
    }))

  test('if it fails, the old version stays', () =>
    inFolder(async (folder) => {
      await seal(folder, 'plain', SEALED, 1000)
      const path = join(folder, SEALED)
      const before = readFileSync(path)
      const refusal = new Error('no room')
      const beforeRelease = () => {
        throw refusal
      }
      await assert.rejects(resealFile(path, { ...reader, ...sealer, beforeRelease }), refusal)
      assert.deepEqual(readFileSync(path), before)
      assert.deepEqual(leftovers(folder), [])
    }))
})

function sizesOf(result: SealResult | undefined): number[] {
  assert.ok(result && 'sealId' in result)
  return [result.plaintextBytes, result.sealedBytes]
}
