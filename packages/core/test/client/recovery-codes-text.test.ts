/* Recovery codes as people have them: in sheets, in groups, in lines, mistyped. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { findRecoveryCodes, newRecoveryCodes, nodeMeans } from '../../src/client/index.ts'
import { ACTS, openStatement, printRecoveryCode } from '../../src/protocol/index.ts'
import { CLIENT } from '../protocol/fixtures.ts'
import { IDENTITY, OWNER_ID } from '../protocol/recovery-fixtures.ts'

const codes = newRecoveryCodes({
  url: 'https://vault.example.org',
  identity: IDENTITY.fingerprint,
  tenant: 'acme',
  client: OWNER_ID,
  signer: CLIENT,
  count: 3,
  previous: null,
  nowMs: 1_795_262_400_500,
})
const named = openStatement(ACTS.codes, codes.statement, nodeMeans).payload.codes
const [first = '', second = '', third = ''] = codes.texts
const keysIn = (text: string) => findRecoveryCodes(text).map(({ key }) => key.signer.toString())

/** A code in lines of so many groups. */
function inLines(text: string, groups: number): string {
  const parts = printRecoveryCode(text).split(' ')
  const lines = parts.flatMap((_, i) => (i % groups === 0 ? [parts.slice(i, i + groups).join(' ')] : []))
  return lines.join('\n')
}

suite('recovery codes in a text', () => {
  const CASES: readonly (readonly [what: string, text: string, keys: readonly string[]])[] = [
    ['one line', first, named.slice(0, 1)],
    ['groups', printRecoveryCode(first), named.slice(0, 1)],
    ['groups in lines', inLines(first, 6), named.slice(0, 1)],
    ['small letters and blanks around', `   ${inLines(first, 4).toLowerCase()}\r\n`, named.slice(0, 1)],
    ['a sheet with several', `1.\n${inLines(first, 6)}\n\n2.\n${inLines(second, 6)}\n`, named.slice(0, 2)],
    ['one twice', `${first}\n${printRecoveryCode(first)}`, named.slice(0, 1)],
    ['words behind it', `Keep this:\n${inLines(third, 6)}\nsafe and secret`, named.slice(2, 3)],
  ]
  for (const [what, text, keys] of CASES) test(what, () => assert.deepEqual(keysIn(text), keys))

  test('say where to go and whom to trust there', () => {
    const [found] = findRecoveryCodes(first)
    assert.equal(found?.url, 'https://vault.example.org')
    assert.equal(found?.identity, IDENTITY.fingerprint)
    assert.equal(found?.client, OWNER_ID)
  })

  const WRONG: readonly (readonly [what: string, text: string])[] = [
    ['nothing', ''],
    ['another text', 'hello'],
    ['a letter too few', first.slice(0, -1)],
    ['a letter exchanged', first.replace(/.{9}$/, (end) => (end.startsWith('Q') ? 'P' : 'Q') + end.slice(1))],
    ['too many of them', `${first}\n`.repeat(17)],
  ]
  for (const [what, text] of WRONG) {
    test(`${what}: refused without being quoted`, () => {
      assert.throws(
        () => findRecoveryCodes(text),
        (error: unknown) => {
          assert.ok(error instanceof Error && 'code' in error && error.code === 'CLIENT_CODE')
          assert.doesNotMatch(error.message, /STRONGROOM-RECOVERY-1Q/)
          return true
        },
      )
    })
  }
})
