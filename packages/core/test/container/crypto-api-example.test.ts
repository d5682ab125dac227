import assert from 'node:assert/strict'
import { createCipheriv, createHash, hkdfSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { WinCrypt, importKeyBlob, PROVIDERS, RsaKey, wincrypt } from '../../src/cryptoapi/index.ts'
import { parseContainer } from '../../src/container/index.ts'
import { CryptoApiStore } from '../../src/container/crypto-api.ts'
import { inFolder } from './fixtures.ts'

const PAGE = readFileSync(new URL('../../../../docs/spec/container.md', import.meta.url), 'utf8')
const SECTION = PAGE.slice(PAGE.indexOf('## CryptoAPI key containers'), PAGE.indexOf('## Public card'))
const [OWNER = '', FILE = ''] = [...PAGE.matchAll(/```json\n([^`]*)```/g)].map((match) => match[1])
const [RECORD = Buffer.alloc(0), FILE_KEY = Buffer.alloc(0)] = [
  ...SECTION.matchAll(/^(?: {4}[0-9a-f]{10,64}\n)+/gm),
].map(([block]) => Buffer.from(block.replace(/\s/g, ''), 'hex'))

/** By the page's words: scope 0, a name of seven units, no exchange pair, an exportable signature pair. */
const BEFORE_BLOB = Buffer.concat([
  Buffer.from([1, 0, 0, 0, 0, 7, 0]),
  Buffer.from('Example', 'utf16le'),
  Buffer.from([0, 2, 0xec, 0]),
])

test('the file follows from record, secret, salt and nonce byte for byte', () => {
  const [salt, nonce] = [Buffer.alloc(32, 6), Buffer.alloc(12, 7)]
  const key = Buffer.from(hkdfSync('sha256', Buffer.alloc(32, 1), salt, 'strongroom cryptoapi v1\n', 32))
  assert.deepEqual(key, FILE_KEY)
  const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  const exchangeKey = /"id": "(SHA256:[^"]+)"/.exec(OWNER)?.[1]
  const header = {
    strongroom: 'CryptoAPI key containers',
    version: 1,
    container: 'example',
    key: exchangeKey,
    salt: base64(salt),
    nonce: base64(nonce),
  }
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  cipher.setAAD(Buffer.from(`${JSON.stringify(header, null, 2)}\n`), { plaintextLength: RECORD.length })
  const sealed = [cipher.update(RECORD), cipher.final(), cipher.getAuthTag()]
  const file = `${JSON.stringify({ ...header, private: base64(Buffer.concat(sealed)) }, null, 2)}\n`
  assert.equal(file, FILE)
  assert.ok(SECTION.includes(`\`${createHash('sha256').update(FILE).digest('hex')}\``), 'another hash')
})

test('the record is what the page says it is', () => {
  assert.deepEqual(RECORD.subarray(0, BEFORE_BLOB.length), BEFORE_BLOB)
  const blob = RECORD.subarray(BEFORE_BLOB.length)
  assert.equal(blob.length, 0xec)
  const [provider] = PROVIDERS
  assert.ok(provider)
  const key = importKeyBlob(provider, blob)
  assert.ok(key instanceof RsaKey)
  assert.equal(key.publicKey.bits, 384)
  assert.equal(key.use, 'signature')
})

test('the file opens with the container of the example, and its pair signs', () =>
  inFolder((folder) => {
    writeFileSync(join(folder, 'example.cryptoapi'), FILE)
    const store = new CryptoApiStore(folder, parseContainer(Buffer.from(OWNER)).unlock())
    assert.deepEqual([store.names('user'), store.names('machine')], [['Example'], []])
    const blob = Uint8Array.from(RECORD.subarray(BEFORE_BLOB.length))
    assert.deepEqual(store.read('user', 'Example'), { signature: { blob, exportable: true } })
    const api = new WinCrypt({ store })
    const [prov, hash] = [{ value: 0 }, { value: 0 }]
    assert.ok(api.CryptAcquireContext(prov, 'Example', null, wincrypt.PROV_RSA_FULL, 0))
    assert.ok(api.CryptCreateHash(prov.value, wincrypt.CALG_MD5, 0, 0, hash))
    const signature = new Uint8Array(48)
    assert.ok(api.CryptSignHash(hash.value, wincrypt.AT_SIGNATURE, null, 0, signature, { value: 48 }))
  }))
