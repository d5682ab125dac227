import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { encodeHeader } from '@strongroom/core/age'
import { parseDepositBlob } from '@strongroom/core/client'
import {
  encodeDepositBody,
  encodeRecoveryBundle,
  parseDepositBody,
  type DepositContext,
  type Envelope,
} from '@strongroom/core/protocol'
import { bytesOf } from '../support/authority.ts'
import { removeFolders } from '../custodian/connected.ts'
import { CUSTODIAN, digestOf, IDENTITY, OWNER_KEY, STRANGER } from '../custodian/world.ts'
import { Attacked } from './bundle-custodian.ts'
import { DEPOSIT_MEMBERS, IN_PLACE, MEMBERS, SIGNED_BY_OTHERS } from './bundle-members.ts'
import { made, payloadOf, signedBy, STATEMENTS, type Called } from './tale-statements.ts'
import { SESSION_KEYS, tale, type Tale } from './tale.ts'

// M3, M5, M7: every statement on which a release rests is signed by somebody else, and every member of each is changed and signed again by
// whoever has to sign it: once in the bundle alone, and once in the log too. Each has its own answer, and leaves no trace.

const honest = tale()
const attacked = new Attacked(honest)
/** Has seen nothing of any log: what it refuses, it refuses by what is said. */
const stranger = new Attacked(honest, true)
after(async () => {
  for (const custodian of [attacked, stranger]) custodian.remove()
  await removeFolders()
})

const named = (fate: string) => fate.replace('BUNDLE_', '')
const bundleOf = ({ own }: Tale) => encodeRecoveryBundle(own.bundle)

function said(called: Called): Envelope {
  const found = honest.statements.get(called)
  if (!found) throw new RangeError(`nobody said ${called}`)
  return found
}

/** The honest bundle with another statement in the place of one, wherever that stands. */
function exchanged<T>(within: T, before: Envelope, instead: Envelope): T {
  if ((within as unknown) === before) return instead as T
  if (Array.isArray(within)) return within.map((item: unknown) => exchanged(item, before, instead)) as T
  if (typeof within !== 'object' || within === null || within instanceof Uint8Array) return within
  return Object.fromEntries(
    Object.entries(within).map(([name, value]) => [name, exchanged(value as unknown, before, instead)]),
  ) as T
}

const fateInPlace = (called: Called, instead: Envelope) =>
  named(attacked.fate(encodeRecoveryBundle(exchanged(honest.own.bundle, said(called), instead))))

describe('M7: a statement on which a release rests', () => {
  for (const called of Object.keys(STATEMENTS) as Called[]) {
    test(`is refused if somebody else signs it: ${called}`, () => {
      for (const by of [STRANGER, CUSTODIAN, IDENTITY]) {
        const forged = signedBy(said(called), by)
        assert.deepEqual(digestOf(forged), digestOf(said(called)))
        if (by === IDENTITY && (called === 'charter' || STATEMENTS[called] === 'epoch')) continue
        assert.equal(fateInPlace(called, forged), SIGNED_BY_OTHERS[called])
      }
      const unsigned = { ...said(called), signatures: said(called).signatures.slice(1) }
      if (unsigned.signatures.length > 0)
        assert.equal(fateInPlace(called, unsigned), SIGNED_BY_OTHERS[called])
    })

    test(`is tested in all that it says: ${called}`, () => {
      const members = Object.keys(JSON.parse(Buffer.from(said(called).payload).toString()) as object)
      assert.deepEqual(Object.keys(MEMBERS[called]).toSorted(), members.toSorted())
    })

    const rows = Object.entries(MEMBERS[called]) as [string, readonly [unknown, string, object?]][]
    test(`is refused if the log has another: ${called}`, () => {
      const fates = rows.map(([member, [value, , also]]) => {
        const instead = made(STATEMENTS[called], {
          ...payloadOf(called, said(called)),
          ...also,
          [member]: value,
        })
        assert.notDeepEqual(digestOf(instead), digestOf(said(called)))
        return [member, fateInPlace(called, instead)]
      })
      const expected = rows.map(([member]) => [
        member,
        IN_PLACE[called].but?.[member] ?? IN_PLACE[called].fate,
      ])
      assert.deepEqual(Object.fromEntries(fates), Object.fromEntries(expected))
    })

    test(`says what it says in the log: ${called}`, () => {
      const fates = rows.map(([member, [value, , also]]) => {
        const changed = tale({ change: { called, members: { ...also, [member]: value } } })
        // Of its own releases a custodian knows: here of the changed one.
        const custodian = called === 'release of the charter' ? new Attacked(changed, true) : stranger
        const fate = named(custodian.fate(bundleOf(changed)))
        if (custodian !== stranger) custodian.remove()
        return [member, fate]
      })
      const expected = rows.map(([member, [, fate]]) => [member, fate])
      assert.deepEqual(Object.fromEntries(fates), Object.fromEntries(expected))
    })
  }
})

/** A deposit of which the owner signs something else. */
function resigned(blob: Uint8Array, changes: Partial<DepositContext>): Uint8Array {
  const { header, body } = parseDepositBlob(blob)
  const { context } = parseDepositBody(body)
  const [recipient, stanza] = header.stanzas
  if (!recipient || !stanza) throw new RangeError('a deposit has two stanzas')
  const signed = encodeDepositBody({ ...context, ...changes }, (message) => OWNER_KEY.sign(message))
  return encodeHeader([recipient, { ...stanza, body: signed }], SESSION_KEYS[1])
}

describe('M3: a deposit that is in the log and asked for', () => {
  test('is tested in all that it says', () => {
    const [blob] = honest.own.bundle.deposits
    assert.ok(blob)
    const { context } = parseDepositBody(parseDepositBlob(blob).body)
    const members = new Set([
      ...Object.keys(context),
      'sealId',
      'object',
      'description',
      'previous',
      'enclosed',
    ])
    assert.deepEqual(Object.keys(DEPOSIT_MEMBERS).toSorted(), [...members].toSorted())
  })
  for (const [member, [value, fate, also]] of Object.entries(DEPOSIT_MEMBERS)) {
    test(`with another value, signed by its owner: ${member}`, () => {
      const changed = tale({ replaced: (blob) => resigned(blob, { ...also, [member]: value }) })
      assert.equal(named(stranger.fate(bundleOf(changed))), fate)
    })
  }
  test('whose signature is somebody else’s', () => {
    const changed = tale({
      replaced: (blob) => {
        const { header, body } = parseDepositBlob(blob)
        const { context } = parseDepositBody(body)
        const [recipient, stanza] = header.stanzas
        if (!recipient || !stanza) throw new RangeError('a deposit has two stanzas')
        const forged = encodeDepositBody(context, (message) => STRANGER.sign(message))
        return encodeHeader([recipient, { ...stanza, body: forged }], SESSION_KEYS[1])
      },
    })
    assert.equal(named(stranger.fate(bundleOf(changed))), 'DEPOSITS')
  })
  test('whose recipient is another than is signed', () => {
    const changed = tale({
      replaced: (blob) => {
        const { header } = parseDepositBlob(blob)
        const [recipient, stanza] = header.stanzas
        if (!recipient || !stanza) throw new RangeError('a deposit has two stanzas')
        const other = { ...recipient, body: bytesOf(7, recipient.body.length) }
        return encodeHeader([other, stanza], SESSION_KEYS[1])
      },
    })
    assert.equal(named(stranger.fate(bundleOf(changed))), 'DEPOSITS')
  })
})
