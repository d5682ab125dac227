import assert from 'node:assert/strict'
import {
  acquireContext,
  type CryptoContext,
  exportKeyBlob,
  type ProviderId,
  RsaKey,
  type SessionKey,
  verifyHash,
  wincrypt,
} from '../../../src/cryptoapi/index.ts'
import { PROVIDER_IDS, type ProviderName } from './sequence-writer.ts'
import type { Peer } from './peer.ts'
import { type TestPair, testPair } from './test-pairs.ts'

/** Something made on one side and used on the other. */
export interface ExchangeCheck {
  readonly name: string
  /** @throws if the other side does not read what was made */
  readonly run: (peer: Peer) => Promise<void>
}

/** Ciphers by the names of the peer, with a length in bits to ask for. */
const WRAPPED: readonly (readonly [ProviderName, string, number, string, 'pkcs1' | 'oaep'])[] = [
  ['base', 'rc4', 40, 'kx512', 'pkcs1'],
  ['base', 'rc2', 40, 'kx1024', 'pkcs1'],
  ['base', 'des', 0, 'kx512', 'pkcs1'],
  ['strong', 'rc2', 128, 'kx1032', 'pkcs1'],
  ['enh', 'rc4', 128, 'kx1024e3', 'pkcs1'],
  ['enh', '3des', 0, 'kx2048', 'oaep'],
  ['enh', '3des112', 0, 'kx3072', 'pkcs1'],
  ['aes', 'aes128', 0, 'kx1024', 'oaep'],
  ['aes', 'aes192', 0, 'kx512shortd', 'pkcs1'],
  ['aes', 'aes256', 0, 'kx4096', 'oaep'],
]
const ALGORITHMS: Readonly<Record<string, number>> = {
  rc2: wincrypt.CALG_RC2,
  rc4: wincrypt.CALG_RC4,
  des: wincrypt.CALG_DES,
  '3des': wincrypt.CALG_3DES,
  '3des112': wincrypt.CALG_3DES_112,
  aes128: wincrypt.CALG_AES_128,
  aes192: wincrypt.CALG_AES_192,
  aes256: wincrypt.CALG_AES_256,
  md2: wincrypt.CALG_MD2,
  md4: wincrypt.CALG_MD4,
  md5: wincrypt.CALG_MD5,
  sha1: wincrypt.CALG_SHA1,
  sha256: wincrypt.CALG_SHA_256,
  sha384: wincrypt.CALG_SHA_384,
  sha512: wincrypt.CALG_SHA_512,
}
const SIGNED: readonly (readonly [ProviderName, string, string, readonly string[]])[] = [
  ['base', 'md2', 'sig512', []],
  ['base', 'md4', 'kx512', ['--nohashoid']],
  ['strong', 'md5', 'sig1024', []],
  ['enh', 'sha1', 'kx1032', []],
  ['enh', 'sha1', 'sig2048', ['--desc', 'abc']],
  ['aes', 'sha256', 'sig3072', []],
  ['aes', 'sha384', 'kx2048', ['--nohashoid']],
  ['aes', 'sha512', 'sig4096', []],
]
const MODES = [
  ['rc2', 'cbc'],
  ['des', 'cfb'],
  ['3des', 'cbc'],
  ['aes256', 'ecb'],
  ['aes128', 'cfb'],
] as const

/** The number of an algorithm that the peer names. */
export function algorithmOf(name: string): number {
  const algorithm = ALGORITHMS[name]
  if (algorithm === undefined) throw new RangeError(`no algorithm named ${name}`)
  return algorithm
}

/** A context of ours that holds a test pair. */
export function contextWith(provider: ProviderName, pair: TestPair): CryptoContext {
  const id: ProviderId = PROVIDER_IDS[provider]
  const context = acquireContext({ provider: id })
  context.importKey(Uint8Array.fromHex(pair.privateBlob), { exportable: true })
  return context
}

const privateFile = (peer: Peer, pair: TestPair): string =>
  peer.write(`${pair.name}.private`, Uint8Array.fromHex(pair.privateBlob))
const publicFile = (peer: Peer, pair: TestPair): string =>
  peer.write(`${pair.name}.public`, Uint8Array.fromHex(pair.publicBlob))

