import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat } from '../../src/bytes/index.ts'
import {
  acquireContext,
  CryptoApiError,
  decryptStream,
  encryptStream,
  wincrypt,
} from '../../src/cryptoapi/index.ts'

const RUNS = process.env['SLOW'] === undefined ? 40 : 1000
const CIPHERS = [wincrypt.CALG_RC4, wincrypt.CALG_RC2, wincrypt.CALG_3DES, wincrypt.CALG_AES_256]
const MODES = [wincrypt.CRYPT_MODE_CBC, wincrypt.CRYPT_MODE_ECB, wincrypt.CRYPT_MODE_CFB]
const pieces = fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 8 })

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return concat(...(await Array.fromAsync(stream)))
}

suite('messages as streams', () => {
  test('pieces of any size make the message that one call makes, both ways', async () => {
    const context = acquireContext()
    const input = fc.tuple(
      fc.constantFrom(...CIPHERS),
      fc.constantFrom(...MODES),
      pieces,
      fc.integer({ min: 1, max: 40 }),
    )
    await fc.assert(
      fc.asyncProperty(input, async ([algorithm, mode, chunks, size]) => {
        const key = context.generateKey(algorithm)
        key.mode = mode
        const text = concat(...chunks)
        const whole = key.encrypt(text)
        assert.deepEqual(await collect(encryptStream(key, chunks)), whole)
        const cut = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
          whole.subarray(i * size, (i + 1) * size),
        )
        assert.deepEqual(await collect(decryptStream(key, cut)), text)
      }),
      { numRuns: RUNS },
    )
  })

  test('the hash takes the text on both sides', async () => {
    const context = acquireContext()
    const key = context.generateKey(wincrypt.CALG_AES_128)
    const text = new TextEncoder().encode('the year in figures, and more')
    const [before, after, expected] = [1, 2, 3].map(() => context.createHash(wincrypt.CALG_SHA_256))
    assert.ok(before && after && expected)
    const encrypted = await collect(
      encryptStream(key, [text.subarray(0, 5), text.subarray(5)], { hash: before }),
    )
    await collect(decryptStream(key, [encrypted], { hash: after }))
    expected.update(text)
    const value = expected.value()
    assert.deepEqual([before.value(), after.value()], [value, value])
  })

  test('a message that is cut, or empty, fails at its end', async () => {
    const key = acquireContext().generateKey(wincrypt.CALG_AES_128)
    const encrypted = await collect(encryptStream(key, [new Uint8Array(40)]))
    const failure = (code: string) => (error: unknown) =>
      error instanceof CryptoApiError && error.code === code
    await assert.rejects(collect(decryptStream(key, [encrypted.subarray(0, 47)])), failure('NTE_BAD_DATA'))
    await assert.rejects(collect(decryptStream(key, [])), failure('NTE_BAD_LEN'))
  })
})
