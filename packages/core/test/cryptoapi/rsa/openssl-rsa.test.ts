import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { concat, fromHex } from '@strongroom/core/bytes'
import { HASHES } from '../../../src/cryptoapi/algorithm-table.ts'
import { createDigest } from '../../../src/cryptoapi/algorithms/digest.ts'
import { CALG_MD5, CALG_SHA1, CALG_SHA_256, CALG_SHA_512 } from '../../../src/cryptoapi/constants.ts'
import { decryptOaep, encryptOaep } from '../../../src/cryptoapi/rsa/oaep.ts'
import { decryptPkcs1, encryptPkcs1 } from '../../../src/cryptoapi/rsa/pkcs1.ts'
import { signBlock, verifyBlock } from '../../../src/cryptoapi/rsa/signature-block.ts'
import { foundOpenssl, runOpenssl } from '../algorithms/openssl-program.ts'
import { knownKey, privateKey } from './known-keys.ts'
import { MESSAGE } from './padded-blocks.ts'

/**
 * Names of the `openssl dgst` command, each with a key. MD4 is missing: OpenSSL 3 signs it with the object identifier
 * 1.2.840.113549.2.3, which is not that of MD4 (2.4, RFC 1320 and PKCS #1 v1.5).
 */
const DIGESTS = [
  { name: 'md5', algorithm: CALG_MD5, key: 'sig512' },
  { name: 'sha1', algorithm: CALG_SHA1, key: 'kx1024e3' },
  { name: 'sha256', algorithm: CALG_SHA_256, key: 'kx1032' },
  { name: 'sha512', algorithm: CALG_SHA_512, key: 'sig2048' },
]
const SCHEMES = [
  { mode: 'pkcs1', encrypt: encryptPkcs1, decrypt: decryptPkcs1 },
  { mode: 'oaep', encrypt: encryptOaep, decrypt: decryptOaep },
]
const KEYS = ['kx512', 'kx1024e3', 'kx1032', 'kx2048']
const DATA = Uint8Array.from({ length: 300 }, (_, i) => i)

const folder = mkdtempSync(join(tmpdir(), 'strongroom-rsa-'))
after(() => rmSync(folder, { recursive: true }))

suite('openssl pkeyutl', () => {
  for (const { mode, encrypt, decrypt } of SCHEMES) {
    test(`${mode}: it decrypts ours, turned around, and we its`, (t) => {
      if (!foundOpenssl(t)) return
      for (const name of KEYS) {
        const key = privateKey(name)
        const options = ['-inkey', pemFile(name), '-pkeyopt', `rsa_padding_mode:${mode}`]
        const ours = encrypt(key.publicKey, MESSAGE).toReversed()
        assert.deepEqual(runOpenssl(['pkeyutl', '-decrypt', ...options], ours), MESSAGE, name)
        const theirs = runOpenssl(['pkeyutl', '-encrypt', ...options], MESSAGE).toReversed()
        assert.deepEqual(decrypt(key, theirs), MESSAGE, name)
      }
    })
  }
})

suite('openssl dgst', () => {
  for (const { name, algorithm, key: keyName } of DIGESTS) {
    test(`${name}: it verifies what we signed, turned around, and signs the same`, (t) => {
      if (!foundOpenssl(t)) return
      const key = privateKey(keyName)
      const digest = createDigest(algorithm)
      digest.update(DATA)
      const digestInfo = concat(fromHex(HASHES.get(algorithm)?.digestInfo ?? ''), digest.digest())
      const signature = signBlock(key, digestInfo)
      const theirs = runOpenssl(['dgst', `-${name}`, '-sign', pemFile(keyName)], DATA)
      assert.deepEqual(theirs, signature.toReversed())
      assert.ok(verifyBlock(key.publicKey, theirs.toReversed(), digestInfo))
      const signatureFile = join(folder, `${name}.sig`)
      writeFileSync(signatureFile, signature.toReversed())
      const verify = ['dgst', `-${name}`, '-prverify', pemFile(keyName), '-signature', signatureFile]
      assert.equal(Buffer.from(runOpenssl(verify, DATA)).toString(), 'Verified OK\n')
    })
  }
})

function pemFile(name: string): string {
  const path = join(folder, `${name}.pem`)
  writeFileSync(path, knownKey(name).pem, { mode: 0o600 })
  return path
}
