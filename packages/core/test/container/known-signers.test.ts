import assert from 'node:assert/strict'
import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ContainerError, KnownSigners, SigningKey } from '../../src/container/index.ts'
import type { SignerKey } from '../../src/container/index.ts'
import { RUNS, inFolder, isError } from './fixtures.ts'

const alice = classicSigner(1)
const bob = classicSigner(2)
const hybrid = SigningKey.fromSecretBytes('ed25519+mldsa65', new Uint8Array(64).fill(3)).signer

const FILE = `# people whose files we open
alice ${alice.toString()}

bob@example.org ${bob.toString()} from the card of 3 May
Carol ${hybrid.toString()}
`

test('reads, finds and writes again exactly', () => {
  const known = KnownSigners.parse(FILE)
  assert.deepEqual(
    known.entries.map(({ alias, comment }) => [alias, comment]),
    [
      ['alice', ''],
      ['bob@example.org', 'from the card of 3 May'],
      ['Carol', ''],
    ],
  )
  assert.equal(known.find(bob.keyId)?.alias, 'bob@example.org')
  assert.equal(known.find(hybrid.keyId)?.signer.toString(), hybrid.toString())
  assert.equal(known.find(classicSigner(9).keyId), undefined)
  assert.equal(known.find(new Uint8Array(0)), undefined)
  assert.equal(known.named('carol')?.alias, 'Carol')
  assert.equal(known.encode(), FILE)
  assert.equal(KnownSigners.parse('').encode(), '')
})

test('adding and removing leaves the other lines alone', () => {
  const known = KnownSigners.parse(FILE)
  const dave = classicSigner(4)
  known.add('dave', dave, 'met in person')
  known.add('dave', dave)
  assert.equal(known.encode(), `${FILE}dave ${dave.toString()} met in person\n`)
  known.remove('DAVE')
  assert.equal(known.encode(), FILE)
  assert.equal(known.find(dave.keyId), undefined)
  assert.throws(() => known.remove('dave'), isError('CONTAINER_NOT_FOUND', /signer called "dave"/))
})

test('an alias stands for one key and a key has one alias', () => {
  const known = KnownSigners.parse(FILE)
  for (const alias of ['alice', 'ALICE']) {
    assert.throws(() => known.add(alias, classicSigner(5)), isError('CONTAINER_EXISTS', /alias/))
  }
  assert.throws(() => known.add('alicia', alice), isError('CONTAINER_EXISTS', /called alice/))
  assert.throws(() => known.add('ALICE', alice), isError('CONTAINER_EXISTS'))
  assert.equal(known.encode(), FILE)
})

test('what cannot stand on a line is refused', () => {
  const known = KnownSigners.empty()
  for (const alias of ['', '#x', 'a b', '-x', '.x', 'a\nb', 'é', 'x'.repeat(65)]) {
    assert.throws(() => known.add(alias, alice), isErrorOfEither('CONTAINER_NAME', 'CONTAINER_FORMAT'), alias)
  }
  for (const comment of [' x', 'x ', 'a\nb', 'a\rb', 'a\u202eb', 'a\u200bb', ' ']) {
    assert.throws(() => known.add('alice', alice, comment), isError('CONTAINER_FORMAT'), comment)
  }
  assert.equal(known.encode(), '')
})

test('errors name the line', () => {
  const line = `alice ${alice.toString()}\n`
  const cases: readonly [string, RegExp][] = [
    ['alice', /^last line: expected a line feed/],
    [line.slice(0, -1), /^last line/],
    [`${line}\r\n`, /^line 2: control/],
    [`\n${line.replace('\n', '\r\n')}`, /^line 2: control/],
    [`alice\n`, /^line 1: expected a signer/],
    [`# c\n${line}${line}`, /^line 3: alias alice already/],
    [`${line}b${line}`, /^line 2: this signer is already called alice/],
    [line.replace('ed25519', 'ED25519'), /^line 1: expected a signer/],
    [line.replace(' ', '  '), /^line 1: expected a signer/],
    [line.replace('\n', ' \n'), /^line 1: expected single spaces/],
    [line.replace('\n', '=\n'), /^line 1: expected a signer: .*base64/],
    [` ${line}`, /^line 1: not an alias/],
  ]
  for (const [text, message] of cases) {
    assert.throws(() => KnownSigners.parse(text), isError('CONTAINER_FORMAT', message), JSON.stringify(text))
  }
})

test('any altered text is refused or written again exactly', () => {
  const position = fc.nat(FILE.length - 1)
  const inserted = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('', '\n', ' ', '#', '=', '\0', 'A'))
  const property = fc.property(position, fc.nat(3), inserted, (at, cut, text) => {
    const altered = FILE.slice(0, at) + text + FILE.slice(at + cut)
    assert.ok(refusedOrExact(altered))
  })
  fc.assert(property, { numRuns: RUNS * 10 })
  fc.assert(
    fc.property(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }), (text) =>
      refusedOrExact(text),
    ),
    { numRuns: RUNS * 5 },
  )
})

test('is saved 0600 and loaded again; a file that others can write is refused', () =>
  inFolder((folder) => {
    const path = join(folder, 'known_signers')
    assert.throws(() => KnownSigners.load(path), isError('CONTAINER_NOT_FOUND'))
    KnownSigners.parse(FILE).save(path)
    KnownSigners.load(path).save(path)
    assert.equal(readFileSync(path, 'utf8'), FILE)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    chmodSync(path, 0o644)
    assert.equal(KnownSigners.load(path).encode(), FILE)
    chmodSync(path, 0o664)
    assert.throws(() => KnownSigners.load(path), isError('CONTAINER_PERMISSIONS', /0664, expected 0644/))
    symlinkSync(path, join(folder, 'link'))
    assert.throws(() => KnownSigners.load(join(folder, 'link')), isError('CONTAINER_PERMISSIONS', /link/))
    writeFileSync(path, Uint8Array.of(0x23, 0xff, 0x0a), { mode: 0o600 })
    chmodSync(path, 0o600)
    assert.throws(() => KnownSigners.load(path), isError('CONTAINER_FORMAT', /UTF-8/))
  }))

function refusedOrExact(text: string): boolean {
  try {
    return KnownSigners.parse(text).encode() === text
  } catch (error) {
    return error instanceof ContainerError && error.code === 'CONTAINER_FORMAT'
  }
}

function classicSigner(seed: number): SignerKey {
  return SigningKey.fromSecretBytes('ed25519', new Uint8Array(32).fill(seed)).signer
}

function isErrorOfEither(...codes: readonly string[]): (error: unknown) => boolean {
  return (error) => error instanceof ContainerError && codes.includes(error.code)
}
