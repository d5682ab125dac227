import assert from 'node:assert/strict'
import {
  createCipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  generatePrimeSync,
  pbkdf2Sync,
} from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import * as fc from 'fast-check'
import {
  AgeError,
  MlKem768X25519Identity,
  X25519Identity,
  X25519Recipient,
  decryptFile,
  encryptFile,
} from '../../src/age/index.ts'
import type { Recipient } from '../../src/age/index.ts'
import { utf8Encode } from '../../src/bytes/index.ts'
import {
  ContainerError,
  SigningKey,
  createContainer,
  encodeContainer,
  importAgeIdentities,
  importPkcs8,
  parseContainer,
} from '../../src/container/index.ts'
import type { KeyPair } from '../../src/container/index.ts'
import { NOW, RUNS, inFolder, isError } from './fixtures.ts'

const MESSAGE = utf8Encode('a message')
const PLAIN = '-----BEGIN PRIVATE KEY-----\n'

/** How `openssl pkcs8 -topk8` is told to encrypt. */
const SCHEMES: Readonly<Record<string, readonly string[]>> = {
  'PBES2, AES-256': ['-v2', 'aes-256-cbc', '-iter', '2048'],
  'PBES2, scrypt': ['-scrypt', '-scrypt_N', '1024'],
  'PBES1, triple DES': ['-v1', 'PBE-SHA1-3DES'],
}

test('an X25519 key made by OpenSSL opens what is sealed to its public half', (t) =>
  inFolder(async (folder) => {
    const pem = openssl(t, folder, ['genpkey', '-algorithm', 'x25519'])
    if (pem === undefined) return
    const pair = await importPkcs8(pem)
    assert.equal(pair.kind, 'exchange')
    const publicKey = Uint8Array.from(createPublicKey(pem).export({ format: 'raw-public' }))
    assert.equal(pair.publicText, X25519Recipient.fromBytes(publicKey).toString())
    const container = createContainer({ name: 'default', profile: 'classic', now: NOW })
    container.addKey(pair, { now: NOW })
    assert.equal(container.info().keys.at(-1)?.state, 'retired')
    assert.notEqual(container.recipient().toString(), pair.publicText)
    const sealed = encryptFile(MESSAGE, [importedRecipient(pair)])
    assert.deepEqual(decryptFile(sealed, container.identities()), MESSAGE)
  }))

test('an Ed25519 key made by OpenSSL signs, and OpenSSL accepts what it signed', (t) =>
  inFolder(async (folder) => {
    const pem = openssl(t, folder, ['genpkey', '-algorithm', 'ed25519'])
    if (pem === undefined) return
    const pair = await importPkcs8(pem)
    const container = createContainer({ name: 'default', profile: 'classic', now: NOW })
    container.addKey(pair, { state: 'active', now: NOW })
    const [message, signature] = [join(folder, 'message'), join(folder, 'signature')]
    writeFileSync(message, MESSAGE)
    writeFileSync(signature, container.signingKey().sign(MESSAGE))
    writeFileSync(join(folder, 'key.pem'), pem)
    const verify = ['pkeyutl', '-verify', '-rawin', '-in', message, '-sigfile', signature]
    const answer = openssl(t, folder, [...verify, '-inkey', join(folder, 'key.pem')])
    assert.match(answer ?? '', /Verified Successfully/)
  }))

for (const [scheme, options] of Object.entries(SCHEMES)) {
  test(`an encrypted key opens with its passphrase alone: ${scheme}`, (t) =>
    inFolder(async (folder) => {
      const key = openssl(t, folder, ['genpkey', '-algorithm', 'ed25519'])
      if (key === undefined) return
      const path = join(folder, 'key.pem')
      writeFileSync(path, key)
      const pem = openssl(t, folder, ['pkcs8', '-topk8', '-in', path, '-passout', 'pass:p', ...options])
      assert.ok(pem)
      const pair = await importPkcs8(pem, () => Promise.resolve('p'))
      assert.equal(pair.publicText, (await importPkcs8(key)).publicText)
      const wrong = importPkcs8(pem, () => Promise.resolve('q'))
      await assert.rejects(wrong, isError('CONTAINER_LOCKED'))
      await assert.rejects(importPkcs8(pem), isError('CONTAINER_SECRET', /encrypted/))
    }))
}

test('a derivation that would take for ever is refused before anybody is asked', async () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const quick = await importPkcs8(encryptedPem(privateKey, 1_000), () => Promise.resolve('p'))
  assert.equal(quick.algorithm, 'ed25519')
  let asked = false
  const attempt = importPkcs8(encryptedPem(privateKey, 1_000, 10_000_001), () => {
    asked = true
    return Promise.resolve('p')
  })
  await assert.rejects(attempt, isError('CONTAINER_FORMAT', /cost above 10000000/))
  assert.equal(asked, false)
})

