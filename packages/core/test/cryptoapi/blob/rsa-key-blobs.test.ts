import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { suite, test } from 'node:test'
import { concat } from '@strongroom/core/bytes'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { encodePrivateKeyBlob, parsePrivateKeyBlob } from '../../../src/cryptoapi/blob/private-key-blob.ts'
import { encodePublicKeyBlob, parsePublicKeyBlob } from '../../../src/cryptoapi/blob/public-key-blob.ts'
import { CALG_RC4, CALG_RSA_KEYX, CALG_RSA_SIGN } from '../../../src/cryptoapi/constants.ts'
import { generateRsaPrivateKey } from '../../../src/cryptoapi/rsa/generate.ts'
import { RsaPrivateKey } from '../../../src/cryptoapi/rsa/rsa-private-key.ts'
import { RsaPublicKey } from '../../../src/cryptoapi/rsa/rsa-public-key.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { KNOWN_KEYS, knownKey, privateKey } from '../rsa/known-keys.ts'
import { EVERY, NONE, withNumber } from './blob-samples.ts'

const ALGORITHM_AT = 4
const MAGIC_AT = 8
const BITS_AT = 12
const EXPONENT_AT = 16
const MODULUS_AT = 20

/** Both kinds, behind one face: what is true of what stands before the primes. */
const KINDS = [
  { name: 'PUBLICKEYBLOB', blob: knownKey('kx1024').publicBlob, parse: parsePublicKeyBlob },
  { name: 'PRIVATEKEYBLOB', blob: knownKey('kx1024').privateBlob, parse: parsePrivateKeyBlob },
]

suite('the blobs of every known key', () => {
  test('are read and written again, byte for byte', () => {
    for (const { name, algorithm, privateBlob, publicBlob } of KNOWN_KEYS) {
      const pair = parsePrivateKeyBlob(privateBlob, EVERY)
      assert.equal(pair.algorithm, algorithm, name)
      assert.deepEqual(encodePrivateKeyBlob(algorithm, pair.key), privateBlob, name)
      assert.deepEqual(encodePublicKeyBlob(algorithm, pair.key.publicKey), publicBlob, name)
      const single = parsePublicKeyBlob(publicBlob, EVERY)
      assert.equal(single.algorithm, algorithm, name)
      assert.ok(single.key.equals(pair.key.publicKey), name)
    }
  })

  test('are made from PEM', () => {
    for (const { name, algorithm, pem, privateBlob, publicBlob } of KNOWN_KEYS) {
      const object = createPrivateKey(pem)
      assert.deepEqual(
        encodePrivateKeyBlob(algorithm, RsaPrivateKey.fromKeyObject(object)),
        privateBlob,
        name,
      )
      assert.deepEqual(encodePublicKeyBlob(algorithm, RsaPublicKey.fromKeyObject(object)), publicBlob, name)
    }
  })

  test('have the documented sizes, odd byte lengths among them', () => {
    for (const [bits, bytes] of [
      [384, 236],
      [392, 243],
      [1024, 596],
      [1032, 603],
    ] as const) {
      const key = generateRsaPrivateKey(bits)
      const blob = encodePrivateKeyBlob(CALG_RSA_SIGN, key)
      assert.equal(blob.length, bytes)
      assert.deepEqual(parsePrivateKeyBlob(blob, EVERY).key.parts(), key.parts())
    }
  })
})

