import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { inspectFile, openFile, verifyFile } from '@strongroom/core/seal'
import { cut, headerLengthOf } from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealOne, sealerOf } from './support/files.ts'
import { person, readerOf } from './support/people.ts'
import { refusal } from './support/refusal.ts'
import { ageOpens, hasAge } from './support/stock-age.ts'

// Pipes here are named ones, whose both ends this process holds: a slow writer or reader is one that waits its turn.

const LEAF = 1_048_576
const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants

interface Pipe {
  readonly path: string
  readonly readEnd: number
  readonly writeEnd: number
}

/** A pipe whose ends do not block; undefined, and the test skipped, where there is no mkfifo. */
function pipeFor(t: TestContext, folder: string, name: string): Pipe | undefined {
  const path = join(folder, name)
  if (spawnSync('mkfifo', [path]).status !== 0) {
    t.skip('needs mkfifo')
    return undefined
  }
  const readEnd = openSync(path, O_RDONLY | O_NONBLOCK)
  const writeEnd = openSync(path, O_WRONLY | O_NONBLOCK)
  t.after(() => closeSync(readEnd))
  return { path, readEnd, writeEnd }
}

/** Writes pieces one by one, as fast as the other end takes them, and closes the end. */
async function pour({ writeEnd }: Pipe, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const written = unlessFull(() => writeSync(writeEnd, piece, at))
      at += written
      await setImmediate()
    }
  }
  closeSync(writeEnd)
}

/** Takes at most `most` bytes at a time, and lets others run in between, until the end. */
async function drain({ readEnd }: Pipe, most: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(most)
  const taken: Uint8Array[] = []
  for (;;) {
    const count = unlessFull(() => readSync(readEnd, buffer, 0, most, null), -1)
    if (count === 0) return new Uint8Array(Buffer.concat(taken))
    if (count > 0) taken.push(Uint8Array.from(buffer.subarray(0, count)))
    else await setImmediate()
  }
}

function unlessFull(call: () => number, otherwise = 0): number {
  try {
    return call()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return otherwise
    throw error
  }
}

/** What comes in, and in which pieces. */
const INPUTS: readonly (readonly [name: string, plaintext: Uint8Array, pieceBytes: number])[] = [
  ['nothing', new Uint8Array(0), 1],
  ['one byte', noise(1), 1],
  ['some bytes, byte by byte', noise(5_000), 1],
  ['a chunk and a byte, in tiny pieces', noise(65_537), 7],
  ['a leaf, in odd pieces', noise(LEAF), 7_919],
  ['a leaf and a byte, in odd pieces', noise(LEAF + 1), 40_009],
  ['two leaves and a chunk, whole', noise(2 * LEAF + 65_536), 4 * LEAF],
]

for (const [name, plaintext, pieceBytes] of INPUTS) {
  test(`sealing a stream: ${name}`, async (t) => {
    const folder = folderFor(t)
    const pipe = pipeFor(t, folder, 'input')
    if (!pipe) return
    const owner = person('owner', 'classic')
    const output = { path: join(folder, 'output.age') }
    const sealing = sealOne({ input: { fd: pipe.readEnd }, output }, sealerOf(owner))
    const [sealed] = await Promise.all([sealing, pour(pipe, cut(plaintext, pieceBytes))])
    assert.equal(sealed.plaintextBytes, plaintext.length)
    const { seal } = await openFile(
      { input: output, output: { path: join(folder, 'opened') } },
      readerOf(owner),
    )
    assert.deepEqual(bytesOf(join(folder, 'opened')), plaintext)
    const { name: signedName, mode, mtimeNs } = seal?.metadata ?? {}
    assert.deepEqual([signedName, mode, mtimeNs], [undefined, undefined, undefined])
    if (hasAge(t)) assert.deepEqual(ageOpens(owner.identity, bytesOf(output.path)), plaintext)
  })

  test(`opening a stream into a stream: ${name}`, async (t) => {
    const folder = folderFor(t)
    const [input, output] = [pipeFor(t, folder, 'input'), pipeFor(t, folder, 'output')]
    if (!input || !output) return
    const owner = person('owner', 'classic')
    const sealed = bytesOf(await sealBytes(folder, 'plain', plaintext, sealerOf(owner)))
    const job = { input: { fd: input.readEnd }, output: { fd: output.writeEnd } }
    const opening = openFile(job, readerOf(owner)).finally(() => closeSync(output.writeEnd))
    const [opened, , taken] = await Promise.all([
      opening,
      pour(input, cut(sealed, pieceBytes)),
      drain(output, 1_000),
    ])
    assert.equal(opened.plaintextBytes, plaintext.length)
    assert.deepEqual(taken, plaintext)
  })
}

test('sealing into a stream that is read slowly', async (t) => {
  const folder = folderFor(t)
  const pipe = pipeFor(t, folder, 'output')
  if (!pipe) return
  const owner = person('owner', 'pq')
  const input = { path: put(folder, 'input', noise(LEAF + 5)) }
  const sealing = sealOne({ input, output: { fd: pipe.writeEnd } }, sealerOf(owner)).finally(() =>
    closeSync(pipe.writeEnd),
  )
  const [sealed, taken] = await Promise.all([sealing, drain(pipe, 4_099)])
  assert.equal(sealed.sealedBytes, taken.length)
  const path = put(folder, 'taken.age', taken)
  assert.deepEqual((await verifyFile({ path }, readerOf(owner))).sealId, sealed.sealId)
})

