import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { concat, utf8Encode } from '@strongroom/core/bytes'
import { acquireContext, CryptoApiError, SessionKey, wincrypt } from '@strongroom/core/cryptoapi'
import {
  decryptText,
  encryptText,
  MAX_TEXT_BYTES,
  type TextCipher,
} from '../../../src/cryptoapi/files/whole-text.ts'
import { throwsCode } from '../../support/throws-code.ts'

const PIECE_BYTES = 65_536
const context = acquireContext()

/** A key that is the same in every run, so that a padding that fits by chance does so always or never. */
function fixedKey(algorithm: number, length: number): SessionKey {
  const head = new Uint8Array(12)
  head.set([wincrypt.PLAINTEXTKEYBLOB, wincrypt.CUR_BLOB_VERSION])
  const view = new DataView(head.buffer)
  view.setUint32(4, algorithm, true)
  view.setUint32(8, length, true)
  const bytes = Uint8Array.from({ length }, (_, i) => i * 7 + 1)
  const key = context.importKey(concat(head, bytes))
  assert.ok(key instanceof SessionKey)
  return key
}

const CIPHERS = {
  RC4: () => fixedKey(wincrypt.CALG_RC4, 16),
  RC2: () => fixedKey(wincrypt.CALG_RC2, 16),
  '3DES': () => fixedKey(wincrypt.CALG_3DES, 24),
  'AES-256': () => fixedKey(wincrypt.CALG_AES_256, 32),
} as const

const text = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => 0x20 + (i % 0x5f))

for (const [name, key] of Object.entries(CIPHERS)) {
  suite(name, () => {
    const blockLength = key().blockLength

    test('the pieces do not show', () => {
      for (const around of [0, 8, 16, PIECE_BYTES, 3 * PIECE_BYTES]) {
        for (const length of [around - 1, around, around + 1].filter((each) => each >= 0)) {
          const ciphertext = encryptText(key(), text(length))
          assert.deepEqual(ciphertext, key().encrypt(text(length)), `${length}`)
          assert.deepEqual(decryptText(key(), ciphertext), { plaintext: text(length), tailLength: 0 })
        }
      }
    })

    test('one key, one text after the other', () => {
      const same = key()
      const first = encryptText(same, text(100))
      assert.deepEqual(encryptText(same, text(100)), first)
      assert.deepEqual(decryptText(same, first).plaintext, text(100))
    })

    test('a text of known length, whatever follows it', () => {
      for (const length of [0, 1, blockLength, 1000, PIECE_BYTES]) {
        const ciphertext = encryptText(key(), text(length))
        for (const tail of [0, 1, 8, 1000, PIECE_BYTES]) {
          const file = concat(ciphertext, text(tail))
          const expected = { plaintext: text(length), tailLength: tail }
          assert.deepEqual(decryptText(key(), file, length), expected, `${length} and ${tail}`)
        }
        const cut = ciphertext.subarray(0, -1)
        if (length > 0) throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decryptText(key(), cut, length))
      }
    })

    if (blockLength > 0) {
      test('a length that is not that of the text', () => {
        const ciphertext = encryptText(key(), text(100))
        throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decryptText(key(), ciphertext, 99))
        throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decryptText(key(), ciphertext, 50))
      })

      test('the end is found before what is left of a longer file', () => {
        const longer = encryptText(key(), text(300).toReversed())
        for (const length of [0, 1, blockLength - 1, blockLength, 100]) {
          const ciphertext = encryptText(key(), text(length))
          // An exact copy of the old end would be taken for the end of the whole file, so that it is cut off.
          for (const tail of [0, 1, 7, 8, 16, 100, 160]) {
            const file = concat(ciphertext, longer.subarray(20, 20 + tail))
            const expected = { plaintext: text(length), tailLength: tail }
            assert.deepEqual(decryptText(key(), file, 'find'), expected, `${length} and ${tail}`)
            if (tail > 0) throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decryptText(key(), file))
          }
        }
      })

      test('an end at the end is the end, even if a block before it looks like one', () => {
        const plaintext = concat(new Uint8Array(blockLength).fill(1), text(40))
        const ciphertext = encryptText(key(), plaintext)
        assert.deepEqual(decryptText(key(), ciphertext, 'find'), { plaintext, tailLength: 0 })
      })

      test('no end', () => {
        const blocks = key().encrypt(text(10 * blockLength), { final: false })
        for (const file of [new Uint8Array(0), text(blockLength - 1), blocks]) {
          throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decryptText(key(), file))
          throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decryptText(key(), file, 'find'))
        }
      })
    } else {
      test('a stream cipher shows no end', () => {
        throwsCode(CryptoApiError, 'ERROR_INVALID_PARAMETER', () => decryptText(key(), text(9), 'find'))
      })
    }
  })
}

/** Hands everything through and writes down the calls. */
class Recorder implements TextCipher {
  readonly blockLength = 8
  readonly calls: { readonly length: number; readonly final: boolean }[] = []
  readonly answers: Uint8Array[] = []
  failAt = Infinity

  encrypt(piece: Uint8Array, { final }: { final: boolean }): Uint8Array {
    this.calls.push({ length: piece.length, final })
    if (this.calls.length > this.failAt) throw new CryptoApiError('NTE_BAD_DATA', 'as asked')
    const answer = piece.slice()
    this.answers.push(answer)
    return answer
  }

  decrypt(piece: Uint8Array, call: { final: boolean }): Uint8Array {
    return this.encrypt(piece, call)
  }
}

suite('the calls that a text takes', () => {
  test('only the last one is final', () => {
    const lengths = (length: number): unknown => {
      const cipher = new Recorder()
      encryptText(cipher, text(length))
      return cipher.calls.map((call) => [call.length, call.final])
    }
    assert.deepEqual(lengths(0), [[0, true]])
    assert.deepEqual(lengths(PIECE_BYTES), [[PIECE_BYTES, true]])
    assert.deepEqual(lengths(2 * PIECE_BYTES + 1), [
      [PIECE_BYTES, false],
      [PIECE_BYTES, false],
      [1, true],
    ])
  })

  test('the pieces are overwritten', () => {
    const cipher = new Recorder()
    decryptText(cipher, text(2 * PIECE_BYTES))
    assert.ok(
      cipher.answers.length === 2 && cipher.answers.every((piece) => piece.every((byte) => byte === 0)),
    )
  })

  test('a fault in the last piece leaves nothing', () => {
    const cipher = new Recorder()
    cipher.failAt = 1
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decryptText(cipher, text(2 * PIECE_BYTES)))
    assert.ok(cipher.answers.every((piece) => piece.every((byte) => byte === 0)))
  })

  test('more than the limit', () => {
    const cipher = new Recorder()
    const long = new Uint8Array(MAX_TEXT_BYTES + 1)
    throwsCode(CryptoApiError, 'NTE_BAD_LEN', () => encryptText(cipher, long))
    throwsCode(CryptoApiError, 'NTE_BAD_LEN', () => decryptText(cipher, long))
    assert.deepEqual(cipher.calls, [])
  })
})

test('the state after a fault is that of a fresh key', () => {
  const key = CIPHERS['3DES']()
  const ciphertext = encryptText(key, utf8Encode('the quick brown fox'))
  const damaged = ciphertext.with(23, (ciphertext[23] ?? 0) ^ 1)
  throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decryptText(key, damaged))
  assert.deepEqual(decryptText(key, ciphertext).plaintext, utf8Encode('the quick brown fox'))
})
