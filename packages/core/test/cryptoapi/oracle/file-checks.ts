import assert from 'node:assert/strict'
import { acquireContext, samplePasswordBytes } from '../../../src/cryptoapi/index.ts'
import {
  readPasswordSampleFile,
  readSampleFile,
  writePasswordSampleFile,
  writeSampleFile,
} from '../../../src/cryptoapi/files/sample-file.ts'
import { algorithmOf, contextWith, type ExchangeCheck } from './exchange-checks.ts'
import type { Peer } from './peer.ts'
import { PROVIDER_IDS, type ProviderName } from './sequence-writer.ts'
import { testPair } from './test-pairs.ts'

/** Lengths at the edges of the sample's pieces of 1000 bytes: empty, one byte, whole blocks, whole pieces, one more. */
const FILES: readonly (readonly [ProviderName, string, number, string, number])[] = [
  ['enh', 'rc4', 128, 'kx1024', 0],
  ['enh', 'rc4', 128, 'kx512', 1000],
  ['strong', 'rc2', 128, 'kx1024', 992],
  ['base', 'rc4', 48, 'kx512', 2001], // not 40: Wine gives keys it makes a random salt then, which no file keeps
  ['base', 'des', 0, 'kx1024', 1],
  ['enh', '3des', 0, 'kx2048', 3000],
  ['aes', 'aes256', 0, 'kx2048', 1984],
]
const PASSWORD_FILES: readonly (readonly [
  ProviderName,
  string,
  string,
  number,
  number,
  'ansi' | 'unicode',
])[] = [
  ['enh', 'md5', 'rc4', 128, 1234, 'ansi'],
  ['enh', 'md5', 'rc4', 128, 999, 'unicode'],
  ['enh', 'sha1', 'rc2', 40, 1000, 'ansi'],
  ['strong', 'sha1', '3des', 0, 0, 'ansi'],
  ['base', 'md5', 'des', 0, 17, 'unicode'],
  ['aes', 'sha256', 'aes256', 0, 2000, 'ansi'],
  ['aes', 'sha1', 'aes128', 0, 15, 'unicode'],
]
const PASSWORD = 'Sesam-oeffne-dich'

/** Files of Microsoft's samples, each way. */
export const FILE_CHECKS: readonly ExchangeCheck[] = [
  ...FILES.flatMap(fileChecks),
  ...PASSWORD_FILES.flatMap(passwordChecks),
]

function textOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 13 + 5) & 0xff)
}

function fileChecks([provider, cipher, bits, name, length]: (typeof FILES)[number]): ExchangeCheck[] {
  const pair = testPair(name)
  const text = textOf(length)
  const subject = `file of ${length} bytes, ${cipher} under ${name} (${provider})`
  const keyFile = (peer: Peer): string => peer.write('key', Uint8Array.fromHex(pair.privateBlob))
  const fromPeer = async (peer: Peer): Promise<void> => {
    peer.write('text', text)
    await peer.succeed('encrypt-file', provider, keyFile(peer), cipher, String(bits), 'text', 'file')
    assert.deepEqual(readSampleFile(contextWith(provider, pair), peer.read('file')).plaintext, text)
  }
  const fromUs = async (peer: Peer): Promise<void> => {
    const options = { algorithm: algorithmOf(cipher), bits }
    peer.write('file', writeSampleFile(contextWith(provider, pair), text, options))
    await peer.succeed('decrypt-file', provider, keyFile(peer), 'file', 'text')
    assert.deepEqual(peer.read('text'), text)
  }
  return [
    { name: `${subject}, from the peer`, run: fromPeer },
    { name: `${subject}, from us`, run: fromUs },
  ]
}

/** Nothing in such a file is random: both sides have to write the same bytes. */
function passwordChecks([
  provider,
  hash,
  cipher,
  bits,
  length,
  build,
]: (typeof PASSWORD_FILES)[number]): ExchangeCheck[] {
  const run = async (peer: Peer): Promise<void> => {
    const text = textOf(length)
    const context = acquireContext({ provider: PROVIDER_IDS[provider] })
    const password = samplePasswordBytes(PASSWORD, build)
    const options = { hash: algorithmOf(hash), algorithm: algorithmOf(cipher), bits }
    const quirk = build === 'unicode' ? ['--unicode-quirk'] : []
    const words = [provider, hash, cipher, String(bits), PASSWORD]
    peer.write('text', text)
    await peer.succeed('encrypt-file-pw', ...words, 'text', 'file', ...quirk)
    assert.deepEqual(writePasswordSampleFile(context, text, password, options), peer.read('file'))
    assert.deepEqual(readPasswordSampleFile(context, peer.read('file'), password, options).plaintext, text)
    await peer.succeed('decrypt-file-pw', ...words, 'file', 'back', ...quirk)
    assert.deepEqual(peer.read('back'), text)
  }
  return [{ name: `password file of ${length} bytes, ${cipher} from ${hash}, ${build} (${provider})`, run }]
}
