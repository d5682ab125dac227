import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import forge from 'node-forge'
import { concat, toHex, utf8Encode } from '@strongroom/core/bytes'
import { CryptoApiError, exportKeyBlob, RsaKey, wincrypt } from '@strongroom/core/cryptoapi'
import { encodeSampleFile, parseSampleFile } from '../../../src/cryptoapi/files/sample-file-layout.ts'
import {
  readPasswordSampleFile,
  readSampleFile,
  writePasswordSampleFile,
  writeSampleFile,
} from '../../../src/cryptoapi/files/sample-file.ts'
import { samplePasswordBytes } from '../../../src/cryptoapi/files/sample-password.ts'
import { singleBitFlips } from '../../support/mutations.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { contextWith, keyBlob, recorded } from './recorded.ts'

/** DES under a key of 1024 bits. */
const SMALL = recorded('file/session/des-default/1001')
const HEAD_BYTES = 4 + 12
const PAYLOAD_END = HEAD_BYTES + 128

suite('a file with its key', () => {
  const file = SMALL.fields.bytes('file')
  const context = contextWith('enhanced', 'kx1024')
  const refused = (bytes: Uint8Array): void => {
    assert.throws(() => readSampleFile(context, bytes), CryptoApiError)
  }

  test('every truncation of the header and the key blob', () => {
    for (let length = 0; length <= PAYLOAD_END; length++) refused(file.subarray(0, length))
  })

  test('every truncation within the last two blocks', () => {
    for (let cut = 1; cut <= 16; cut++) refused(file.subarray(0, file.length - cut))
  })

  test('every single bit of the header', () => {
    for (const head of singleBitFlips(file.subarray(0, HEAD_BYTES))) {
      refused(concat(head, file.subarray(HEAD_BYTES)))
    }
  })

  test('a bit of every tenth byte of the encrypted key, with one answer for all', () => {
    const texts = new Set<string>()
    for (let at = HEAD_BYTES; at < PAYLOAD_END; at += 10) {
      const damaged = file.with(at, (file[at] ?? 0) ^ 4)
      texts.add(throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => readSampleFile(context, damaged)).message)
    }
    assert.equal(texts.size, 1)
  })

  test('another key, of the same size and of another', () => {
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => readSampleFile(contextWith('enhanced', 'kx1024b'), file))
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => readSampleFile(contextWith('enhanced', 'kx2048'), file))
    throwsCode(CryptoApiError, 'NTE_NO_KEY', () => readSampleFile(contextWith('enhanced', 'sig1024'), file))
  })

  test('a cipher that the provider does not have', () => {
    const aes = recorded('file/session/aes256-default/15').fields.bytes('file')
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => readSampleFile(context, aes))
  })

  test('no blob of another type comes to an import', () => {
    const own = contextWith('enhanced', 'kx1024')
    const before = exportKeyBlob(own.userPair('exchange'), wincrypt.PUBLICKEYBLOB)
    for (const type of [2, 6, 7, 8, 9, 0, 255]) {
      const blob = new Uint8Array(12 + 128)
      blob.set(type === 8 ? Uint8Array.of(8, 2, 0, 0, 1, 0x68, 0, 0, 5, 0, 0, 0) : Uint8Array.of(type, 2))
      const forged = encodeSampleFile({ blob, ciphertext: utf8Encode('text') })
      throwsCode(CryptoApiError, 'NTE_BAD_TYPE', () => readSampleFile(own, forged))
    }
    assert.deepEqual(exportKeyBlob(own.userPair('exchange'), wincrypt.PUBLICKEYBLOB), before)
  })

  test('the parts of a file are views of it', () => {
    const { blob, ciphertext } = parseSampleFile(file, 128)
    assert.deepEqual([blob.buffer, ciphertext.buffer], [file.buffer, file.buffer])
    assert.deepEqual(encodeSampleFile({ blob, ciphertext }), file)
  })

  test('what an older, longer file left behind', () => {
    const expected = SMALL.plaintext()
    const longer = concat(file, file.subarray(200, 333))
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => readSampleFile(context, longer))
    const found = { plaintext: expected, tailLength: 133 }
    assert.deepEqual(readSampleFile(context, longer, { tail: 'find' }), found)
    assert.deepEqual(readSampleFile(context, longer, { tail: expected.length }), found)
  })

  test('written for somebody else', () => {
    const own = contextWith('enhanced-aes')
    const wrapWith = own.importKey(keyBlob('kx1024.public'))
    assert.ok(wrapWith instanceof RsaKey)
    const algorithm = wincrypt.CALG_AES_256
    const written = writeSampleFile(own, utf8Encode('text'), { algorithm, wrapWith })
    const reader = contextWith('enhanced-aes', 'kx1024')
    assert.deepEqual(readSampleFile(reader, written).plaintext, utf8Encode('text'))
    const unwrapWith = reader.userPair('exchange')
    assert.deepEqual(readSampleFile(own, written, { unwrapWith }).plaintext, utf8Encode('text'))
    throwsCode(CryptoApiError, 'NTE_NO_KEY', () => readSampleFile(own, written))
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => readSampleFile(own, written, { unwrapWith: wrapWith }))
  })

  test('as published: RC4 with 128 bits, a new key each time', () => {
    const [first, second] = [0, 1].map(() => writeSampleFile(context, utf8Encode('text')))
    assert.ok(first && second)
    const { blob, ciphertext } = parseSampleFile(first, 128)
    assert.equal(toHex(blob.subarray(0, 12)), '010200000168000000a40000')
    assert.equal(ciphertext.length, 4)
    assert.notDeepEqual(first, second)
    const short = writeSampleFile(context, utf8Encode('text'), { bits: 40 })
    assert.deepEqual(readSampleFile(context, short).plaintext, utf8Encode('text'))
  })
})

