import assert from 'node:assert/strict'
import { createHash, webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { concat, fromHex, toBase64, utf8Encode } from '../../src/bytes/index.ts'
import {
  SIGNATURE_SUITES,
  SignerKey,
  SigningKey,
  suiteById,
  suiteByName,
  suiteOfProfile,
} from '../../src/container/index.ts'
import type { SuiteName } from '../../src/container/index.ts'
import { isError } from './fixtures.ts'

const SUITES = Object.keys(SIGNATURE_SUITES) as SuiteName[]
const MESSAGE = utf8Encode('strongroom test v1\na message')

for (const name of SUITES) {
  test(`${name}: signs, verifies, and every altered byte is noticed`, () => {
    const key = SigningKey.generate(name)
    const signature = key.sign(MESSAGE)
    assert.equal(signature.length, SIGNATURE_SUITES[name].signatureLength)
    assert.equal(key.signer.verify(MESSAGE, signature), true)
    const step = name === 'ed25519' ? 1 : 41
    for (let i = 0; i < signature.length; i += step) {
      const altered = Uint8Array.from(signature)
      altered[i] = (altered[i] ?? 0) ^ 1
      assert.equal(key.signer.verify(MESSAGE, altered), false, `byte ${i}`)
    }
    assert.equal(key.signer.verify(concat(MESSAGE, Uint8Array.of(0)), signature), false)
    assert.equal(SigningKey.generate(name).signer.verify(MESSAGE, signature), false)
  })

  test(`${name}: the pool verifies as the caller's thread does`, async () => {
    const key = SigningKey.generate(name)
    const signature = key.sign(MESSAGE)
    const longer = concat(MESSAGE, Uint8Array.of(0))
    assert.equal(await key.signer.verifyInPool(MESSAGE, signature), true)
    assert.equal(await key.signer.verifyInPool(longer, signature), false)
    assert.equal(await SigningKey.generate(name).signer.verifyInPool(MESSAGE, signature), false)
    for (const at of [0, 63, signature.length - 1]) {
      const altered = Uint8Array.from(signature)
      altered[at] = (altered[at] ?? 0) ^ 1
      assert.equal(await key.signer.verifyInPool(MESSAGE, altered), false, `byte ${at}`)
    }
    assert.equal(await key.signer.verifyInPool(MESSAGE, signature.subarray(1)), false)
  })

  test(`${name}: what the pool verifies may be overwritten at once`, async () => {
    const key = SigningKey.generate(name)
    const [message, signature] = [Uint8Array.from(MESSAGE), key.sign(MESSAGE)]
    const verified = key.signer.verifyInPool(message, signature)
    message.fill(0)
    signature.fill(0)
    assert.equal(await verified, true)
  })

  test(`${name}: a signature of another length is false, not an error`, () => {
    const key = SigningKey.generate(name)
    const signature = key.sign(MESSAGE)
    for (const length of [0, 1, 63, 64, signature.length - 1]) {
      const valid = length === signature.length
      assert.equal(key.signer.verify(MESSAGE, signature.subarray(0, length)), valid)
    }
    assert.equal(key.signer.verify(MESSAGE, concat(signature, Uint8Array.of(0))), false)
  })

  test(`${name}: the seeds make the same pair again`, () => {
    const key = SigningKey.generate(name)
    const secret = key.secretBytes()
    assert.equal(secret.length, SIGNATURE_SUITES[name].secretLength)
    const again = SigningKey.fromSecretBytes(name, secret)
    assert.deepEqual(again.signer.keyId, key.signer.keyId)
    assert.equal(key.signer.verify(MESSAGE, again.sign(MESSAGE)), true)
    assert.throws(() => SigningKey.fromSecretBytes(name, secret.subarray(1)), isError('CONTAINER_KEY'))
  })

  test(`${name}: the text form is exact`, () => {
    const { signer } = SigningKey.generate(name)
    const text = signer.toString()
    assert.equal(SignerKey.parse(text).toString(), text)
    for (const wrong of [
      '',
      name,
      `${name}  ${text}`,
      `${text} `,
      `${text}=`,
      text.slice(0, -4),
      `x${text}`,
    ]) {
      assert.throws(() => SignerKey.parse(wrong), /signer|expected|base64/, wrong)
    }
  })

  test(`${name}: the key id is the labelled hash of suite and public key`, () => {
    const { signer } = SigningKey.generate(name)
    const hashed = concat(
      utf8Encode('strongroom signer v1\n'),
      Uint8Array.of(name === 'ed25519' ? 1 : 2),
      signer.publicBytes,
    )
    const digest = createHash('sha256').update(hashed).digest()
    assert.deepEqual(signer.keyId, Uint8Array.from(digest))
    assert.equal(signer.fingerprint, `SHA256:${toBase64(signer.keyId)}`)
  })

  test(`${name}: a wiped key refuses to sign`, () => {
    const key = SigningKey.generate(name)
    key.wipe()
    assert.throws(() => key.sign(MESSAGE), isError('CONTAINER_KEY'))
    assert.throws(() => key.secretBytes(), isError('CONTAINER_KEY'))
  })
}

test('one good half does not make a good signature', async () => {
  const key = SigningKey.generate('ed25519+mldsa65')
  const other = SigningKey.generate('ed25519+mldsa65')
  const [good, foreign] = [key.sign(MESSAGE), other.sign(MESSAGE)]
  assert.equal(key.signer.verify(MESSAGE, concat(good.subarray(0, 64), foreign.subarray(64))), false)
  assert.equal(key.signer.verify(MESSAGE, concat(foreign.subarray(0, 64), good.subarray(64))), false)
  assert.equal(key.signer.verify(MESSAGE, concat(good.subarray(0, 64), good.subarray(64))), true)
  for (const [one, two] of [
    [good, foreign],
    [foreign, good],
  ] as const) {
    const mixed = concat(one.subarray(0, 64), two.subarray(64))
    assert.equal(await key.signer.verifyInPool(MESSAGE, mixed), false)
  }
})

test('a public key that is no point verifies nothing', async () => {
  const signer = SignerKey.fromBytes('ed25519', new Uint8Array(32).fill(0xff))
  assert.equal(signer.verify(MESSAGE, new Uint8Array(64)), false)
  assert.equal(await signer.verifyInPool(MESSAGE, new Uint8Array(64)), false)
})

test('Ed25519 agrees with RFC 8032 §7.1, test 3', () => {
  const secret = fromHex('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7')
  const key = SigningKey.fromSecretBytes('ed25519', secret)
  const expected = fromHex('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025')
  assert.deepEqual(key.signer.publicBytes, expected)
  const signature =
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
    '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'
  assert.deepEqual(key.sign(fromHex('af82')), fromHex(signature))
})

test('both halves agree with WebCrypto, in both directions', async () => {
  const { subtle } = webcrypto
  const key = SigningKey.generate('ed25519+mldsa65')
  const signature = key.sign(MESSAGE)
  const secret = key.secretBytes()
  const parts = [
    { algorithm: 'Ed25519', seed: 'pkcs8', key: [0, 32], signature: [0, 64] },
    { algorithm: 'ML-DSA-65', seed: 'raw-seed', key: [32, 1984], signature: [64, 3373] },
  ] as const
  const theirs: Uint8Array[] = []
  for (const [i, part] of parts.entries()) {
    const format = part.algorithm === 'Ed25519' ? 'raw' : 'raw-public'
    const publicBytes = Uint8Array.from(key.signer.publicBytes.subarray(...part.key))
    const publicKey = await subtle.importKey(format, publicBytes, part.algorithm, false, ['verify'])
    const half = Uint8Array.from(signature.subarray(...part.signature))
    const message = Uint8Array.from(MESSAGE)
    assert.equal(await subtle.verify(part.algorithm, publicKey, half, message), true, part.algorithm)
    const seed = Uint8Array.from(secret.subarray(32 * i, 32 * i + 32))
    // RFC 8410 §7: the fixed head of an Ed25519 PKCS#8 key.
    const pkcs8 = Uint8Array.from(concat(fromHex('302e020100300506032b657004220420'), seed))
    const material = part.seed === 'pkcs8' ? pkcs8 : seed
    const privateKey = await subtle.importKey(part.seed, material, part.algorithm, false, ['sign'])
    theirs.push(new Uint8Array(await subtle.sign(part.algorithm, privateKey, message)))
  }
  assert.equal(key.signer.verify(MESSAGE, concat(...theirs)), true)
})

test('the table is found by id, name and profile', () => {
  for (const name of SUITES) {
    const row = SIGNATURE_SUITES[name]
    assert.equal(suiteById(row.id), row)
    assert.equal(suiteByName(name), row)
    assert.equal(suiteOfProfile(row.profile), row)
  }
  assert.equal(suiteById(0), undefined)
  assert.equal(suiteByName('toString'), undefined)
})
