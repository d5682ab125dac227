import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { openFile, verifyFile, type SealError, type SealErrorCode } from '@strongroom/core/seal'
import { cut, join, takeApart } from './support/attacker.ts'
import { partsOf, Patient, positionsOf, WAYS, type Part } from './support/damage.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf } from './support/files.ts'
import { directoryOf, person, readerOf } from './support/people.ts'
import { refusal } from './support/refusal.ts'

// Every bit of a sealed file counts. A refusal here means: a `SealError` that the damaged part may have, the old output
// the same file with the same bytes, no other file beside it, and not one byte in the stream.

const SLOW = process.env['SLOW'] !== undefined
const PLAINTEXT = noise(100)

/** What a flipped bit in a part may be refused as; whoever reads the seal has a key. */
const CODES: Readonly<Record<Part, readonly SealErrorCode[]>> = {
  version: ['NOT_AGE', 'HEADER'],
  // An unknown type of stanza is none of ours; one of ours that decrypts to nothing is somebody else's.
  recipients: ['HEADER', 'NO_KEY', 'NOT_AUTHENTIC'],
  'seal type': ['HEADER', 'NOT_SIGNED', 'NOT_AUTHENTIC'],
  seal: ['HEADER', 'NOT_AUTHENTIC'],
  pad: ['HEADER', 'NOT_AUTHENTIC'],
  MAC: ['HEADER', 'NOT_AUTHENTIC'],
  nonce: ['NOT_AUTHENTIC'],
  payload: ['NOT_AUTHENTIC'],
}

function assertCode({ code, message }: SealError, part: Part, what: string): void {
  assert.ok(CODES[part].includes(code), `${what} in the ${part}: ${code}, ${message}`)
}

/** The ways in which one damage is tried: all of them with SLOW, otherwise each in turn, so that no byte misses one. */
const waysOf = (number: number) => (SLOW ? WAYS : WAYS.slice(number % 3, (number % 3) + 1))

for (const visibility of ['private', 'public'] as const) {
  test(`every bit of a small classic file, ${visibility} seal`, async (t) => {
    const folder = folderFor(t)
    const owner = person('owner', 'classic')
    const file = bytesOf(await sealBytes(folder, 'small', PLAINTEXT, { ...sealerOf(owner), visibility }))
    const patient = new Patient(folder, file, readerOf(owner))
    t.after(() => patient.end())
    for (const { at, part } of positionsOf(file)) {
      // What can be read without a key differs in the seal alone.
      if (visibility === 'public' && !SLOW && part !== 'seal' && part !== 'seal type') continue
      for (let bit = 0; bit < 8; bit++) {
        for (const way of waysOf(at + bit)) {
          assertCode(await patient.flipped(8 * at + bit, way), part, `bit ${bit} of byte ${at}, ${way},`)
        }
      }
    }
    assert.ok(patient.isMended)
  })
}

test(SLOW ? 'every bit of a small pq file' : 'a bit of every byte of a small pq file', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'pq')
  const file = bytesOf(await sealBytes(folder, 'small', PLAINTEXT, sealerOf(owner)))
  const patient = new Patient(folder, file, readerOf(owner))
  t.after(() => patient.end())
  const bitAt = createHash('shake256', { outputLength: file.length }).update('bits').digest()
  for (const { at, part } of positionsOf(file)) {
    const chosen = (bitAt[at] ?? 0) % 8
    for (const bit of SLOW ? [0, 1, 2, 3, 4, 5, 6, 7] : [chosen]) {
      for (const way of waysOf(at)) {
        assertCode(await patient.flipped(8 * at + bit, way), part, `bit ${bit} of byte ${at}, ${way},`)
      }
    }
  }
  assert.ok(patient.isMended)
})

