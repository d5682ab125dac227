import assert from 'node:assert/strict'
import { appendFileSync, closeSync, openSync, readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { concat } from '@strongroom/core/bytes'
import {
  openChunks,
  openFile,
  openToSink,
  sealFiles,
  SealError,
  verifyFile,
  writeChunks,
  type Conversion,
} from '@strongroom/core/seal'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf, sealOne } from './support/files.ts'
import { person, readerOf } from './support/people.ts'
import { refusal } from './support/refusal.ts'

const LEAF = 1_048_576
const owner = person('owner', 'classic')
const sealer = sealerOf(owner)
const reader = readerOf(owner)

/** Turns every bit, in chunks of one buffer that is used again, and drops the last byte: shorter than what comes in. */
const turned: Conversion = async function* (bytes) {
  let held: Uint8Array = new Uint8Array(0)
  for await (const chunk of bytes) {
    const all = concat(held, chunk)
    held = all.slice(-1)
    const out = all.subarray(0, -1).map((byte) => byte ^ 0xff)
    for (let at = 0; at < out.length; at += 100_001) yield out.subarray(at, at + 100_001)
    out.fill(0)
  }
}

function turnedWhole(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, -1).map((byte) => byte ^ 0xff)
}

class Fault extends Error {}

/** Everything, and then a fault. */
const faulty: Conversion = async function* (bytes) {
  yield* bytes
  throw new Fault('wrong at its end')
}

suite('what is sealed is made of what is read', () => {
  for (const length of [1, 2, 65_537, LEAF + 1, LEAF + 2, 9 * LEAF]) {
    test(`${length} bytes`, async (t) => {
      const folder = folderFor(t)
      const bytes = noise(length)
      const input = put(folder, 'old', bytes)
      const output = join(folder, 'old.age')
      const result = await sealOne(
        { input: { path: input }, output: { path: output }, convert: turned },
        sealer,
      )
      assert.equal(result.plaintextBytes, length - 1)
      assert.equal(result.source?.size, BigInt(length))
      const opened = join(folder, 'opened')
      const { seal } = await openFile({ input: { path: output }, output: { path: opened } }, reader)
      assert.deepEqual(bytesOf(opened), turnedWhole(bytes))
      assert.equal(seal?.metadata.name, 'old')
      await verifyFile({ path: output }, reader)
    })
  }

  test('a small file gets no room for a large one', async (t) => {
    const folder = folderFor(t)
    const bytes = noise(1000)
    const whole = bytesOf(await sealBytes(folder, 'whole', bytes.subarray(1), sealer))
    const input = put(folder, 'old', bytes)
    const job = { input: { path: input }, output: { path: join(folder, 'old.age') }, convert: turned }
    const { sealedBytes } = await sealOne(job, sealer)
    assert.ok(Math.abs(sealedBytes - whole.length) < 100, `${sealedBytes} and ${whole.length}`)
  })

  test('a fault at the end leaves nothing, and the old output as it was', async (t) => {
    const folder = folderFor(t)
    const input = { path: put(folder, 'old', noise(2 * LEAF)) }
    const output = { path: put(folder, 'out', 'before'), overwrite: true }
    const [result] = await sealFiles([{ input, output, convert: faulty }], sealer)
    assert.ok(result?.error instanceof Fault)
    assert.equal(Buffer.from(bytesOf(output.path)).toString(), 'before')
    assert.deepEqual(readdirSync(folder).sort(), ['old', 'out'])
  })

  test('a conversion that gives more than it got is refused', async (t) => {
    const folder = folderFor(t)
    const input = { path: put(folder, 'old', noise(1000)) }
    const output = { path: join(folder, 'out') }
    const more: Conversion = async function* (bytes) {
      yield* bytes
      for (let i = 0; i < 100; i++) yield noise(LEAF / 2)
    }
    const [result] = await sealFiles([{ input, output, convert: more }], sealer)
    assert.ok(result?.error instanceof SealError)
    assert.equal(result.error.code, 'LIMIT')
    assert.deepEqual(readdirSync(folder), ['old'])
  })

  const CHANGES = {
    grows: (path: string) => appendFileSync(path, 'x'),
    'becomes shorter': (path: string) => truncateSync(path, 10),
  }
  for (const [what, change] of Object.entries(CHANGES)) {
    test(`an input that ${what} meanwhile, even if the conversion has enough`, async (t) => {
      const folder = folderFor(t)
      const input = { path: put(folder, 'old', noise(LEAF)) }
      const output = { path: join(folder, 'out') }
      const enough: Conversion = async function* (bytes) {
        for await (const chunk of bytes) {
          change(input.path)
          yield chunk
          return
        }
      }
      const [result] = await sealFiles([{ input, output, convert: enough }], sealer)
      assert.ok(result?.error instanceof SealError)
      assert.equal(result.error.code, 'INPUT_CHANGED')
      assert.deepEqual(readdirSync(folder), ['old'])
    })
  }
})