for (const { name, blob, parse } of KINDS) {
  suite(`what a ${name} is checked for`, () => {
    test('its fields before its algorithm, its algorithm before its values', () => {
      const foreign = withNumber(blob, ALGORITHM_AT, CALG_RC4)
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parse(foreign, EVERY))
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parse(blob, NONE))
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(foreign.subarray(0, 100), EVERY))
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(foreign.with(MAGIC_AT, 0), EVERY))
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parse(withNumber(foreign, EXPONENT_AT, 1), EVERY))
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parse(withNumber(foreign, BITS_AT, 8), EVERY))
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parse(withNumber(foreign, BITS_AT, 383), EVERY))
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(withNumber(foreign, BITS_AT, 9000), EVERY))
    })

    test('the provider is asked about the algorithm of the blob', () => {
      const asked: number[] = []
      parse(blob, (algorithm) => asked.push(algorithm) > 0)
      assert.deepEqual(asked, [CALG_RSA_KEYX])
      assert.equal(parse(withNumber(blob, ALGORITHM_AT, CALG_RSA_SIGN), EVERY).algorithm, CALG_RSA_SIGN)
    })

    test('the magic number, that of the other kind included', () => {
      for (const magic of ['RSA1', 'RSA2', 'DSS1', 'DSS2', '\0\0\0\0']) {
        const bytes = Buffer.from(magic, 'latin1')
        const changed = concat(blob.subarray(0, MAGIC_AT), bytes, blob.subarray(MAGIC_AT + 4))
        if (changed.toHex() !== blob.toHex())
          throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(changed, EVERY))
      }
    })

    test('sizes that are none, or that the bytes do not bear out', () => {
      const lies = [
        0,
        1,
        7,
        8,
        320,
        376,
        383,
        1023,
        1025,
        1028,
        16384,
        16385,
        16392,
        2 ** 31,
        2 ** 32 - 8,
        2 ** 32 - 1,
      ]
      for (const bits of lies) {
        throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(withNumber(blob, BITS_AT, bits), EVERY))
      }
    })

    test('a size above the limit, though all its bytes are there', () => {
      const huge = concat(withNumber(blob, BITS_AT, 16392), new Uint8Array(20_000).fill(0xff))
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(huge, EVERY))
    })

    test('exponents that hide nothing, a zero modulus and an even one', () => {
      for (const exponent of [0, 1, 2, 65536]) {
        throwsCode(CryptoApiError, 'NTE_BAD_DATA', () =>
          parse(withNumber(blob, EXPONENT_AT, exponent), EVERY),
        )
      }
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(blob.with(MODULUS_AT, 2), EVERY))
      const zero = concat(blob.subarray(0, MODULUS_AT), new Uint8Array(128), blob.subarray(MODULUS_AT + 128))
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(zero, EVERY))
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(zero, EVERY, { recovery: true }))
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(blob.with(MODULUS_AT + 127, 0), EVERY))
    })

    test('what follows is ignored, and the blob is left alone', () => {
      const before = blob.slice()
      const padded = concat(blob, new Uint8Array(50).fill(0xee))
      assert.deepEqual(parse(padded, EVERY), parse(blob, EVERY))
      assert.deepEqual(blob, before)
    })
  })
}

suite('a private exponent that is not all there', () => {
  const { privateBlob } = knownKey('kx1024')
  const whole = privateKey('kx1024')
  const block = new Uint8Array(128).with(1, 9)

  test('does not matter, for as long as all before it is there', () => {
    for (const missing of [1, 2, 64, 127, 128]) {
      const { key } = parsePrivateKeyBlob(privateBlob.subarray(0, privateBlob.length - missing), EVERY)
      assert.deepEqual(key.raw(block), whole.raw(block))
      const again = parsePrivateKeyBlob(encodePrivateKeyBlob(CALG_RSA_KEYX, key), EVERY)
      assert.deepEqual(again.key.parts(), key.parts())
    }
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parsePrivateKeyBlob(privateBlob.subarray(0, 467), EVERY))
  })

  test('begins where the others end, at odd lengths too, though the last byte before it be zero', () => {
    let key = generateRsaPrivateKey(392)
    while (key.parts().coefficient[0] !== 0) key = generateRsaPrivateKey(392)
    const blob = encodePrivateKeyBlob(CALG_RSA_KEYX, key)
    const end = 20 + 49 + 5 * 25
    assert.equal(blob[end - 1], 0)
    assert.deepEqual(
      parsePrivateKeyBlob(blob.subarray(0, end), EVERY).key.raw(block.subarray(0, 49)),
      key.raw(block.subarray(0, 49)),
    )
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parsePrivateKeyBlob(blob.subarray(0, end - 1), EVERY))
  })

  test('is filled up with zeros at the end when its number is short', () => {
    const { privateBlob: short, algorithm } = knownKey('kx512shortd')
    assert.equal(short.at(-1), 0)
    const { key } = parsePrivateKeyBlob(short, EVERY)
    assert.equal(key.parts().privateExponent[0], 0)
    assert.deepEqual(encodePrivateKeyBlob(algorithm, key), short)
    const cut = parsePrivateKeyBlob(short.subarray(0, -1), EVERY)
    assert.deepEqual(cut.key.parts(), key.parts())
  })

  test('an exponent of one is read in recovery', () => {
    const { publicKey } = whole
    const trick = withNumber(privateBlob, EXPONENT_AT, 1)
    for (const [at, length] of [
      [MODULUS_AT + 256, 64],
      [MODULUS_AT + 320, 64],
      [MODULUS_AT + 448, 128],
    ] as const) {
      trick.fill(0, at, at + length).fill(1, at, at + 1)
    }
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parsePrivateKeyBlob(trick, EVERY))
    const { key } = parsePrivateKeyBlob(trick, EVERY, { recovery: true })
    assert.deepEqual(key.raw(block), block)
    assert.deepEqual(encodePrivateKeyBlob(CALG_RSA_KEYX, key), trick)
    const open = parsePublicKeyBlob(encodePublicKeyBlob(CALG_RSA_KEYX, key.publicKey), EVERY, {
      recovery: true,
    })
    assert.deepEqual(open.key.raw(block), block)
    assert.deepEqual(open.key.modulus, publicKey.modulus)
  })
})

