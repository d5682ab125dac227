import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat } from '@strongroom/core/bytes'
import { CryptoApiError, SessionKey, wincrypt } from '@strongroom/core/cryptoapi'
import { readSampleFile } from '../../../src/cryptoapi/files/sample-file.ts'
import { joinSampleStream, splitSampleStream } from '../../../src/cryptoapi/files/sample-stream.ts'
import { decryptTextStream } from '../../../src/cryptoapi/files/text-stream.ts'
import { recorded } from './recorded.ts'

const RUNS = process.env['SLOW'] === undefined ? 50 : 2000

const FILES = [
  'file/session/rc4-128/0',
  'file/session/rc4-128/2345',
  'file/session/rc2-128/1504',
  'file/session/3des-default/1007',
  'file/session/aes256-default/15',
]
const DAMAGED = [
  'empty file',
  'three bytes',
  'blob cut',
  'no ciphertext',
  'ciphertext cut by one',
  'ciphertext cut by a block',
  'length field zero',
  'length field huge',
  'length field one too big',
  'last byte flipped',
  'blob byte flipped',
].map((name) => `file/damaged/${name}`)

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece.slice())
  return concat(...pieces)
}

function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

/** Reads a recorded file as a stream, in chunks of one size. */
async function readInChunks(name: string, size: number): Promise<Uint8Array> {
  const found = recorded(name)
  const context = found.context()
  context.importKey(found.keyBlob('key'))
  const { blob, ciphertext } = await splitSampleStream(cut(found.fields.bytes('file'), size))
  const key = context.importKey(blob)
  assert.ok(key instanceof SessionKey)
  return await collect(decryptTextStream(key, ciphertext))
}

suite('sample files as streams', () => {
  for (const name of FILES) {
    test(name, async () => {
      for (const size of [1, 2, 3, 4, 5, 15, 16, 17, 143, 144, 145, 1000, 65_536]) {
        assert.deepEqual(await readInChunks(name, size), recorded(name).plaintext(), `chunks of ${size}`)
      }
    })
  }

  for (const name of DAMAGED) {
    test(`${name} fails as a whole does`, async () => {
      const found = recorded(name)
      const context = found.context()
      context.importKey(found.keyBlob('key'))
      let whole: unknown
      try {
        readSampleFile(context, found.fields.bytes('file'))
      } catch (error) {
        whole = error
      }
      assert.ok(whole instanceof CryptoApiError)
      for (const size of [1, 7, 65_536]) {
        await assert.rejects(readInChunks(name, size), { name: 'CryptoApiError', code: whole.code })
      }
    })
  }

  test('the parts together are the file, however it was cut', async () => {
    const file = recorded('file/session/3des-default/1007').fields.bytes('file')
    assert.equal((await splitSampleStream([file])).algorithm, wincrypt.CALG_3DES)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: file.length }), async (size) => {
        const { blob, ciphertext, modulusLength } = await splitSampleStream(cut(file, size))
        assert.equal(modulusLength, 128)
        assert.deepEqual(await collect(joinSampleStream(blob, ciphertext)), file)
      }),
      { numRuns: RUNS },
    )
  })

  test('what is no such file is told from its front, without reading it', async () => {
    const front = (length: number, type: number): Uint8Array => {
      const bytes = new Uint8Array(5000)
      new DataView(bytes.buffer).setUint32(0, length, true)
      bytes[4] = type
      return bytes
    }
    const CASES = [
      [front(59, 1), 'NTE_BAD_DATA'],
      [front(2061, 1), 'NTE_BAD_DATA'],
      [front(0xffffffff, 1), 'NTE_BAD_DATA'],
      [front(60, 2), 'NTE_BAD_TYPE'],
      [front(2060, 7), 'NTE_BAD_TYPE'],
      [front(2060, 1), 'NTE_BAD_VER'],
      [front(2060, 1).with(5, 2), 'NTE_BAD_ALGID'],
      [front(2060, 1).with(5, 2).with(6, 1), 'NTE_BAD_DATA'],
      [front(2060, 1).subarray(0, 2063), 'NTE_BAD_DATA'],
    ] as const
    for (const [bytes, code] of CASES) {
      let taken = 0
      const chunks = function* (): Generator<Uint8Array> {
        for (const chunk of cut(bytes, 100)) {
          taken += chunk.length
          yield chunk
        }
        throw new Error('read to its end')
      }
      const source = bytes.length === 5000 ? chunks() : cut(bytes, 100)
      await assert.rejects(splitSampleStream(source), { name: 'CryptoApiError', code })
      assert.ok(taken <= 2100, `${taken} bytes read`)
    }
  })
})