test('an RSA key is kept for CryptoAPI, in either use, and survives the file', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const pair = await importPkcs8(privateKey.export({ format: 'pem', type: 'pkcs8' }))
  assert.equal(pair.kind, 'rsa')
  const container = createContainer({ name: 'default', now: NOW })
  assert.throws(
    () => container.addKey(pair, { now: NOW }),
    isError('CONTAINER_KEY', /exchange, signature, got none/),
  )
  container.addKey(pair, { use: 'exchange', state: 'active', now: NOW })
  container.addKey(pair, { use: 'signature', now: NOW })
  const opened = parseContainer(encodeContainer(container, { kind: 'none' })).unlock()
  assert.deepEqual(opened.rsaKey('exchange'), Uint8Array.from(der))
  assert.equal(opened.rsaKey('signature'), undefined)
  // Nothing is sealed to it or signed with it.
  assert.equal(opened.identities().length, 1)
  assert.equal(opened.signers().length, 1)
})

test('RSA keys that are too short, or whose halves do not fit, are refused', async () => {
  await assert.rejects(importPkcs8(smallRsaPem(376)), isError('CONTAINER_KEY', /384 to 16384 bits, got 376/))
  const [one, other] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }))
  assert.ok(one && other)
  const der = one.privateKey.export({ format: 'der', type: 'pkcs8' })
  modulusOf(other.publicKey).copy(der, der.indexOf(modulusOf(one.publicKey)))
  await assert.rejects(importPkcs8(toPem('PRIVATE KEY', der)), isError('CONTAINER_KEY', /RSA key/))
})

test('RSA keys of the 1990s are kept: OpenSSL makes none below 512 bits, but it reads them', async () => {
  for (const bits of [384, 512, 1032]) {
    const pair = await importPkcs8(smallRsaPem(bits))
    const container = createContainer({ name: 'default', now: NOW })
    container.addKey(pair, { use: 'signature', state: 'active', now: NOW })
    const opened = parseContainer(encodeContainer(container, { kind: 'none' })).unlock()
    assert.equal(opened.pairs().at(-1)?.pair.publicText, pair.publicText)
  }
})

