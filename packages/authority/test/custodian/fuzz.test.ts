import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toHex } from '@strongroom/core/bytes'
import { encodeRecoveryBundle, type Envelope, type RecoveryBundle } from '@strongroom/core/protocol'
import { checkBundle, CustodianError, readBundle, type CheckedBundle } from '../../src/custodian/index.ts'
import { knowledgeOf } from './checking.ts'
import { story, type Story } from './story.ts'
import { CUSTODIAN, DAY, forged, OFFICERS, STRANGER } from './world.ts'

// Whatever is done to a good bundle, it is refused by name or it releases exactly what it released before.

const USUAL = story()
const BYTES = encodeRecoveryBundle(USUAL.bundle)
const GOOD = resultOf(check(BYTES))
/** The same story under another identity of everything that differs from log to log; and one a day later. */
const OTHERS = [
  story({ sessionKeys: [new Uint8Array(16)] }),
  story({ start: 0 }),
  story({ at: USUAL.now + DAY }),
]

function check(bytes: Uint8Array, told: Story = USUAL): CheckedBundle {
  return checkBundle(readBundle(bytes), knowledgeOf(told), told.now)
}

/** Everything that a release depends on. */
function resultOf({ digest, deposits, persons, tenant, subject }: CheckedBundle): unknown {
  const recipient = subject.kind === 'request' ? subject.statement.payload.recipient : ''
  return { digest: toHex(digest), ids: deposits.map(({ id }) => toHex(id)), persons, tenant, recipient }
}

/** Whether it was refused; anything else than a named refusal, or another result, fails the test. */
function survives(bytes: Uint8Array, what: string): boolean {
  try {
    assert.deepEqual(resultOf(check(bytes)), GOOD, what)
    return false
  } catch (error) {
    if (!(error instanceof CustodianError)) throw error
    assert.match(error.code, /^BUNDLE_/, what)
    return true
  }
}

function survivesBundle(bundle: RecoveryBundle, what: string): boolean {
  try {
    return survives(encodeRecoveryBundle(bundle), what)
  } catch (error) {
    // What no writer writes, no custodian gets.
    if (error instanceof Error && error.name === 'ProtocolError') return true
    throw error
  }
}

type Lists = 'epochs' | 'deposits' | 'enrolments' | 'evidence' | 'statements' | 'proofs' | 'charters'
const LISTS: readonly Lists[] = [
  'epochs',
  'deposits',
  'enrolments',
  'evidence',
  'statements',
  'proofs',
  'charters',
]

const listIn = (bundle: RecoveryBundle, name: Lists): readonly unknown[] => bundle[name]
const withList = (bundle: RecoveryBundle, name: Lists, list: readonly unknown[]): RecoveryBundle => ({
  ...bundle,
  [name]: list as never,
})

describe('a bundle that somebody changed', () => {
  test('anywhere, by one bit, is refused or no other', () => {
    let refused = 0
    const step = process.env['SLOW'] ? 7 : 331
    for (let at = 0; at < BYTES.length; at += step) {
      const bytes = BYTES.slice()
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
      if (survives(bytes, `bit ${at % 8} of byte ${at}`)) refused++
    }
    assert.ok(refused > 50, `${refused} refused`)
  })
  test('anywhere in its entries, is refused', () => {
    const { start, subtrees, entries } = USUAL.bundle.range
    for (let at = 0; at < entries.length; at += 11) {
      const changed = entries.slice()
      changed[at] = (changed[at] ?? 0) ^ 0x10
      const bundle = { ...USUAL.bundle, range: { start, subtrees, entries: changed } }
      assert.ok(survivesBundle(bundle, `byte ${at} of the entries`))
    }
  })
  test('by cutting it short is refused', () => {
    const step = process.env['SLOW'] ? 13 : 487
    for (let length = 0; length < BYTES.length; length += step) {
      assert.ok(survives(BYTES.slice(0, length), `${length} bytes`), `${length} bytes`)
    }
  })
  for (const name of LISTS) {
    test(`by dropping, repeating or turning round ${name}, is refused or no other`, () => {
      const list = listIn(USUAL.bundle, name)
      for (const [i, member] of list.entries()) {
        const without = withList(USUAL.bundle, name, list.toSpliced(i, 1))
        const dropped = survivesBundle(without, `${name} without ${i}`)
        // A vetting on which nothing rests is the one that nobody misses.
        if (name !== 'evidence') assert.ok(dropped, `${name} without ${i}`)
        survivesBundle(withList(USUAL.bundle, name, list.toSpliced(i, 0, member)), `${name} twice ${i}`)
      }
      survivesBundle(withList(USUAL.bundle, name, list.toReversed()), `${name} turned round`)
    })
    test(`by putting ${name} of another log in, is refused or no other`, () => {
      for (const other of OTHERS) {
        survivesBundle(withList(USUAL.bundle, name, listIn(other.bundle, name)), name)
      }
    })
  }
  for (const name of ['subject', 'terms', 'receipt', 'checkpoint', 'range'] as const) {
    test(`by putting the ${name} of another log in, is refused or no other`, () => {
      for (const other of OTHERS) {
        survivesBundle({ ...USUAL.bundle, [name]: other.bundle[name] }, name)
      }
    })
  }
  test('by signing any statement with another key is refused', () => {
    for (const by of [STRANGER, OFFICERS[0], CUSTODIAN]) {
      const again = (envelopes: readonly Envelope[], i: number) =>
        envelopes.map((envelope, at) => (at === i ? forged(envelope, by) : envelope))
      for (const name of ['epochs', 'enrolments', 'evidence', 'statements'] as const) {
        const list = USUAL.bundle[name]
        for (const i of list.keys()) {
          assert.ok(
            survivesBundle(withList(USUAL.bundle, name, again(list, i)), `${name} ${i}`),
            `${name} ${i}`,
          )
        }
      }
      assert.ok(survivesBundle({ ...USUAL.bundle, subject: forged(USUAL.bundle.subject, by) }, 'subject'))
    }
  })
})
