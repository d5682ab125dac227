import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat } from '@strongroom/core/bytes'
import { acquireContext, CryptoApiError, type SessionKey, wincrypt } from '@strongroom/core/cryptoapi'
import {
  decryptTextStream,
  encryptTextStream,
  findTextLength,
} from '../../../src/cryptoapi/files/text-stream.ts'
import { decryptText, encryptText, type Tail } from '../../../src/cryptoapi/files/whole-text.ts'

const RUNS = process.env['SLOW'] === undefined ? 150 : 5000
const ALGORITHMS = [
  wincrypt.CALG_RC4,
  wincrypt.CALG_RC2,
  wincrypt.CALG_DES,
  wincrypt.CALG_3DES,
  wincrypt.CALG_AES_128,
]
const KEYS = ALGORITHMS.map((algorithm) => acquireContext().generateKey(algorithm))

/** The bytes of a stream whose pieces are overwritten as soon as the next is asked for. */
async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece.slice())
  return concat(...pieces)
}

/** Chunks in one buffer that is used again and again, as a reader of files has it. */
async function* inOneBuffer(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.max(1, bytes.length))
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const chunk = bytes.subarray(at, at + (sizes[i % sizes.length] ?? 1))
    buffer.fill(0xee)
    buffer.set(chunk)
    yield buffer.subarray(0, chunk.length)
    at += chunk.length
  }
}

/** What the functions for whole texts make of it: a text and a tail, or a code. */
function wholeAnswer(key: SessionKey, ciphertext: Uint8Array, tail: Tail): unknown {
  const own = key.duplicate()
  try {
    return decryptText(own, ciphertext, tail)
  } catch (error) {
    return codeOf(error)
  }
}

async function streamAnswer(
  key: SessionKey,
  ciphertext: Uint8Array,
  sizes: readonly number[],
  tail: Tail,
): Promise<unknown> {
  const pieces: Uint8Array[] = []
  try {
    const known = tail === 'find' ? await findTextLength(key, inOneBuffer(ciphertext, sizes)) : tail
    const stream = decryptTextStream(key, inOneBuffer(ciphertext, sizes), known)
    for (;;) {
      const { done, value } = await stream.next()
      if (done === true) return { plaintext: concat(...pieces), tailLength: value }
      pieces.push(value.slice())
    }
  } catch (error) {
    return codeOf(error)
  }
}

function codeOf(error: unknown): string {
  assert.ok(error instanceof CryptoApiError, String(error))
  return error.code
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
const someKey = fc.constantFrom(...KEYS)

suite('texts as streams', () => {
  test('every way to cut a text in two, both ways', async () => {
    const text = Uint8Array.from({ length: 35 }, (_, i) => i)
    for (const key of KEYS) {
      const whole = encryptText(key, text)
      for (let cut = 1; cut <= whole.length; cut++) {
        const encrypted = await collect(encryptTextStream(key, inOneBuffer(text, [cut, 99])))
        assert.deepEqual(encrypted, whole)
        assert.deepEqual(await collect(decryptTextStream(key, inOneBuffer(whole, [cut, 99]))), text)
      }
    }
  })

  test('chunks of any size encrypt to what the whole text does', async () => {
    const input = fc.tuple(someKey, fc.uint8Array({ maxLength: 200 }), sizes)
    await fc.assert(
      fc.asyncProperty(input, async ([key, text, cuts]) => {
        assert.deepEqual(
          await collect(encryptTextStream(key, inOneBuffer(text, cuts))),
          encryptText(key, text),
        )
      }),
      { numRuns: RUNS },
    )
  })

  test('whatever is decrypted, with whatever behind it, comes out as from the whole text', async () => {
    const ciphertext = fc.tuple(
      someKey,
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(3),
    )
    const tail: fc.Arbitrary<Tail> = fc.oneof(
      fc.constant('refuse' as const),
      fc.constant('find' as const),
      fc.nat(130),
    )
    await fc.assert(
      fc.asyncProperty(ciphertext, sizes, tail, async ([key, text, behind, cut], cuts, how) => {
        const encrypted = encryptText(key, text)
        const file = concat(encrypted.subarray(0, encrypted.length - (cut === 3 ? 1 : 0)), behind)
        const lengths: Tail[] = how === 'refuse' || how === 'find' ? [how] : [how, text.length]
        for (const each of lengths) {
          assert.deepEqual(await streamAnswer(key, file, cuts, each), wholeAnswer(key, file, each))
        }
      }),
      { numRuns: RUNS },
    )
  })

  test('noise has an end in a stream where it has one as a whole', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KEYS.slice(1)),
        fc.uint8Array({ maxLength: 2000 }),
        async (key, noise) => {
          assert.deepEqual(await streamAnswer(key, noise, [1000], 'find'), wholeAnswer(key, noise, 'find'))
        },
      ),
      { numRuns: RUNS },
    )
  })

  test('a reader that stops early leaves the key as it was', async () => {
    for (const key of KEYS) {
      const whole = encryptText(key, new Uint8Array(100))
      for await (const piece of decryptTextStream(key, inOneBuffer(whole, [32]))) if (piece.length > 0) break
      assert.deepEqual(encryptText(key, new Uint8Array(100)), whole)
    }
  })

  test('no plaintext is left in the pieces', async () => {
    for (const key of KEYS) {
      const whole = encryptText(key, new Uint8Array(100).fill(7))
      const pieces = await Array.fromAsync(decryptTextStream(key, inOneBuffer(whole, [32])))
      assert.ok(pieces.length > 2 && pieces.every((piece) => piece.every((byte) => byte === 0)))
    }
  })

  test('a stream cipher shows no end', async () => {
    const [rc4] = KEYS
    assert.ok(rc4)
    await assert.rejects(findTextLength(rc4, [new Uint8Array(9)]), { code: 'ERROR_INVALID_PARAMETER' })
  })
})