suite('a file under a password', () => {
  const context = contextWith('enhanced-aes')
  const password = utf8Encode('open sesame')
  const plaintext = utf8Encode('forty thieves')

  test('as published: MD5, RC4 with 128 bits', () => {
    const published = recorded('file/password/md5/rc4-128/2222')
    const bytes = published.fields.bytes('passwordBytes')
    const file = published.fields.bytes('file')
    assert.deepEqual(readPasswordSampleFile(context, file, bytes).plaintext, published.plaintext())
    assert.deepEqual(writePasswordSampleFile(context, published.plaintext(), bytes), file)
  })

  test('RC2 of old systems counts 40 bits of a key of 128', () => {
    const options = { algorithm: wincrypt.CALG_RC2, rc2Of40Bits: true }
    const file = writePasswordSampleFile(context, plaintext, password, options)
    assert.deepEqual(file, rc2ByForge(createHash('md5').update(password).digest(), 40))
    assert.deepEqual(readPasswordSampleFile(context, file, password, options).plaintext, plaintext)

    const { algorithm } = options
    const newer = writePasswordSampleFile(context, plaintext, password, { algorithm })
    assert.deepEqual(newer, rc2ByForge(createHash('md5').update(password).digest(), 128))
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () =>
      readPasswordSampleFile(context, newer, password, options),
    )
  })

  test('the choice for old systems touches no other cipher', () => {
    for (const algorithm of [wincrypt.CALG_RC4, wincrypt.CALG_3DES, wincrypt.CALG_AES_256]) {
      assert.deepEqual(
        writePasswordSampleFile(context, plaintext, password, { algorithm, rc2Of40Bits: true }),
        writePasswordSampleFile(context, plaintext, password, { algorithm }),
      )
    }
  })

  test('a wrong password', () => {
    const options = { algorithm: wincrypt.CALG_3DES, hash: wincrypt.CALG_SHA1 }
    const file = writePasswordSampleFile(context, plaintext, password, options)
    const wrong = utf8Encode('open barley')
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => readPasswordSampleFile(context, file, wrong, options))
  })

  test('a tail', () => {
    const options = { algorithm: wincrypt.CALG_AES_128 }
    const file = concat(writePasswordSampleFile(context, plaintext, password, options), plaintext)
    const found = { plaintext, tailLength: plaintext.length }
    assert.deepEqual(readPasswordSampleFile(context, file, password, { ...options, tail: 'find' }), found)
    const stream = concat(writePasswordSampleFile(context, plaintext, password), plaintext)
    assert.deepEqual(readPasswordSampleFile(context, stream, password, { tail: 13 }), found)
  })

  function rc2ByForge(key: Uint8Array, effectiveBits: number): Uint8Array {
    const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
    const cipher = forge.rc2.createEncryptionCipher(binary(key), effectiveBits)
    cipher.start(binary(new Uint8Array(8)))
    cipher.update(forge.util.createBuffer(binary(plaintext)))
    cipher.finish()
    return Uint8Array.fromHex(cipher.output.toHex())
  }
})

suite('the bytes of a password', () => {
  test('of an ANSI build', () => {
    assert.deepEqual(samplePasswordBytes('Tr0ub4dor&3'), utf8Encode('Tr0ub4dor&3'))
    assert.deepEqual(samplePasswordBytes(''), new Uint8Array(0))
    throwsCode(CryptoApiError, 'ERROR_INVALID_PARAMETER', () => samplePasswordBytes('Schlüssel'))
  })

  test('of a Unicode build: the first half, so that the second does not count', () => {
    const unicode = (password: string): string => toHex(samplePasswordBytes(password, 'unicode'))
    assert.equal(unicode('Tr0ub4dor&3'), '5400720030007500620034')
    assert.equal(unicode('Tr0ub4DOR!!'), unicode('Tr0ub4dor&3'))
    assert.equal(unicode('ü€'), 'fc00')
    assert.equal(unicode('\u{1F511}'), '3dd8')
    assert.equal(unicode(''), '')
  })
})
