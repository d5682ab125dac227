import assert from 'node:assert/strict'
import { constants, createPrivateKey, createPublicKey, privateEncrypt, sign, verify } from 'node:crypto'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat, fromHex } from '../../src/bytes/index.ts'
import {
  acquireContext,
  CryptoApiError,
  exportKeyBlob,
  type HashObject,
  RsaKey,
  signHash,
  verifyHash,
  wincrypt,
} from '../../src/cryptoapi/index.ts'
import { singleBitFlips } from '../support/mutations.ts'
import { throwsCode } from '../support/throws-code.ts'
import { knownKey } from './rsa/known-keys.ts'

const RUNS = process.env['SLOW'] ? 500 : 30
const {
  CALG_HMAC,
  CALG_MAC,
  CALG_MD2,
  CALG_MD4,
  CALG_MD5,
  CALG_SHA1,
  CALG_SHA_256,
  CALG_SHA_384,
  CALG_SHA_512,
  CALG_SSL3_SHAMD5,
} = wincrypt

const context = acquireContext()
const NODE_NAMES: Readonly<Record<number, string>> = {
  [CALG_MD5]: 'md5',
  [CALG_SHA1]: 'sha1',
  [CALG_SHA_256]: 'sha256',
  [CALG_SHA_384]: 'sha384',
  [CALG_SHA_512]: 'sha512',
}
const ALL = [CALG_MD2, CALG_MD4, ...Object.keys(NODE_NAMES).map(Number)]
const text = new TextEncoder().encode('a message')

function pairOf(name: string): RsaKey {
  const key = acquireContext().importKey(knownKey(name).privateBlob)
  assert.ok(key instanceof RsaKey)
  return key
}

function publicOf(name: string): RsaKey {
  const key = acquireContext().importKey(knownKey(name).publicBlob)
  assert.ok(key instanceof RsaKey)
  return key
}

function hashOf(algorithm: number, data: Uint8Array = text): HashObject {
  const hash = context.createHash(algorithm)
  if (algorithm === CALG_SSL3_SHAMD5) hash.setValue(new Uint8Array(36).fill(3))
  else hash.update(data)
  return hash
}

suite('signatures', () => {
  test('OpenSSL accepts ours and we accept its, backwards', () => {
    const algorithms = fc.constantFrom(...Object.keys(NODE_NAMES).map(Number))
    const names = fc.constantFrom('sig1024', 'kx1024', 'kx1032', 'kx1024e3', 'sig2048')
    fc.assert(
      fc.property(algorithms, names, fc.uint8Array({ maxLength: 50 }), (algorithm, name, data) => {
        const pem = createPrivateKey(knownKey(name).pem)
        const digest = NODE_NAMES[algorithm] ?? ''
        const ours = signHash(pairOf(name), hashOf(algorithm, data))
        assert.ok(verify(digest, data, createPublicKey(pem), ours.toReversed()))
        const theirs = Uint8Array.from(sign(digest, data, pem)).toReversed()
        assert.ok(verifyHash(publicOf(name), hashOf(algorithm, data), theirs, { strict: true }))
      }),
      { numRuns: RUNS },
    )
  })

  test('every hash is signed and verified, in every form, by that form', () => {
    const [pair, key] = [pairOf('sig1024'), publicOf('sig1024')]
    for (const algorithm of [...ALL, CALG_SSL3_SHAMD5]) {
      for (const form of ['oid', 'bare', 'x931'] as const) {
        const signature = signHash(pair, hashOf(algorithm), { form })
        assert.equal(signature.length, 128)
        assert.deepEqual(signHash(pair, hashOf(algorithm), { form }), signature, 'the same each time')
        assert.ok(verifyHash(key, hashOf(algorithm), signature, { form }), form)
        const bare = form === 'bare' || algorithm === CALG_SSL3_SHAMD5
        assert.equal(verifyHash(key, hashOf(algorithm), signature, { form: 'bare' }), bare && form !== 'x931')
        // Windows takes the bare form without being asked to; whoever is strict does not.
        assert.equal(verifyHash(key, hashOf(algorithm), signature), form !== 'x931')
        const strict = verifyHash(key, hashOf(algorithm), signature, { strict: true })
        assert.equal(strict, form === 'oid' || (form === 'bare' && algorithm === CALG_SSL3_SHAMD5))
      }
    }
  })

  test('a description is hashed after the data, as UTF-16, and both have to give it', () => {
    const [pair, key] = [pairOf('sig1024'), publicOf('sig1024')]
    const description = 'déjà vu'
    const signature = signHash(pair, hashOf(CALG_SHA1), { description })
    const utf16 = new Uint8Array(Buffer.from(description, 'utf16le'))
    assert.deepEqual(signature, signHash(pair, hashOf(CALG_SHA1, concat(text, utf16))))
    assert.ok(verifyHash(key, hashOf(CALG_SHA1), signature, { description }))
    assert.equal(verifyHash(key, hashOf(CALG_SHA1), signature), false)
    assert.equal(verifyHash(key, hashOf(CALG_SHA1), signature, { description: 'deja vu' }), false)
    const finished = hashOf(CALG_SHA1)
    finished.value()
    throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => signHash(pair, finished, { description }))
    assert.ok(verifyHash(key, finished, signHash(pair, finished)))
  })

  test('a value that was computed elsewhere is signed as if it had been hashed', () => {
    const set = context.createHash(CALG_SHA_256)
    set.setValue(hashOf(CALG_SHA_256).value())
    const signature = signHash(pairOf('sig512'), set)
    assert.ok(verifyHash(publicOf('sig512'), hashOf(CALG_SHA_256), signature))
  })

  test('a context signs with its own pairs', () => {
    const own = acquireContext()
    throwsCode(CryptoApiError, 'NTE_NO_KEY', () => own.sign(hashOf(CALG_SHA1)))
    own.importKey(knownKey('kx512').privateBlob)
    throwsCode(CryptoApiError, 'NTE_NO_KEY', () => own.sign(hashOf(CALG_SHA1)))
    const signature = own.sign(hashOf(CALG_SHA1), 'exchange')
    assert.ok(verifyHash(publicOf('kx512'), hashOf(CALG_SHA1), signature))
  })
})