test('a pipe is sealed, opened and inspected by its name', async (t) => {
  const folder = folderFor(t)
  const [owner, plaintext] = [person('owner', 'classic'), noise(70_000)]
  const pipes = ['plain', 'sealed', 'inspected'].map((name) => pipeFor(t, folder, name))
  const [plain, sealed, inspected] = pipes
  if (!plain || !sealed || !inspected) return
  const output = { path: join(folder, 'output.age') }
  await Promise.all([
    sealOne({ input: { path: plain.path }, output }, sealerOf(owner)),
    pour(plain, [plaintext]),
  ])
  const { metadata } = await verifyFile(output, readerOf(owner))
  assert.equal(metadata.name, 'plain')
  const opened = { path: join(folder, 'opened') }
  const job = { input: { path: sealed.path }, output: opened }
  await Promise.all([openFile(job, readerOf(owner)), pour(sealed, [bytesOf(output.path)])])
  assert.deepEqual(bytesOf(opened.path), plaintext)
  const inspecting = inspectFile({ path: inspected.path }, readerOf(owner))
  const [found] = await Promise.all([inspecting, pour(inspected, [bytesOf(output.path)])])
  assert.equal(found.verified?.signerName, 'owner')
})

test('a pipe that is inspected is opened once: its writer is not cut off', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = join(folder, 'pipe')
  if (spawnSync('mkfifo', [path]).status !== 0) return t.skip('needs mkfifo')
  const sealed = await sealBytes(folder, 'plain', noise(200_000), sealerOf(owner))
  const writer = spawn('sh', ['-c', 'exec cat "$0" > "$1"', sealed, path])
  const ended = once(writer, 'exit')
  const found = await inspectFile({ path }, readerOf(owner))
  assert.equal(found.verified?.signerName, 'owner')
  assert.deepEqual(await ended, [0, null])
})

test('a stream is verified without being written anywhere', async (t) => {
  const folder = folderFor(t)
  const pipe = pipeFor(t, folder, 'input')
  if (!pipe) return
  const owner = person('owner', 'classic')
  const sealed = bytesOf(await sealBytes(folder, 'plain', noise(70_000), sealerOf(owner)))
  const verifying = verifyFile({ fd: pipe.readEnd }, readerOf(owner))
  const [seal] = await Promise.all([verifying, pour(pipe, cut(sealed, 5_000))])
  assert.equal(seal.signerName, 'owner')
})

test('a damaged stream lets out the segments before the damage, and no byte of its own', async (t) => {
  const folder = folderFor(t)
  const [input, output] = [pipeFor(t, folder, 'input'), pipeFor(t, folder, 'output')]
  if (!input || !output) return
  const owner = person('owner', 'classic')
  const plaintext = noise(3 * LEAF)
  const sealed = bytesOf(await sealBytes(folder, 'plain', plaintext, sealerOf(owner)))
  const inSecondLeaf = headerLengthOf(sealed) + 16 + 2 * LEAF
  const damaged = sealed.with(inSecondLeaf, (sealed[inSecondLeaf] ?? 0) ^ 1)
  const job = { input: { fd: input.readEnd }, output: { fd: output.writeEnd } }
  const opening = openFile(job, readerOf(owner)).finally(() => closeSync(output.writeEnd))
  const [error, , taken] = await Promise.all([
    refusal(opening),
    pour(input, [damaged]),
    drain(output, 65_536),
  ])
  assert.equal(error.code, 'NOT_AUTHENTIC')
  assert.deepEqual(taken, plaintext.slice(0, LEAF))
})

test('a stream that ends early is refused, and nothing comes out', async (t) => {
  const owner = person('owner', 'classic')
  const folder = folderFor(t)
  const sealed = bytesOf(await sealBytes(folder, 'plain', noise(70_000), sealerOf(owner)))
  for (const length of [0, 10, 500, headerLengthOf(sealed), sealed.length - 1]) {
    const input = pipeFor(t, folderFor(t), 'input')
    if (!input) return
    const output = { path: join(folder, `opened ${length}`) }
    const opening = openFile({ input: { fd: input.readEnd }, output }, readerOf(owner))
    const [error] = await Promise.all([refusal(opening), pour(input, [sealed.slice(0, length)])])
    assert.ok(['NOT_AGE', 'HEADER', 'NOT_AUTHENTIC'].includes(error.code), error.code)
    assert.throws(() => bytesOf(output.path), { code: 'ENOENT' })
  }
})

test('a reader that goes away is an error, not a silence', async (t) => {
  const folder = folderFor(t)
  const path = join(folder, 'output')
  if (spawnSync('mkfifo', [path]).status !== 0) return t.skip('needs mkfifo')
  const readEnd = openSync(path, O_RDONLY | O_NONBLOCK)
  const writeEnd = openSync(path, O_WRONLY | O_NONBLOCK)
  t.after(() => closeSync(writeEnd))
  const owner = person('owner', 'classic')
  const sealed = await sealBytes(folder, 'plain', noise(70_000), sealerOf(owner))
  closeSync(readEnd)
  const error = await refusal(
    openFile({ input: { path: sealed }, output: { fd: writeEnd } }, readerOf(owner)),
  )
  assert.equal(error.code, 'IO')
  assert.ok(error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'EPIPE')
})
