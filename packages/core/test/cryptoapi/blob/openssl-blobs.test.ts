import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { suite, test } from 'node:test'
import { encodePrivateKeyBlob, parsePrivateKeyBlob } from '../../../src/cryptoapi/blob/private-key-blob.ts'
import { encodePublicKeyBlob, parsePublicKeyBlob } from '../../../src/cryptoapi/blob/public-key-blob.ts'
import { encodePvk, openPvk } from '../../../src/cryptoapi/blob/pvk.ts'
import { CALG_RSA_KEYX } from '../../../src/cryptoapi/constants.ts'
import { generateRsaPrivateKey } from '../../../src/cryptoapi/rsa/generate.ts'
import { RsaPrivateKey } from '../../../src/cryptoapi/rsa/rsa-private-key.ts'
import { foundOpenssl, runOpenssl } from '../algorithms/openssl-program.ts'
import { privateKey } from '../rsa/known-keys.ts'
import { EVERY } from './blob-samples.ts'

/** A size each: small, odd in bytes, usual; 384 and 392 bits are of ours, since no known key has them. */
const KEYS = [
  ...['kx512', 'kx512shortd', 'kx1032', 'kx1024e3', 'sig2048', 'kx4096'].map(privateKey),
  generateRsaPrivateKey(384),
  generateRsaPrivateKey(392),
]
const PASSWORD = 'pass word'
const PKCS1_DER = { format: 'der', type: 'pkcs1' } as const

suite('MSBLOB of openssl', () => {
  test('private keys: it reads ours and finds them sound, we read its', (t) => {
    if (!foundOpenssl(t)) return
    for (const key of KEYS) {
      const blob = encodePrivateKeyBlob(CALG_RSA_KEYX, key)
      const der = runOpenssl(['rsa', '-inform', 'MSBLOB', '-check', '-outform', 'DER', '-traditional'], blob)
      // It prints the verdict first.
      assert.ok(
        Buffer.from(der).subarray(-privateDer(key).length).equals(privateDer(key)),
        `${key.publicKey.bits}`,
      )
      const theirs = runOpenssl(['rsa', '-inform', 'DER', '-outform', 'MSBLOB'], privateDer(key))
      assert.deepEqual(theirs, blob)
      assert.deepEqual(parsePrivateKeyBlob(theirs, EVERY).key.parts(), key.parts())
    }
  })

  test('public keys, both ways', (t) => {
    if (!foundOpenssl(t)) return
    for (const { publicKey } of KEYS) {
      const blob = encodePublicKeyBlob(CALG_RSA_KEYX, publicKey)
      const pem = runOpenssl(['rsa', '-pubin', '-inform', 'MSBLOB', '-pubout'], blob)
      assert.ok(createPublicKey(Buffer.from(pem)).equals(publicKey.toKeyObject()))
      const theirs = runOpenssl(['rsa', '-pubin', '-pubout', '-outform', 'MSBLOB'], pem)
      assert.deepEqual(theirs, blob)
      assert.ok(parsePublicKeyBlob(theirs, EVERY).key.equals(publicKey))
    }
  })
})

suite('PVK of openssl', () => {
  for (const protection of ['none', 'weak', 'strong'] as const) {
    test(`${protection}: it reads ours, we read its`, (t) => {
      if (!foundOpenssl(t)) return
      for (const key of ['kx512', 'kx1032', 'sig2048'].map(privateKey)) {
        const password = Buffer.from(PASSWORD)
        const writing = protection === 'none' ? { protection } : { protection, password }
        const ours = encodePvk(key, CALG_RSA_KEYX, writing)
        const read = [
          'rsa',
          '-inform',
          'PVK',
          '-passin',
          `pass:${PASSWORD}`,
          '-outform',
          'DER',
          '-traditional',
        ]
        assert.deepEqual(runOpenssl(read, ours), privateDer(key))
        const write = [
          'rsa',
          '-inform',
          'DER',
          '-outform',
          'PVK',
          `-pvk-${protection}`,
          '-passout',
          `pass:${PASSWORD}`,
        ]
        const theirs = openPvk(runOpenssl(write, privateDer(key)), password)
        assert.equal(theirs.protection, protection)
        assert.deepEqual(theirs.key.parts(), key.parts())
      }
    })
  }
})

test('a key of three primes is refused: blobs have no room for it', (t) => {
  if (!foundOpenssl(t)) return
  const options = ['rsa_keygen_bits:1024', 'rsa_keygen_primes:3'].flatMap((option) => ['-pkeyopt', option])
  const pem = runOpenssl(['genpkey', '-algorithm', 'RSA', ...options])
  assert.throws(() => RsaPrivateKey.fromKeyObject(createPrivateKey(Buffer.from(pem))), {
    code: 'NTE_BAD_DATA',
    message: 'expected an RSA key of two primes',
  })
})

function privateDer(key: RsaPrivateKey): Uint8Array {
  return Uint8Array.from(key.toKeyObject().export(PKCS1_DER))
}
