import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AgeError,
  MlKem768X25519Identity,
  parseIdentity,
  parseIdentityFile,
  parseRecipient,
  parseRecipientFile,
  X25519Identity,
} from '@strongroom/core/age'
import { bech32Encode, utf8Encode } from '@strongroom/core/bytes'
import * as fc from 'fast-check'
import { mutationsOf, singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'

const classic = X25519Identity.fromBytes(new Uint8Array(32).fill(9))
const pq = MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(9))

for (const identity of [classic, pq]) {
  const [secret, text] = [identity.toString(), identity.recipient().toString()]

  test(`${identity.kind}: texts are parsed to what they came from`, () => {
    assert.equal(parseIdentity(secret).toString(), secret)
    assert.equal(parseIdentity(secret).kind, identity.kind)
    assert.equal(parseRecipient(text).toString(), text)
    assert.equal(parseRecipient(text).kind, identity.kind)
  })

  test(`${identity.kind}: texts in the other case are refused`, () => {
    throwsCode(AgeError, 'KEY', () => parseIdentity(secret.toLowerCase()))
    throwsCode(AgeError, 'KEY', () => parseRecipient(text.toUpperCase()))
  })

  test(`${identity.kind}: whatever parses is written again exactly`, () => {
    const exactly = (original: string, parse: (text: string) => { toString(): string }) =>
      fc.property(mutationsOf(utf8Encode(original)), (bytes) => {
        const near = Buffer.from(bytes).toString('latin1')
        if (accepts(() => parse(near))) assert.equal(parse(near).toString(), near)
      })
    fc.assert(exactly(secret, parseIdentity), PROPERTY)
    fc.assert(exactly(text, parseRecipient), PROPERTY)
  })
}

test('every single-bit flip of a key is noticed', () => {
  for (const flipped of singleBitFlips(utf8Encode(classic.toString()))) {
    throwsCode(AgeError, 'KEY', () => parseIdentity(Buffer.from(flipped).toString('latin1')))
  }
})

test('a secret where a recipient belongs is named as such', () => {
  for (const secret of [classic.toString(), pq.toString(), classic.toString().toLowerCase()]) {
    const error = throwsCode(AgeError, 'KEY', () => parseRecipient(secret))
    assert.match(error.message, /secret/)
    assertSilent(error, secret)
  }
  throwsCode(AgeError, 'KEY', () => parseIdentity(classic.recipient().toString()))
})

test('keys of unknown types and of known types with other lengths are refused', () => {
  for (const hrp of ['age1tag', 'age1yubikey', 'ssh', 'age2']) {
    throwsCode(AgeError, 'KEY', () => parseRecipient(bech32Encode(hrp, new Uint8Array(32))))
  }
  throwsCode(AgeError, 'KEY', () => parseRecipient(bech32Encode('age', new Uint8Array(33))))
  throwsCode(AgeError, 'KEY', () => parseRecipient(bech32Encode('age1pq', new Uint8Array(32))))
  throwsCode(AgeError, 'KEY', () => parseIdentity(bech32Encode('AGE-PLUGIN-X-', new Uint8Array(32))))
  throwsCode(AgeError, 'KEY', () => parseIdentity(bech32Encode('AGE-SECRET-KEY-', new Uint8Array(31))))
})

const IDENTITY_FILE = `# created: 2026-01-02T03:04:05Z
# public key: ${classic.recipient().toString()}
${classic.toString()}

\t # indented\t
  ${pq.toString()}  \r
`

test('files of keys: comments, blank lines, spaces around, both line ends', () => {
  const kinds = (keys: readonly { kind: string }[]) => keys.map((key) => key.kind)
  assert.deepEqual(kinds(parseIdentityFile(IDENTITY_FILE)), ['X25519', 'mlkem768x25519'])
  assert.deepEqual(kinds(parseIdentityFile(IDENTITY_FILE.replaceAll('\n', '\r\n'))), [
    'X25519',
    'mlkem768x25519',
  ])
  const recipients = `# team\r\n${pq.recipient().toString()}\r\n\r\n${classic.recipient().toString()}`
  assert.deepEqual(kinds(parseRecipientFile(recipients)), ['mlkem768x25519', 'X25519'])
})

test('files of keys: an error names the line and never shows it', () => {
  const damaged = `${classic.toString().slice(0, -1)}Q`
  const error = throwsCode(AgeError, 'KEY', () =>
    parseIdentityFile(`# one\n\n${pq.toString()}\n${damaged}\n`),
  )
  assert.equal(error.line, 4)
  assert.match(error.message, /^line 4: /)
  assertSilent(error, damaged)
  const misplaced = throwsCode(AgeError, 'KEY', () =>
    parseRecipientFile(`# recipients\n${classic.toString()}\n`),
  )
  assert.equal(misplaced.line, 2)
  assertSilent(misplaced, classic.toString())
})

test('files of keys: none is an error', () => {
  for (const text of ['', '\n\n', '# only\n# comments\n']) {
    assert.equal(throwsCode(AgeError, 'KEY', () => parseIdentityFile(text)).line, undefined)
    throwsCode(AgeError, 'KEY', () => parseRecipientFile(text))
  }
})

function accepts(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch (error) {
    assert.ok(error instanceof AgeError && error.code === 'KEY', String(error))
    return false
  }
}

/** Neither the error nor what caused it quotes the secret. */
function assertSilent(error: Error, secret: string): void {
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    assert.ok(!one.message.toUpperCase().includes(secret.toUpperCase().slice(15, 30)), one.message)
  }
}