suite('opening to a function', () => {
  for (const length of [0, 1, LEAF, 3 * LEAF + 1]) {
    test(`${length} bytes`, async (t) => {
      const bytes = noise(length)
      const path = await sealBytes(folderFor(t), 'plain', bytes, sealer)
      const parts: Uint8Array[] = []
      const sink = async (part: Uint8Array) => void parts.push(part.slice())
      const { proof, plaintextBytes } = await openToSink({ path }, sink, reader)
      assert.deepEqual([proof, plaintextBytes], ['sealed', length])
      assert.deepEqual(concat(...parts), bytes)
    })
  }

  test('what was changed is not handed on', async (t) => {
    const folder = folderFor(t)
    const sealed = bytesOf(await sealBytes(folder, 'plain', noise(LEAF), sealer))
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1
    let taken = 0
    const sink = async (part: Uint8Array) => void (taken += part.length)
    const error = await refusal(openToSink({ path: put(folder, 'changed', sealed) }, sink, reader))
    assert.deepEqual([error.code, taken], ['NOT_AUTHENTIC', 0])
  })

  test('what the function throws ends it', async (t) => {
    const path = await sealBytes(folderFor(t), 'plain', noise(5), sealer)
    await assert.rejects(
      openToSink({ path }, () => Promise.reject(new Fault('enough')), reader),
      Fault,
    )
  })
})

suite('inputs and outputs in chunks', () => {
  const pieces = async function* (...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
    yield* parts
  }

  for (const length of [0, 1, 262_144, 262_145, 3 * LEAF]) {
    test(`${length} bytes of a file, as often as they are asked for`, async (t) => {
      const bytes = noise(length)
      const input = await openChunks({ path: put(folderFor(t), 'file', bytes) })
      t.after(() => input.close())
      for (let round = 0; round < 2; round++) {
        const parts: Uint8Array[] = []
        for await (const chunk of input.chunks()) parts.push(chunk.slice())
        assert.deepEqual(concat(...parts), bytes)
      }
    })

    test(`${length} bytes of a stream, copied to be read again`, async (t) => {
      const bytes = noise(length)
      const fd = openSync(put(folderFor(t), 'file', bytes), 'r')
      t.after(() => closeSync(fd))
      const input = await openChunks({ fd }, { again: true })
      t.after(() => input.close())
      assert.equal(input.bytes, length)
      for (let round = 0; round < 2; round++) {
        const parts: Uint8Array[] = []
        for await (const chunk of input.chunks()) parts.push(chunk.slice())
        assert.deepEqual(concat(...parts), bytes)
      }
    })
  }

  test('a file that grows while it is read', async (t) => {
    const path = put(folderFor(t), 'file', noise(LEAF))
    const input = await openChunks({ path })
    t.after(() => input.close())
    const reading = async (): Promise<void> => {
      for await (const chunk of input.chunks()) if (chunk.length > 0) appendFileSync(path, 'x')
    }
    assert.equal((await refusal(reading())).code, 'INPUT_CHANGED')
  })

  test('stops when it is told to', async (t) => {
    const controller = new AbortController()
    const input = await openChunks({ path: put(folderFor(t), 'file', noise(LEAF)) }, controller)
    t.after(() => input.close())
    const reading = async (): Promise<void> => {
      for await (const chunk of input.chunks()) if (chunk.length > 0) controller.abort()
    }
    assert.equal((await refusal(reading())).code, 'CANCELLED')
  })

  test('a folder is no input', async (t) => {
    assert.equal((await refusal(openChunks({ path: folderFor(t) }))).code, 'UNSUPPORTED')
  })

  test('an output appears when all of it came', async (t) => {
    const folder = folderFor(t)
    const path = join(folder, 'out')
    const seen: string[][] = []
    const watched = async function* (): AsyncGenerator<Uint8Array> {
      yield noise(5)
      seen.push(readdirSync(folder).filter((name) => name === 'out'))
    }
    assert.equal(await writeChunks({ path }, watched()), 5)
    assert.deepEqual(seen, [[]])
    assert.deepEqual(bytesOf(path), noise(5))
  })

  test('a fault leaves the old output, and nothing else', async (t) => {
    const folder = folderFor(t)
    const path = put(folder, 'out', 'before')
    await assert.rejects(writeChunks({ path, overwrite: true }, faulty(pieces(noise(LEAF)))), Fault)
    assert.equal(Buffer.from(bytesOf(path)).toString(), 'before')
    assert.deepEqual(readdirSync(folder), ['out'])
  })

  test('an output that exists is refused before anything is read', async (t) => {
    const path = put(folderFor(t), 'out', 'before')
    let asked = false
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      asked = true
      yield noise(1)
    }
    assert.equal((await refusal(writeChunks({ path }, chunks()))).code, 'EXISTS')
    assert.equal(asked, false)
  })
})