function expectRsa(key: RsaKey | SessionKey): RsaKey {
  assert.ok(key instanceof RsaKey)
  return key
}

function wrappedKeyChecks([
  provider,
  cipher,
  bits,
  name,
  padding,
]: (typeof WRAPPED)[number]): ExchangeCheck[] {
  const pair = testPair(name)
  const oaep = padding === 'oaep'
  const options = oaep ? ['--oaep'] : []
  const subject = `${cipher} under ${name} (${padding}, ${provider})`
  const fromPeer = async (peer: Peer): Promise<void> => {
    const files = ['blob', '--plain', 'plain']
    await peer.succeed(
      'export-simple',
      provider,
      publicFile(peer, pair),
      cipher,
      String(bits),
      ...files,
      ...options,
    )
    const key = contextWith(provider, pair).importKey(peer.read('blob'), { oaep, exportable: true })
    assert.deepEqual(exportKeyBlob(key, wincrypt.PLAINTEXTKEYBLOB), peer.read('plain'))
  }
  const fromUs = async (peer: Peer): Promise<void> => {
    const context = contextWith(provider, pair)
    const key = context.generateKey(algorithmOf(cipher), { bits, exportable: true })
    const wrapWith = context.userPair('exchange')
    peer.write('blob', exportKeyBlob(key, wincrypt.SIMPLEBLOB, { wrapWith, oaep }))
    // The peer asks for CRYPT_OAEP alone, so that what it imports is not exportable; Wine exports it nevertheless.
    await peer.succeed('import-simple', provider, privateFile(peer, pair), 'blob', 'plain', ...options)
    assert.deepEqual(peer.read('plain'), exportKeyBlob(key, wincrypt.PLAINTEXTKEYBLOB))
  }
  return [
    { name: `${subject}, from the peer`, run: fromPeer },
    { name: `${subject}, from us`, run: fromUs },
  ]
}

const TEXT = Uint8Array.from({ length: 700 }, (_, at) => (at * 7) & 0xff)

function signatureChecks([provider, hashName, name, options]: (typeof SIGNED)[number]): ExchangeCheck[] {
  const pair = testPair(name)
  const use = pair.algorithm === wincrypt.CALG_RSA_SIGN ? 'signature' : 'exchange'
  const spec = use === 'signature' ? 'sig' : 'kx'
  const form = options.includes('--nohashoid') ? 'bare' : 'oid'
  const description = options[0] === '--desc' ? { description: options[1] ?? '' } : {}
  const hashed = (context: CryptoContext) => {
    const hash = context.createHash(algorithmOf(hashName))
    hash.update(TEXT)
    return hash
  }
  const fromPeer = async (peer: Peer): Promise<void> => {
    peer.write('text', TEXT)
    await peer.succeed(
      'sign',
      provider,
      privateFile(peer, pair),
      spec,
      hashName,
      'text',
      'signature',
      ...options,
    )
    const context = contextWith(provider, pair)
    const key = expectRsa(context.importKey(Uint8Array.fromHex(pair.publicBlob)))
    const signature = peer.read('signature')
    const check = (bytes: Uint8Array): boolean =>
      verifyHash(key, hashed(context), bytes, { form, strict: true, ...description })
    assert.ok(check(signature))
    assert.ok(!check(signature.with(3, (signature[3] ?? 0) ^ 1)))
    assert.deepEqual(context.sign(hashed(context), use, { form, ...description }), signature)
  }
  const fromUs = async (peer: Peer): Promise<void> => {
    const context = contextWith(provider, pair)
    const signature = context.sign(hashed(context), use, { form, ...description })
    peer.write('text', TEXT)
    peer.write('signature', signature)
    const words = [
      'verify',
      provider,
      publicFile(peer, pair),
      spec,
      hashName,
      'text',
      'signature',
      ...options,
    ]
    await peer.succeed(...words)
    peer.write('text', TEXT.with(0, 1))
    assert.ok(!(await peer.run(...words)).ok)
  }
  const subject = `signature of ${hashName} by ${name} ${options.join(' ')}(${provider})`
  return [
    { name: `${subject}, from the peer`, run: fromPeer },
    { name: `${subject}, from us`, run: fromUs },
  ]
}