test('other keys and other texts are refused', async () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const legacy = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const good = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })
  const cases: readonly [string, ContainerError['code'], RegExp][] = [
    [ec.export({ format: 'pem', type: 'pkcs8' }), 'CONTAINER_KEY', /X25519, Ed25519 or RSA key, got ec/],
    [legacy.export({ format: 'pem', type: 'pkcs1' }), 'CONTAINER_FORMAT', /one PKCS#8 private key/],
    [createPublicKey(good).export({ format: 'pem', type: 'spki' }), 'CONTAINER_FORMAT', /one PKCS#8/],
    [`${good}${good}`, 'CONTAINER_FORMAT', /nothing else/],
    [good.replace('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'), 'CONTAINER_FORMAT', /one PKCS#8/],
    [good.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'), 'CONTAINER_FORMAT', /not PKCS#8/],
    [`${PLAIN}AAAA\n-----END PRIVATE KEY-----`, 'CONTAINER_FORMAT', /not PKCS#8/],
    [`${PLAIN}${'A'.repeat(70_000)}\n-----END PRIVATE KEY-----`, 'CONTAINER_FORMAT', /one PKCS#8/],
    ['', 'CONTAINER_FORMAT', /one PKCS#8/],
  ]
  for (const [text, code, message] of cases) {
    await assert.rejects(
      importPkcs8(text, () => Promise.resolve('p')),
      isError(code, message),
    )
  }
  assert.equal((await importPkcs8(good.replaceAll('\n', '\r\n'))).kind, 'signature')
})

test('damaged keys fail in known ways', async () => {
  const good = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })
  const encrypted = generateKeyPairSync('x25519').privateKey.export({
    format: 'pem',
    type: 'pkcs8',
    cipher: 'aes-256-cbc',
    passphrase: 'p',
  })
  const anyChange = fc.tuple(fc.constantFrom(good, encrypted), fc.nat(), fc.string({ maxLength: 2 }))
  const property = fc.asyncProperty(anyChange, async ([pem, position, text]) => {
    const at = position % pem.length
    assert.ok(await failsInKnownWay(pem.slice(0, at) + text + pem.slice(at + 1)))
  })
  await fc.assert(property, { numRuns: RUNS * 5 })
})

test('identities of age are imported with their public halves', () => {
  const [classic, hybrid] = [X25519Identity.generate(), MlKem768X25519Identity.generate()]
  const pairs = importAgeIdentities(`# mine\n${classic.toString()}\n\n${hybrid.toString()}\n`)
  assert.deepEqual(
    pairs.map(({ algorithm, publicText }) => [algorithm, publicText]),
    [
      ['x25519', classic.recipient().toString()],
      ['mlkem768x25519', hybrid.recipient().toString()],
    ],
  )
  assert.throws(
    () => importAgeIdentities('# nothing'),
    (error) => error instanceof AgeError && error.code === 'KEY',
  )
})

test('an Ed25519 half of a hybrid key is a classic key of its own', () => {
  const hybrid = SigningKey.generate('ed25519+mldsa65')
  const half = SigningKey.fromSecretBytes('ed25519', hybrid.secretBytes().subarray(0, 32))
  assert.deepEqual(half.signer.publicBytes, hybrid.signer.publicBytes.slice(0, 32))
  assert.notDeepEqual(half.signer.keyId, hybrid.signer.keyId)
  assert.equal(half.signer.verify(MESSAGE, hybrid.sign(MESSAGE)), false)
})

/** What OpenSSL prints; undefined, and the test skipped, where there is none. */
function openssl(t: TestContext, folder: string, args: readonly string[]): string | undefined {
  const run = spawnSync('openssl', [...args], { cwd: folder, encoding: 'utf8' })
  if (run.error) {
    t.skip('needs openssl')
    return undefined
  }
  assert.equal(run.status, 0, run.stderr)
  return run.stdout
}

async function failsInKnownWay(pem: string): Promise<boolean> {
  try {
    await importPkcs8(pem, () => Promise.resolve('p'))
    return true
  } catch (error) {
    return error instanceof ContainerError
  }
}

function importedRecipient(pair: KeyPair): Recipient {
  assert.equal(pair.kind, 'exchange')
  return pair.identity.recipient()
}

/** A key of two primes from the platform, put together here since it makes no small ones. */
function smallRsaPem(bits: number): string {
  const half = () => generatePrimeSync(bits / 2, { bigint: true })
  const [p, q] = [half(), half()]
  const e = 65537n
  const fits = (p * q) >> BigInt(bits - 1) === 1n && (p - 1n) % e !== 0n && (q - 1n) % e !== 0n
  if (!fits || p === q) return smallRsaPem(bits)
  const text = (value: bigint) => {
    const hex = value.toString(16)
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
  }
  const d = inverse(e, (p - 1n) * (q - 1n))
  const [dp, dq, qi] = [d % (p - 1n), d % (q - 1n), inverse(q, p)]
  const numbers = { n: p * q, e, d, p, q, dp, dq, qi }
  const fields = Object.entries(numbers).map(([name, value]) => [name, text(value)])
  const key = createPrivateKey({ key: { kty: 'RSA', ...Object.fromEntries(fields) }, format: 'jwk' })
  return key.export({ format: 'pem', type: 'pkcs8' })
}

/** By Euclid's extended algorithm; `value` and `modulus` have no common factor. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [r, next, x, y] = [modulus, value % modulus, 0n, 1n]
  while (next !== 0n) {
    const quotient = r / next
    ;[r, next] = [next, r - quotient * next]
    ;[x, y] = [y, x - quotient * y]
  }
  return ((x % modulus) + modulus) % modulus
}

function modulusOf(key: KeyObject): Buffer {
  return Buffer.from(String(key.export({ format: 'jwk' }).n), 'base64url')
}

/**
 * A key encrypted by PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC (RFC 8018 §6.2, appendix A), put together here
 * so that the number of iterations that it asks for can be another than was used.
 */
function encryptedPem(key: KeyObject, iterations: number, asksFor = iterations): string {
  const [salt, iv] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)]
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync('p', salt, iterations, 32, 'sha256'), iv)
  const encrypted = [cipher.update(key.export({ format: 'der', type: 'pkcs8' })), cipher.final()]
  const count = Buffer.from(asksFor.toString(16).padStart(8, '0'), 'hex')
  const sequence = (...parts: readonly Buffer[]) => element(0x30, ...parts)
  const oid = (hex: string) => element(0x06, Buffer.from(hex, 'hex'))
  const hmacSha256 = sequence(oid('2a864886f70d0209'), element(0x05))
  const integer = element(0x02, count.subarray(asksFor < 0x8000 ? 2 : 0))
  const kdf = sequence(oid('2a864886f70d01050c'), sequence(element(0x04, salt), integer, hmacSha256))
  const aes = sequence(oid('60864801650304012a'), element(0x04, iv))
  const scheme = sequence(oid('2a864886f70d01050d'), sequence(kdf, aes))
  return toPem('ENCRYPTED PRIVATE KEY', sequence(scheme, element(0x04, ...encrypted)))
}

/** A DER element of up to 255 bytes. */
function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const contents = Buffer.concat(parts)
  const length = contents.length < 128 ? [contents.length] : [0x81, contents.length]
  return Buffer.concat([Buffer.of(tag, ...length), contents])
}

function toPem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
