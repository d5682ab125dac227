import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ScryptRecipient } from '@strongroom/core/age'
import { formatSerial } from '@strongroom/core/keyblob'
import {
  openFile,
  planSeal,
  SealError,
  sealFiles,
  verifyFile,
  type Progress,
  type SealJob,
  type SealResult,
} from '@strongroom/core/seal'
import { readSeal, sealOf, takeApart } from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealerOf } from './support/files.ts'
import { person, readerOf } from './support/people.ts'
import { refusal } from './support/refusal.ts'
import { leafHash, pathOf } from './support/rfc6962.ts'

const plaintextOf = (index: number) => noise(index % 300, `file ${index}`)

/** Jobs for small files in a folder of their own. */
function jobsIn(folder: string, count: number): SealJob[] {
  return Array.from({ length: count }, (_, i) => ({
    input: { path: put(folder, `input ${i}`, plaintextOf(i)) },
    output: { path: join(folder, `sealed ${i}.age`) },
  }))
}

const errorOf = (result: SealResult | undefined) => {
  const error = result && 'error' in result ? result.error : undefined
  return error instanceof SealError ? error.code : error
}

test('600 files: one signature for each 256, every seal at its place, results in order', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const jobs = jobsIn(folder, 600)
  const reported: number[] = []
  const onResult = ({ job }: SealResult) => reported.push(job)
  const results = await sealFiles(jobs, { ...sealerOf(owner), visibility: 'public', onResult })
  const indices = Array.from({ length: 600 }, (_, i) => i)
  assert.deepEqual(
    results.map(({ job }) => job),
    indices,
  )
  assert.deepEqual(reported, indices)
  const seals = jobs.map(({ output }) => {
    const path = 'path' in output ? output.path : assert.fail()
    return readSeal(sealOf(takeApart(bytesOf(path))))
  })
  for (const [start, size] of [
    [0, 256],
    [256, 256],
    [512, 88],
  ] as const) {
    const group = seals.slice(start, start + size)
    const leaves = group.map(({ statement }) => leafHash(statement))
    const signatures = new Set(group.map(({ batch }) => Buffer.from(batch.signature).toString('hex')))
    assert.equal(signatures.size, 1, 'the group has one signature')
    assert.deepEqual(
      group.map(({ batch }) => [batch.size, batch.index]),
      group.map((_, index) => [size, index]),
    )
    // The oracle is slow: some of the proofs.
    for (const index of [0, 1, size >> 1, size - 1]) {
      assert.deepEqual(group[index]?.batch.proof, pathOf(leaves, index))
    }
  }
  assert.equal(new Set(seals.map(({ batch }) => batch.signature.toString())).size, 3)
  for (const index of [0, 255, 256, 511, 512, 599]) {
    const [job, result] = [jobs[index], results[index]]
    assert.ok(job && result && 'sealId' in result)
    const output = { path: join(folder, `opened ${index}`) }
    const { seal } = await openFile(
      { input: { path: join(folder, `sealed ${index}.age`) }, output },
      readerOf(owner),
    )
    assert.deepEqual(bytesOf(output.path), plaintextOf(index))
    assert.deepEqual([seal?.sealId, seal?.serial], [result.sealId, result.serial])
    assert.equal(seal?.batchSize, index < 512 ? 256 : 88)
    assert.equal(seal?.metadata.name, `input ${index}`)
  }
  const serials = results.map((result) => ('serial' in result ? formatSerial(result.serial) : ''))
  assert.equal(new Set(serials).size, 600)
})

