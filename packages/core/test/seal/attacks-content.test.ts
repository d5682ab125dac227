import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LEAF_BYTES } from '@strongroom/core/keyblob'
import { verifyFile } from '@strongroom/core/seal'
import {
  cut,
  encryptPayload,
  headerLengthOf,
  join,
  learnFileKey,
  putTogether,
  takeApart,
} from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf } from './support/files.ts'
import { directoryOf, person, PROFILES, readerOf, type Person } from './support/people.ts'
import { assertExpected, assertRefused, refusal, type Expected } from './support/refusal.ts'
import { ageOpens, assertAgeOpens, isThere, typageOpens } from './support/stock-age.ts'

// T2 and T3: a co-recipient, such as the backup authority or whoever stole its key, knows the session key. The header is
// not touched at all: only the payload behind it is another. Stock age opens every file of the first part.

const CHUNK = 65_536
const LEAF = 16 * CHUNK
/** Three segments, the last of them with two chunks. */
const ORIGINAL = noise(2 * LEAF + CHUNK + 4_464)
const [first, second, third] = cut(ORIGINAL, LEAF)
assert.ok(first && second && third)

const AUTHENTIC: Expected = { code: 'NOT_AUTHENTIC' }
const RESIZED: Expected = { code: 'NOT_AUTHENTIC', message: /cut or extended/ }

/** What a co-recipient puts behind the owner's header, and how it must be refused. */
const CONTENTS: Readonly<Record<string, { readonly content: Uint8Array; readonly expected: Expected }>> = {
  'T2, other content of the same length': {
    content: noise(ORIGINAL.length, 'forged'),
    expected: { code: 'NOT_AUTHENTIC', message: /segment 0/ },
  },
  'T2, one bit in the second segment': {
    content: ORIGINAL.with(LEAF + 5, (ORIGINAL[LEAF + 5] ?? 0) ^ 1),
    expected: { code: 'NOT_AUTHENTIC', message: /segment 1/, sound: first },
  },
  'T2, the last byte': {
    content: ORIGINAL.with(ORIGINAL.length - 1, (ORIGINAL.at(-1) ?? 0) ^ 0x80),
    expected: { code: 'NOT_AUTHENTIC', message: /segment 2/, sound: join(first, second) },
  },
  'T3, cut to nothing': { content: new Uint8Array(0), expected: RESIZED },
  'T3, cut after the first chunk': { content: ORIGINAL.slice(0, CHUNK), expected: RESIZED },
  'T3, cut after the first segment': { content: first, expected: RESIZED },
  'T3, cut before the last chunk': { content: ORIGINAL.slice(0, 2 * LEAF + CHUNK), expected: RESIZED },
  'T3, one byte less': { content: ORIGINAL.slice(0, -1), expected: RESIZED },
  'T3, one byte more': { content: join(ORIGINAL, Uint8Array.of(0)), expected: RESIZED },
  'T3, a chunk appended': { content: join(ORIGINAL, noise(CHUNK)), expected: RESIZED },
  'T3, a segment appended': { content: join(ORIGINAL, noise(LEAF)), expected: RESIZED },
  'T3, two segments exchanged': { content: join(second, first, third), expected: AUTHENTIC },
  'T3, two chunks exchanged': {
    content: join(ORIGINAL.slice(CHUNK, 2 * CHUNK), ORIGINAL.slice(0, CHUNK), ORIGINAL.slice(2 * CHUNK)),
    expected: AUTHENTIC,
  },
}

for (const profile of PROFILES) {
  test(`a co-recipient exchanges the content under an unchanged header: ${profile}`, async (t) => {
    const folder = folderFor(t)
    const owner = person('owner', profile)
    const authority = person('authority', profile)
    const options = { ...sealerOf(owner, [authority]), visibility: 'public' as const }
    const file = bytesOf(await sealBytes(folder, 'report', ORIGINAL, options))
    const headerLength = headerLengthOf(file)
    const fileKey = await learnFileKey(file, authority.identity.toString())
    for (const [name, { content, expected }] of Object.entries(CONTENTS)) {
      await t.test(`${name}: ${profile}`, async (inner) => {
        const payload = encryptPayload(fileKey, takeApart(file).nonce, content)
        const forged = putTogether({ ...takeApart(file), payload })
        assert.deepEqual(forged.slice(0, headerLength + 16), file.slice(0, headerLength + 16))
        await assertAgeOpens(inner, owner, forged, content)
        const path = put(folder, 'forged.age', forged)
        await assertRefused(path, readerOf(owner), expected)
        await assertRefusedWithoutKey(path, owner, expected)
      })
    }
  })

  test(`T2, content under another nonce: ${profile}`, async (t) => {
    const folder = folderFor(t)
    const owner = person('owner', profile)
    const authority = person('authority', profile)
    const file = bytesOf(await sealBytes(folder, 'report', ORIGINAL, sealerOf(owner, [authority])))
    const fileKey = await learnFileKey(file, authority.identity.toString())
    const nonce = noise(16, 'nonce')
    const payload = encryptPayload(fileKey, nonce, ORIGINAL)
    const forged = putTogether({ ...takeApart(file), nonce, payload })
    await assertAgeOpens(t, owner, forged, ORIGINAL)
    const expected = { code: 'NOT_AUTHENTIC', message: /another payload/ } as const
    await assertRefused(put(folder, 'forged.age', forged), readerOf(owner), expected)
  })
}