for (const profile of ['classic', 'pq'] as const) {
  test(`truncations of a small ${profile} file`, async (t) => {
    const folder = folderFor(t)
    const owner = person('owner', profile)
    const file = bytesOf(await sealBytes(folder, 'small', PLAINTEXT, sealerOf(owner)))
    const patient = new Patient(folder, file, readerOf(owner))
    t.after(() => patient.end())
    const headerEnd = partsOf(file).find(({ part }) => part === 'MAC')?.end ?? 0
    const prefix = 'age-encryption.org/'.length
    // With a pq header it takes long: every second length.
    for (let length = file.length - 1; length >= 0; length -= profile === 'pq' && !SLOW ? 2 : 1) {
      const expected = length < prefix ? 'NOT_AGE' : length < headerEnd ? 'HEADER' : 'NOT_AUTHENTIC'
      for (const way of waysOf(length)) {
        const { code, message } = await patient.cut(length, way)
        assert.equal(code, expected, `cut to ${length} bytes: ${message}`)
      }
    }
  })
}

test(`${SLOW ? 'every' : 'every other'} bit of a public seal, verified without a key`, async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'small', PLAINTEXT, { ...sealerOf(owner), visibility: 'public' })
  const file = bytesOf(path)
  const reader = { identities: [], signers: directoryOf(owner), threads: 1 }
  const { sealId } = await verifyFile({ path }, reader)
  const patient = new Patient(folder, file, reader)
  t.after(() => patient.end())
  const signed: readonly Part[] = ['version', 'seal type', 'seal', 'nonce', 'payload']
  for (const { at, part } of positionsOf(file)) {
    if (!signed.includes(part)) continue
    for (let bit = SLOW ? 0 : at % 2; bit < 8; bit += SLOW ? 1 : 2) {
      const { code, message } = await patient.flipped(8 * at + bit, 'toVerify')
      const codes = [...CODES[part], 'UNKNOWN_SIGNER']
      assert.ok(codes.includes(code), `bit ${bit} of byte ${at} in the ${part}: ${code}, ${message}`)
    }
  }
  // The rest says who can open it: not signed, and without a key not checked. The answer says so.
  assert.ok(patient.isMended)
  const mac = partsOf(file).find(({ part }) => part === 'pad')?.end ?? 0
  const remade = put(folder, 'remade.age', file.with(mac + 10, file[mac + 10] === 65 ? 66 : 65))
  const seal = await verifyFile({ path: remade }, reader)
  assert.deepEqual([seal.sealId, seal.keyChecked], [sealId, false])
})

test('every chunk of every segment, its first and last byte and its tag', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const plaintext = noise(1_048_576 + 3 * 65_536 - 100)
  const file = bytesOf(await sealBytes(folder, 'larger', plaintext, sealerOf(owner)))
  const patient = new Patient(folder, file, readerOf(owner))
  t.after(() => patient.end())
  const chunks = cut(takeApart(file).payload, 65_552)
  assert.equal(chunks.length, 19)
  let end = file.length - takeApart(file).payload.length
  for (const [index, chunk] of chunks.entries()) {
    const start = end
    end += chunk.length
    const sound = index < 16 ? new Uint8Array(0) : plaintext.slice(0, 1_048_576)
    for (const [number, at] of [start, end - 17, end - 16, end - 1].entries()) {
      for (const way of waysOf(number + index)) {
        const error = await patient.flipped(8 * at + (index % 8), way, sound)
        assertCode(error, 'payload', `chunk ${index}, byte ${at - start}, ${way},`)
      }
    }
  }
  assert.ok(patient.isMended)
  assert.deepEqual(join(...chunks), takeApart(file).payload)
})

test('damage in a file that several threads open and verify', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const file = bytesOf(await sealBytes(folder, 'large', noise(9 * 1_048_576), sealerOf(owner)))
  const path = put(folder, 'damaged.age', file.with(file.length - 1, (file.at(-1) ?? 0) ^ 1))
  const output = { path: put(folder, 'output', 'kept'), overwrite: true }
  const reader = { ...readerOf(owner), threads: 3 }
  for (const run of [openFile({ input: { path }, output }, reader), verifyFile({ path }, reader)]) {
    assert.equal((await refusal(run)).code, 'NOT_AUTHENTIC')
  }
  assert.equal(Buffer.from(bytesOf(output.path)).toString(), 'kept')
  assert.deepEqual(readdirSync(folder).sort(), ['damaged.age', 'large', 'large.age', 'output'])
})