test('jobs that fail do not stop the others, and leave nothing behind', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const good = jobsIn(folder, 5)
  const inputs = put(folder, 'input', noise(10))
  put(folder, 'there already.age', 'kept')
  mkdirSync(join(folder, 'a folder'))
  symlinkSync(join(folder, 'nowhere'), join(folder, 'link.age'))
  const to = (name: string) => ({ path: join(folder, name) })
  const bad: readonly (readonly [SealJob, string])[] = [
    [{ input: to('missing'), output: to('1.age') }, 'IO'],
    [{ input: { path: inputs }, output: to('there already.age') }, 'EXISTS'],
    [{ input: { path: inputs }, output: to('link.age') }, 'SYMLINK'],
    [{ input: { path: inputs }, output: to('a folder') }, 'UNSUPPORTED'],
    [{ input: { path: inputs }, output: to('no such folder/3.age') }, 'IO'],
    // An input of another job would be lost.
    [{ input: { path: inputs }, output: { ...to('input 0'), overwrite: true } }, 'UNSUPPORTED'],
    [{ input: { path: inputs }, output: to('4.age'), description: 'x'.repeat(1025) }, 'LIMIT'],
    // Whatever is no file may be endless, and so begins a group of its own.
    [{ input: to('a folder'), output: to('2.age') }, 'UNSUPPORTED'],
  ]
  const jobs = good.flatMap((job, i) => [job, ...bad.slice(2 * i, 2 * i + 2).map(([wrong]) => wrong)])
  const reported: number[] = []
  const options = { ...sealerOf(owner), onResult: ({ job }: SealResult) => reported.push(job) }
  const results = await sealFiles(jobs, options)
  assert.deepEqual(
    results.map(({ job }) => job),
    jobs.map((_, i) => i),
  )
  assert.deepEqual(
    reported,
    jobs.map((_, i) => i),
    'results are reported in order',
  )
  for (const [i, job] of jobs.entries()) {
    const expected = bad.find(([wrong]) => wrong === job)?.[1]
    assert.equal(errorOf(results[i]), expected)
    assert.equal(results[i]?.output, job.output)
  }
  const batchSizes = good.map(async ({ output }) => {
    const path = 'path' in output ? output.path : assert.fail()
    return (await verifyFile({ path }, readerOf(owner))).batchSize
  })
  assert.deepEqual(await Promise.all(batchSizes), [4, 4, 4, 4, 1], 'a signature covers what was sealed')
  assert.equal(Buffer.from(bytesOf(join(folder, 'there already.age'))).toString(), 'kept')
  const files = readdirSync(folder).filter((name) => !/^(input|sealed)( \d)?(\.age)?$/.test(name))
  assert.deepEqual(files.sort(), ['a folder', 'link.age', 'there already.age'])
})

test('of two jobs for one output, one succeeds, and its file is whole', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const output = { path: join(folder, 'one.age') }
  const jobs = jobsIn(folder, 2).map(({ input }) => ({ input, output }))
  const results = await sealFiles(jobs, sealerOf(owner))
  assert.deepEqual(new Set(results.map(errorOf)), new Set(['EXISTS', undefined]))
  const winner = results.find((result) => 'sealId' in result)
  assert.ok(winner && 'sealId' in winner)
  const { sealId, metadata } = await verifyFile(output, readerOf(owner))
  assert.deepEqual([sealId, metadata.name], [winner.sealId, `input ${winner.job}`])
  assert.deepEqual(readdirSync(folder).sort(), ['input 0', 'input 1', 'one.age'])
})

test('no jobs, and jobs that all fail', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  assert.deepEqual(await sealFiles([], sealerOf(owner)), [])
  const job = { input: { path: join(folder, 'missing') }, output: { path: join(folder, 'x.age') } }
  assert.deepEqual((await sealFiles([job, job], sealerOf(owner))).map(errorOf), ['IO', 'IO'])
  assert.deepEqual(readdirSync(folder), [])
})

