import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ByteReader, copyOf } from '../../src/bytes/index.ts'
import {
  acquireContext,
  exportKeyBlob,
  importKeyBlob,
  openSignedKeyBlob,
  PROVIDERS,
  RsaPublicKey,
  SessionKey,
  signKeyBlob,
  wincrypt,
} from '../../src/cryptoapi/index.ts'

const KEY_BLOB = '0802000001680000100000000123456789abcdef0123456789abcdef'

/** Bytes as many callers have them: `slice` of a `Buffer` is a view of the same memory, not a copy. */
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes)

suite('callers that pass buffers', () => {
  test('what is read or copied from one has memory of its own', () => {
    const given = Buffer.from([1, 2, 3, 4])
    const [taken, copied] = [new ByteReader(given).take(4).slice(), copyOf(given, 1, 3)]
    given.fill(0)
    assert.deepEqual([taken, copied], [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(2, 3)])
  })

  test('a key that is wiped leaves the blob that it came from', () => {
    const provider = PROVIDERS.find(({ id }) => id === 'enhanced-aes')
    assert.ok(provider)
    const blob = Buffer.from(KEY_BLOB, 'hex')
    const key = importKeyBlob(provider, blob)
    assert.ok(key instanceof SessionKey)
    key.wipe()
    assert.equal(blob.toString('hex'), KEY_BLOB)
  })

  test('a key does not change with the arrays that its parameters were set from', () => {
    const key = acquireContext().generateKey(wincrypt.CALG_RC2)
    const given = Buffer.alloc(8, 7)
    key.iv = given
    key.salt = given
    given.fill(0)
    assert.deepEqual([key.iv, key.salt], [new Uint8Array(8).fill(7), new Uint8Array(8).fill(7)])
  })

  test('a hash keeps the value that it was given', () => {
    const hash = acquireContext().createHash(wincrypt.CALG_MD5)
    const given = Buffer.alloc(16, 7)
    hash.setValue(given)
    given.fill(0)
    assert.deepEqual(hash.value(), new Uint8Array(16).fill(7))
  })

  test('a public key keeps its modulus', () => {
    const context = acquireContext()
    const { publicKey } = context.generatePair('exchange', { bits: 512 })
    const given = asBuffer(publicKey.modulus)
    const copy = RsaPublicKey.fromParts(given, publicKey.exponent)
    given.fill(0)
    assert.ok(copy.equals(publicKey))
  })

  test('a signed key blob is verified and imported, and left as it was', () => {
    const context = acquireContext()
    const exchange = context.generatePair('exchange', { bits: 1024 })
    const signer = context.generatePair('signature', { bits: 1024 })
    const sessionKey = context.generateKey(wincrypt.CALG_AES_128, { exportable: true })
    const blob = asBuffer(exportKeyBlob(sessionKey, wincrypt.SIMPLEBLOB, { wrapWith: exchange }))
    const signature = asBuffer(signKeyBlob(context, blob, 'signature'))
    const key = openSignedKeyBlob(context, { blob, signature }, { signer, exportable: true })
    assert.deepEqual(key.key, sessionKey.key)
    const before = blob.toString('hex')
    key.wipe()
    assert.equal(blob.toString('hex'), before)
  })
})