/** Whoever holds no key can still tell, from the public seal, that this is not what the owner sealed. */
async function assertRefusedWithoutKey(path: string, owner: Person, expected: Expected): Promise<void> {
  const reader = { identities: [], signers: directoryOf(owner), threads: 1 }
  assertExpected(await refusal(verifyFile({ path }, reader)), path, expected)
}

// Without the session key: stock age refuses these too, but leaves the plaintext before the damage behind.

const sealedChunks = (file: Uint8Array) => cut(takeApart(file).payload, CHUNK + 16)

const CUTS: Readonly<
  Record<string, { readonly cut: (file: Uint8Array) => Uint8Array; readonly expected: Expected }>
> = {
  'no payload at all': {
    cut: () => new Uint8Array(0),
    expected: { code: 'NOT_AUTHENTIC', message: /no payload has 0 bytes/ },
  },
  'the first chunk alone': {
    cut: (file) => join(...sealedChunks(file).slice(0, 1)),
    expected: RESIZED,
  },
  'the first segment alone': {
    cut: (file) => takeApart(file).payload.slice(0, LEAF_BYTES),
    expected: RESIZED,
  },
  'all but the last byte': { cut: (file) => takeApart(file).payload.slice(0, -1), expected: RESIZED },
  'all but the last chunk': {
    cut: (file) => join(...sealedChunks(file).slice(0, -1)),
    expected: RESIZED,
  },
  'zeros appended': { cut: (file) => join(takeApart(file).payload, new Uint8Array(64)), expected: RESIZED },
  'the last chunk twice': {
    cut: (file) => join(takeApart(file).payload, ...sealedChunks(file).slice(-1)),
    expected: RESIZED,
  },
  'the first two chunks exchanged': {
    cut: (file) => {
      const [one, two, ...rest] = sealedChunks(file)
      return join(...[two, one, ...rest].filter((chunk) => chunk !== undefined))
    },
    expected: AUTHENTIC,
  },
  'the first two segments exchanged': {
    cut: (file) => {
      const { payload } = takeApart(file)
      return join(
        payload.slice(LEAF_BYTES, 2 * LEAF_BYTES),
        payload.slice(0, LEAF_BYTES),
        payload.slice(2 * LEAF_BYTES),
      )
    },
    expected: AUTHENTIC,
  },
}

test('T3, by whoever can only write to the disk', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const file = bytesOf(await sealBytes(folder, 'report', ORIGINAL, sealerOf(owner)))
  const age = isThere('age')
  for (const [name, { cut: cutPayload, expected }] of Object.entries(CUTS)) {
    await t.test(name, async () => {
      const forged = putTogether({ ...takeApart(file), payload: cutPayload(file) })
      if (age) assert.equal(ageOpens(owner.identity, forged), undefined)
      else await assert.rejects(typageOpens(owner.identity, forged))
      await assertRefused(put(folder, 'forged.age', forged), readerOf(owner), expected)
    })
  }
})

test('T3, cut within the header and nonce', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const file = bytesOf(await sealBytes(folder, 'report', ORIGINAL, sealerOf(owner)))
  const end = headerLengthOf(file)
  for (const [length, code] of [
    [0, 'NOT_AGE'],
    [end - 1, 'HEADER'],
    [end, 'NOT_AUTHENTIC'],
    [end + 15, 'NOT_AUTHENTIC'],
    [end + 16, 'NOT_AUTHENTIC'],
  ] as const) {
    const path = put(folder, 'cut.age', file.slice(0, length))
    await assertRefused(path, readerOf(owner), { code })
  }
})
