import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { RsaKey, acquireContext, exportKeyBlob, importKeyBlob, wincrypt } from '../../src/cryptoapi/index.ts'
import { createContainer } from '../../src/container/index.ts'
import { rsaFingerprint, rsaKeyToCryptoApi, rsaPairFromCryptoApi } from '../../src/container/crypto-api.ts'
import { NOW, isError } from './fixtures.ts'

const { PRIVATEKEYBLOB, PUBLICKEYBLOB } = wincrypt

for (const [use, bits] of [
  ['exchange', 384],
  ['signature', 512],
  ['exchange', 1032],
] as const) {
  test(`a CryptoAPI ${use} pair of ${bits} bits goes into a container and comes back the same`, () => {
    const made = acquireContext().generatePair(use, { bits, exportable: true })
    const container = createContainer({ name: 'default', now: NOW })
    const { id } = container.addKey(rsaPairFromCryptoApi(made), { use, state: 'active', now: NOW })
    assert.equal(rsaFingerprint(made.publicKey), id)
    const pkcs8 = container.rsaKey(use)
    assert.ok(pkcs8)
    const back = rsaKeyToCryptoApi(pkcs8, use, { exportable: true })
    assert.equal(back.algorithm, made.algorithm)
    assert.deepEqual(exportKeyBlob(back, PRIVATEKEYBLOB), exportKeyBlob(made, PRIVATEKEYBLOB))
  })
}

test('a key that node:crypto made is the same key to CryptoAPI', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const pkcs8 = Uint8Array.from(privateKey.export({ format: 'der', type: 'pkcs8' }))
  const before = pkcs8.slice()
  const key = rsaKeyToCryptoApi(pkcs8, 'signature')
  assert.deepEqual(pkcs8, before, 'the bytes stay the caller’s')
  assert.equal(key.exportable, false)
  assert.equal(key.use, 'signature')
  assert.deepEqual(rsaPairFromCryptoApi(key).pkcs8, pkcs8)
})

test('what cannot be converted is an error of this layer', () => {
  const pair = acquireContext().generatePair('exchange', { bits: 512 })
  const publicOnly = importKeyBlob(pairProvider(), exportKeyBlob(pair, PUBLICKEYBLOB))
  assert.ok(publicOnly instanceof RsaKey)
  assert.throws(() => rsaPairFromCryptoApi(publicOnly), isError('CONTAINER_KEY', /only the public one/))

  const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' })
  const wide = generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 2 ** 31 - 1 }).privateKey
  assert.equal(rsaKeyToCryptoApi(pkcs8Of(wide), 'exchange').publicKey.exponent, 2 ** 31 - 1)
  const mixed = pkcs8Of(wide)
  mixed[mixed.length - 1] = (mixed.at(-1) ?? 0) ^ 1
  assert.throws(() => rsaKeyToCryptoApi(ed25519, 'exchange'), isError('CONTAINER_KEY', /no RSA key/))
  assert.throws(() => rsaKeyToCryptoApi(mixed, 'exchange'), isError('CONTAINER_KEY', /RSA key/))
  assert.throws(
    () => rsaKeyToCryptoApi(mixed.subarray(1), 'exchange'),
    isError('CONTAINER_KEY', /not readable/),
  )
})

function pairProvider() {
  return acquireContext().provider
}

function pkcs8Of(key: KeyObject): Uint8Array {
  return Uint8Array.from(key.export({ format: 'der', type: 'pkcs8' }))
}