suite('what is no signature', () => {
  test('every other bit, length, key and hash', () => {
    const [pair, key] = [pairOf('sig512'), publicOf('sig512')]
    const signature = signHash(pair, hashOf(CALG_SHA1))
    const digest = hashOf(CALG_SHA1)
    const no = (candidate: Uint8Array, by = key, hash = digest) =>
      assert.equal(verifyHash(by, hash, candidate), false)
    for (const flipped of singleBitFlips(signature)) no(flipped)
    for (let length = 0; length < signature.length; length++) no(signature.subarray(0, length))
    no(concat(signature, Uint8Array.of(0)))
    no(concat(Uint8Array.of(0), signature))
    no(signature.toReversed())
    no(signature, publicOf('kx512'))
    no(signature, key, hashOf(CALG_SHA_256))
    no(signature, key, hashOf(CALG_SHA1, Uint8Array.of(1)))
    // Numbers that are not below the modulus, or lead nowhere.
    for (const byte of [0, 1, 0xff]) no(new Uint8Array(64).fill(byte))
    no(key.publicKey.modulus.toReversed())
    assert.ok(verifyHash(key, digest, signature))
  })

  test('a block that only begins right: the forgery against small exponents', () => {
    const pair = pairOf('kx1024e3')
    const value = hashOf(CALG_SHA1).value()
    const info = concat(fromHex('3021300906052b0e03021a05000414'), value)
    const right = concat(
      Uint8Array.of(0, 1),
      new Uint8Array(128 - 3 - info.length).fill(0xff),
      Uint8Array.of(0),
      info,
    )
    // Few bytes of padding, the hash, and then room for what makes the number a cube.
    const garbage = concat(
      Uint8Array.of(0, 1),
      new Uint8Array(8).fill(0xff),
      Uint8Array.of(0),
      info,
      new Uint8Array(82),
    )
    assert.ok(verifyHash(pair, hashOf(CALG_SHA1), signatureOf('kx1024e3', right)))
    assert.equal(verifyHash(pair, hashOf(CALG_SHA1), signatureOf('kx1024e3', garbage)), false)
    const variants = [
      right.with(0, 1),
      right.with(1, 2),
      right.with(5, 0xfe),
      right.with(128 - info.length - 1, 1),
    ]
    // NULL parameters left out: another encoding of the same statement.
    const short = concat(fromHex('301f300706052b0e03021a0414'), value)
    const without = concat(
      Uint8Array.of(0, 1),
      new Uint8Array(128 - 3 - short.length).fill(0xff),
      Uint8Array.of(0),
      short,
    )
    for (const block of [...variants, without]) {
      assert.equal(verifyHash(pair, hashOf(CALG_SHA1), signatureOf('kx1024e3', block)), false)
    }
  })

  test('noise', () => {
    const key = publicOf('sig512')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.constantFrom('oid', 'bare', 'x931'), (noise, form) => {
        assert.equal(verifyHash(key, hashOf(CALG_SHA1), noise, { form }), false)
      }),
      { numRuns: RUNS * 5 },
    )
  })
})

suite('what is not signed', () => {
  test('keyed hashes, hashes without a value, public keys and hashes that do not fit', () => {
    const pair = pairOf('sig512')
    const key = context.generateKey(wincrypt.CALG_AES_128)
    const hmac = context.createHash(CALG_HMAC, key)
    hmac.setHmac({ algorithm: CALG_SHA1 })
    for (const keyed of [hmac, context.createHash(CALG_MAC, key)]) {
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => signHash(pair, keyed))
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => verifyHash(pair, keyed, new Uint8Array(64)))
      assert.equal(keyed.finished, false)
    }
    const empty = context.createHash(CALG_SSL3_SHAMD5)
    throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => signHash(pair, empty))
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => signHash(publicOf('sig512'), hashOf(CALG_SHA1)))
    // 64 bytes: 3 of frame, 8 of padding and 53 for hash and name.
    throwsCode(CryptoApiError, 'NTE_BAD_LEN', () => signHash(pair, hashOf(CALG_SHA_384)))
    throwsCode(CryptoApiError, 'NTE_BAD_LEN', () => signHash(pair, hashOf(CALG_SHA_512), { form: 'bare' }))
    assert.equal(signHash(pair, hashOf(CALG_SHA_384), { form: 'bare' }).length, 64)
    assert.equal(signHash(pair, hashOf(CALG_SHA_256)).length, 64)
    assert.equal(verifyHash(pair, hashOf(CALG_SHA_512), new Uint8Array(64)), false)
  })

  test('anything with a pair whose context is gone', () => {
    const own = acquireContext()
    const pair = own.importKey(knownKey('sig512').privateBlob)
    assert.ok(pair instanceof RsaKey)
    own.wipe()
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => signHash(pair, hashOf(CALG_SHA1)))
    assert.equal(exportKeyBlob(pair, wincrypt.PUBLICKEYBLOB).length, 84)
  })
})

/** The raw operation over any block, by OpenSSL. */
function signatureOf(name: string, block: Uint8Array): Uint8Array {
  const key = createPrivateKey(knownKey(name).pem)
  return Uint8Array.from(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block)).toReversed()
}
