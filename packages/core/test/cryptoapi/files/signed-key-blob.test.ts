import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  CryptoApiError,
  type CryptoContext,
  exportKeyBlob,
  RsaKey,
  wincrypt,
} from '@strongroom/core/cryptoapi'
import {
  exportSignedKeyBlob,
  openSignedKeyBlob,
  type SignedOpenOptions,
  signKeyBlob,
} from '../../../src/cryptoapi/files/signed-key-blob.ts'
import { singleBitFlips } from '../../support/mutations.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { contextWith, keyBlob } from './recorded.ts'

const { PLAINTEXTKEYBLOB, PUBLICKEYBLOB } = wincrypt

/** Who stores the key has both pairs; whoever opens it has the exchange pair and knows the signer. */
const writer = contextWith('enhanced-aes', 'kx1024', 'sig1024')
const reader = contextWith('enhanced-aes', 'kx1024')
const signer = publicKey(reader, 'sig1024')
const key = writer.generateKey(wincrypt.CALG_AES_256, { exportable: true })
const plain = exportKeyBlob(key, PLAINTEXTKEYBLOB)

function publicKey(context: CryptoContext, name: string): RsaKey {
  const found = context.importKey(keyBlob(`${name}.public`))
  assert.ok(found instanceof RsaKey)
  return found
}

const opened = (
  stored: { blob: Uint8Array; signature: Uint8Array },
  options: Partial<SignedOpenOptions> = {},
) =>
  exportKeyBlob(openSignedKeyBlob(reader, stored, { signer, exportable: true, ...options }), PLAINTEXTKEYBLOB)

suite('a key that is stored and opened again', () => {
  test('with every way to sign and to wrap', () => {
    for (const options of [
      {},
      { oaep: true },
      { hash: wincrypt.CALG_SHA1 },
      { hash: wincrypt.CALG_MD5, form: 'bare' as const },
      { description: 'archive 1999' },
    ]) {
      const stored = exportSignedKeyBlob(writer, key, options)
      assert.deepEqual(opened(stored, options), plain, JSON.stringify(options))
    }
  })

  test('signed with the exchange pair, made for somebody else', () => {
    const wrapWith = publicKey(writer, 'kx2048')
    const stored = exportSignedKeyBlob(writer, key, { wrapWith, signWith: 'exchange' })
    assert.equal(stored.blob.length, 12 + 256)
    const other = contextWith('enhanced-aes', 'kx2048')
    const unwrapWith = other.userPair('exchange')
    assert.deepEqual(opened(stored, { signer: publicKey(other, 'kx1024'), unwrapWith }), plain)
  })

  test('it is not exportable unless that is asked for', () => {
    const session = openSignedKeyBlob(reader, exportSignedKeyBlob(writer, key), { signer })
    throwsCode(CryptoApiError, 'NTE_BAD_KEY_STATE', () => exportKeyBlob(session, PLAINTEXTKEYBLOB))
  })

  test('a key that is not exportable is not stored', () => {
    const kept = writer.generateKey(wincrypt.CALG_AES_256)
    throwsCode(CryptoApiError, 'NTE_BAD_KEY_STATE', () => exportSignedKeyBlob(writer, kept))
  })

  test('a provider without SHA-2 has to be told the hash', () => {
    const old = contextWith('enhanced', 'kx1024', 'sig1024')
    const rc4 = old.generateKey(wincrypt.CALG_RC4, { exportable: true })
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => exportSignedKeyBlob(old, rc4))
    const hash = wincrypt.CALG_SHA1
    assert.deepEqual(
      opened(exportSignedKeyBlob(old, rc4, { hash }), { hash }),
      exportKeyBlob(rc4, PLAINTEXTKEYBLOB),
    )
  })
})

suite('nothing is unwrapped before it is verified', () => {
  const stored = exportSignedKeyBlob(writer, key)
  // Without a private key the import fails with another code: whoever gets that far shows it.
  const unwrapWith = publicKey(reader, 'kx1024')
  const refused = (given: typeof stored, options: Partial<SignedOpenOptions> = {}): void => {
    throwsCode(CryptoApiError, 'NTE_BAD_SIGNATURE', () => opened(given, { unwrapWith, ...options }))
  }

  test('with the right signature the import is reached', () => {
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => opened(stored, { unwrapWith }))
  })

  test('every single bit of the blob', () => {
    for (const blob of singleBitFlips(stored.blob)) refused({ ...stored, blob })
  })

  test('every single bit of the signature', () => {
    for (const signature of singleBitFlips(stored.signature)) refused({ ...stored, signature })
  })

  test('a signature that is cut, longer or missing', () => {
    for (const length of [0, 1, 127]) refused({ ...stored, signature: stored.signature.subarray(0, length) })
    refused({ ...stored, signature: new Uint8Array([...stored.signature, 0]) })
  })

  test('another signer, hash or description', () => {
    refused(stored, { signer: publicKey(reader, 'kx1024b') })
    refused(stored, { hash: wincrypt.CALG_SHA1 })
    refused(stored, { description: 'archive 1999' })
    refused(stored, { form: 'bare' })
    refused(exportSignedKeyBlob(writer, key, { description: 'archive 1999' }))
  })

  test('the form that does not name its hash, if one is strict', () => {
    const bare = exportSignedKeyBlob(writer, key, { form: 'bare' })
    assert.deepEqual(opened(bare), plain)
    refused(bare, { strict: true })
    assert.deepEqual(opened(bare, { strict: true, form: 'bare' }), plain)
  })
})

test('a signature over another blob brings no other blob in', () => {
  const own = contextWith('enhanced-aes', 'kx1024')
  const before = exportKeyBlob(own.userPair('exchange'), PUBLICKEYBLOB)
  for (const blob of [keyBlob('kx1024b.private'), keyBlob('kx1024b.public'), plain, new Uint8Array(0)]) {
    const signature = signKeyBlob(writer, blob, 'signature')
    throwsCode(CryptoApiError, 'NTE_BAD_TYPE', () => openSignedKeyBlob(own, { blob, signature }, { signer }))
  }
  assert.deepEqual(exportKeyBlob(own.userPair('exchange'), PUBLICKEYBLOB), before)
})
