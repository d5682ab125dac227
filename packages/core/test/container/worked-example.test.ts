import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { identityToRecipient } from 'age-encryption'
import { MlKem768X25519Identity, X25519Identity } from '../../src/age/index.ts'
import { concat, toHex, utf8Decode, utf8Encode } from '../../src/bytes/index.ts'
import {
  SigningKey,
  encodeContainer,
  exchangePair,
  parseContainer,
  signaturePair,
} from '../../src/container/index.ts'
import type { KeyPair, Profile } from '../../src/container/index.ts'
import { KeyContainer } from '../../src/container/key-container.ts'

const PAGE = readFileSync(new URL('../../../../docs/spec/container.md', import.meta.url), 'utf8')
const VECTORS = new URL('vectors/', import.meta.url)
const CREATED = '2026-01-31T12:00:00Z'

const EXAMPLES = [
  {
    name: 'example',
    profile: 'classic',
    pairs: [
      exchangePair(X25519Identity.fromBytes(seed(1))),
      signaturePair(SigningKey.fromSecretBytes('ed25519', seed(2))),
    ],
    file: utf8Encode(/```json\n([^`]*)```/.exec(PAGE)?.[1] ?? ''),
  },
  {
    name: 'example-pq',
    profile: 'pq',
    pairs: [
      exchangePair(MlKem768X25519Identity.fromBytes(seed(3))),
      signaturePair(SigningKey.fromSecretBytes('ed25519+mldsa65', concat(seed(4), seed(5)))),
    ],
    file: readVector('example-pq.container'),
  },
] as const

for (const { name, profile, pairs, file } of EXAMPLES) {
  test(`${name}: the file follows from its seeds byte for byte`, () => {
    const container = containerOf(name, profile, pairs)
    assert.equal(utf8Decode(encodeContainer(container, { kind: 'none' })), utf8Decode(file))
    assert.ok(PAGE.includes(`\`${sha256Hex(file)}\``), 'the page has another hash')
  })

  test(`${name}: the file opens, and its private part carries the hash of its public part`, () => {
    const opened = parseContainer(file).unlock()
    assert.deepEqual(
      opened.pairs().map(({ pair }) => pair.secretText()),
      pairs.map((pair) => pair.secretText()),
    )
    // By the page's own words: the object without its last member, encoded by the same rules.
    const { private: privatePart, ...publicPart } = JSON.parse(utf8Decode(file))
    const digest = sha256Hex(utf8Encode(`${JSON.stringify(publicPart, null, 2)}\n`))
    assert.equal(privatePart.public, digest)
  })

  test(`${name}: age-encryption derives the same recipient`, async () => {
    const [exchange] = pairs
    assert.equal(await identityToRecipient(exchange.secretText()), exchange.publicText)
  })
}

test('the example under a passphrase still opens', () => {
  const locked = parseContainer(readVector('example-passphrase.container'))
  const opened = locked.unlock('correct horse battery staple')
  const [classic] = EXAMPLES
  assert.deepEqual(opened.info(), parseContainer(classic.file).info)
})

test('every vector is tried here', () => {
  const found = readdirSync(VECTORS).filter((file) => file.endsWith('.container'))
  assert.deepEqual(found.sort(), ['example-passphrase.container', 'example-pq.container'])
})

/** Ids by the page's rules, not by the code's. */
function containerOf(name: string, profile: Profile, pairs: readonly KeyPair[]): KeyContainer {
  const keys = pairs.map((pair) => ({
    use: pair.kind === 'exchange' ? ('exchange' as const) : ('signature' as const),
    algorithm: pair.algorithm,
    id: `SHA256:${idOf(pair)}`,
    public: pair.publicText,
    created: CREATED,
    state: 'active' as const,
  }))
  return KeyContainer.fromPairs({ name, profile, created: CREATED, keys }, pairs)
}

function idOf(pair: KeyPair): string {
  const hashed =
    pair.kind === 'exchange'
      ? concat(utf8Encode('strongroom exchange v1\n'), utf8Encode(pair.publicText))
      : concat(
          utf8Encode('strongroom signer v1\n'),
          Uint8Array.of(pair.algorithm === 'ed25519' ? 1 : 2),
          Buffer.from(pair.publicText, 'base64'),
        )
  return createHash('sha256').update(hashed).digest('base64').replace('=', '')
}

function seed(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte)
}

function readVector(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(new URL(name, VECTORS)))
}

function sha256Hex(bytes: Uint8Array): string {
  return toHex(createHash('sha256').update(bytes).digest())
}