suite('a PRIVATEKEYBLOB under a session key', () => {
  const { privateBlob } = knownKey('kx512')
  const key = privateKey('kx512')
  const mask = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => byte ^ (i * 7 + 1))

  test('has its header in the clear and all the rest changed', () => {
    const blob = encodePrivateKeyBlob(CALG_RSA_KEYX, key, mask)
    assert.deepEqual(blob, concat(privateBlob.subarray(0, 8), mask(privateBlob.subarray(8))))
    const again = parsePrivateKeyBlob(blob, EVERY, { decrypt: mask })
    assert.deepEqual(again.key.parts(), key.parts())
  })

  test('may grow and shrink by padding', () => {
    const blob = encodePrivateKeyBlob(CALG_RSA_KEYX, key, (body) => concat(mask(body), new Uint8Array(4)))
    assert.equal(blob.length, privateBlob.length + 4)
    const again = parsePrivateKeyBlob(blob, EVERY, { decrypt: (body) => mask(body.subarray(0, -4)) })
    assert.deepEqual(again.key.parts(), key.parts())
  })

  test('gives one answer to whatever is wrong behind the session key', () => {
    const blob = encodePrivateKeyBlob(CALG_RSA_KEYX, key, mask)
    const bodies = [
      () => new Uint8Array(0),
      () => new Uint8Array(300),
      (body: Uint8Array) => mask(body).with(0, 0),
      (body: Uint8Array) => mask(body).with(5, 9),
      (body: Uint8Array) => mask(body).with(100, 9),
      (body: Uint8Array) => mask(body).subarray(0, 150),
      () => {
        throw new CryptoApiError('NTE_BAD_LEN', 'some padding is wrong')
      },
    ]
    const errors = bodies.map((decrypt) =>
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parsePrivateKeyBlob(blob, EVERY, { decrypt })),
    )
    assert.deepEqual(
      [...new Set(errors.map((error) => error.message))],
      ['this does not decrypt to a private key'],
    )
    assert.ok(errors.every((error) => error.cause === undefined))
  })

  test('is not decrypted at all if its algorithm is not for the provider', () => {
    const blob = encodePrivateKeyBlob(CALG_RSA_KEYX, key, mask)
    const decrypt = (): never => assert.fail('decrypted')
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parsePrivateKeyBlob(blob, NONE, { decrypt }))
  })

  test('lets an error that is not of the provider through', () => {
    const decrypt = (): never => {
      throw new TypeError('a bug')
    }
    const blob = encodePrivateKeyBlob(CALG_RSA_KEYX, key, mask)
    assert.throws(() => parsePrivateKeyBlob(blob, EVERY, { decrypt }), TypeError)
  })
})