const MODE_NUMBERS = {
  cbc: wincrypt.CRYPT_MODE_CBC,
  ecb: wincrypt.CRYPT_MODE_ECB,
  cfb: wincrypt.CRYPT_MODE_CFB,
}

/** A message of several of the peer's pieces, with an IV, there and back. */
function messageCheck([cipher, mode]: (typeof MODES)[number]): ExchangeCheck {
  const run = async (peer: Peer): Promise<void> => {
    const context = acquireContext()
    const key = context.generateKey(algorithmOf(cipher), { exportable: true })
    const iv = Uint8Array.from({ length: 16 }, (_, at) => at * 11)
    const text = Uint8Array.from({ length: 3333 }, (_, at) => (at * 31) & 0xff)
    key.mode = MODE_NUMBERS[mode]
    key.iv = iv
    peer.write('key', exportKeyBlob(key, wincrypt.PLAINTEXTKEYBLOB))
    peer.write('iv', iv)
    peer.write('text', text)
    await peer.succeed('crypt', 'aes', 'key', 'enc', mode, 'iv', 'text', 'ciphertext')
    assert.deepEqual(key.encrypt(text), peer.read('ciphertext'))
    assert.deepEqual(key.decrypt(peer.read('ciphertext')), text)
    await peer.succeed('crypt', 'aes', 'key', 'dec', mode, 'iv', 'ciphertext', 'back')
    assert.deepEqual(peer.read('back'), text)
  }
  return { name: `3333 bytes with ${cipher} in ${mode}`, run }
}

/** A name that no other run uses at the same time. */
const containerName = (purpose: string): string => `strongroom-oracle-${purpose}-${process.pid}`

async function readGeneratedPair(peer: Peer): Promise<void> {
  const container = containerName('theirs')
  await peer.succeed('new-container', 'aes', container, '1024', '--exportable')
  try {
    for (const [spec, use] of [
      ['kx', 'exchange'],
      ['sig', 'signature'],
    ] as const) {
      await peer.succeed('export-private', 'aes', `container:${container}`, spec, 'private')
      await peer.succeed('export-public', 'aes', `container:${container}`, spec, 'public')
      const context = acquireContext()
      const pair = context.importKey(peer.read('private'), { exportable: true })
      assert.deepEqual(exportKeyBlob(pair, wincrypt.PRIVATEKEYBLOB), peer.read('private'))
      assert.deepEqual(exportKeyBlob(context.userPair(use), wincrypt.PUBLICKEYBLOB), peer.read('public'))
    }
  } finally {
    await peer.run('delete-container', 'aes', container)
  }
}

async function writeGeneratedPair(peer: Peer): Promise<void> {
  const container = containerName('ours')
  const context = acquireContext()
  const pair = context.generatePair('signature', { bits: 1040, exportable: true })
  peer.write('private', exportKeyBlob(pair, wincrypt.PRIVATEKEYBLOB))
  await peer.succeed('import-private', 'aes', container, 'private', '--exportable')
  try {
    await peer.succeed('export-private', 'aes', `container:${container}`, 'sig', 'back')
    assert.deepEqual(peer.read('back'), peer.read('private'))
    peer.write('text', TEXT)
    await peer.succeed('sign', 'aes', `container:${container}`, 'sig', 'sha256', 'text', 'signature')
    const hash = context.createHash(wincrypt.CALG_SHA_256)
    hash.update(TEXT)
    assert.ok(verifyHash(pair, hash, peer.read('signature'), { strict: true }))
  } finally {
    await peer.run('delete-container', 'aes', container)
  }
}

/** Blobs, signatures, keys and long messages, each way. */
export const EXCHANGE_CHECKS: readonly ExchangeCheck[] = [
  ...WRAPPED.flatMap(wrappedKeyChecks),
  ...SIGNED.flatMap(signatureChecks),
  ...MODES.map(messageCheck),
  { name: 'pair of a container of the peer', run: readGeneratedPair },
  { name: 'pair of ours in a container of the peer', run: writeGeneratedPair },
]