test('recipients that cannot stand together are refused before anything is written', async (t) => {
  const folder = folderFor(t)
  const [owner, other] = [person('owner', 'classic'), person('other', 'pq')]
  const [mine, theirs] = [owner.identity.recipient(), other.identity.recipient()]
  const passphrase = new ScryptRecipient('passphrase', 4)
  for (const recipients of [[], [mine, theirs], [passphrase], [passphrase, mine]]) {
    const sealing = sealFiles(jobsIn(folder, 1), { ...sealerOf(owner), recipients })
    assert.equal((await refusal(sealing)).code, 'RECIPIENTS')
  }
  assert.deepEqual(readdirSync(folder), ['input 0'])
})

test('a folder is sealed with the paths below it as names', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'pq')
  mkdirSync(join(folder, 'papers', 'old'), { recursive: true })
  put(folder, 'papers/new', noise(10))
  put(folder, 'papers/old/older', noise(20))
  const { files } = planSeal([join(folder, 'papers')])
  const jobs = files.map(({ input, output, name }) => ({
    input: { path: input },
    output: { path: output },
    name,
  }))
  assert.deepEqual((await sealFiles(jobs, sealerOf(owner))).map(errorOf), [undefined, undefined])
  for (const name of ['papers/new', 'papers/old/older']) {
    const { metadata } = await verifyFile({ path: join(folder, `${name}.age`) }, readerOf(owner))
    assert.equal(metadata.name, name)
  }
})

test('what a source says of itself is signed: name, mode, time; and the time of sealing', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = put(folder, 'notes.txt', 'notes')
  chmodSync(path, 0o640)
  utimesSync(path, 1_600_000_000, 1_600_000_000.25)
  const before = Date.now()
  await sealFiles([{ input: { path }, output: { path: `${path}.age` } }], sealerOf(owner))
  const { metadata } = await verifyFile({ path: `${path}.age` }, readerOf(owner))
  const { mtimeNs } = statSync(path, { bigint: true })
  assert.ok(metadata.createdMs >= before && metadata.createdMs <= Date.now())
  assert.deepEqual(
    { ...metadata, createdMs: 0 },
    { name: 'notes.txt', mode: 0o640, mtimeNs, createdMs: 0, version: 1 },
  )
  assert.equal(statSync(`${path}.age`).mode & 0o777, 0o600)
  for (const [restoreMode, mode] of [
    [false, 0o600],
    [true, 0o640],
  ] as const) {
    const output = { path: join(folder, `opened ${mode}`) }
    await openFile({ input: { path: `${path}.age` }, output }, { ...readerOf(owner), restoreMode })
    assert.equal(statSync(output.path).mode & 0o777, mode)
  }
})

test('progress counts up to the whole of every job', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const sizes = [0, 5, 2_097_152, 1_048_577]
  const jobs = sizes.map((size, i) => ({
    input: { path: put(folder, `input ${i}`, noise(size)) },
    output: { path: join(folder, `${i}.age`) },
  }))
  const seen: Progress[] = []
  await sealFiles(jobs, { ...sealerOf(owner), onProgress: (progress) => seen.push(progress) })
  for (const [job, size] of sizes.entries()) {
    const own = seen.filter((progress) => progress.job === job)
    assert.ok(own.every(({ totalBytes }) => totalBytes === size))
    const done = own.map(({ doneBytes }) => doneBytes)
    assert.deepEqual(
      done,
      done.toSorted((a, b) => a - b),
    )
    assert.equal(done.at(-1), size)
  }
})

test('a stop is heeded before the next group and in the middle of a file, and leaves nothing behind', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const input = { path: put(folder, 'input', noise(3 * 1_048_576)) }
  const output = { path: join(folder, 'input.age') }
  const already = sealFiles([{ input, output }], { ...sealerOf(owner), signal: AbortSignal.abort() })
  assert.equal((await refusal(already)).code, 'CANCELLED')
  const stop = new AbortController()
  const options = { ...sealerOf(owner), signal: stop.signal, onProgress: () => stop.abort() }
  assert.equal((await refusal(sealFiles([{ input, output }], options))).code, 'CANCELLED')
  assert.deepEqual(readdirSync(folder), ['input'])
})
