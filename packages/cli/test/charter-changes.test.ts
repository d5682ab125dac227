import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { CharterPlan } from '@strongroom/authority'
import * as fc from 'fast-check'
import {
  addKey,
  addPerson,
  removeKey,
  removePerson,
  setRoles,
  setRule,
  type Change,
} from '../src/charter/changes.ts'
import { differences, lengthText } from '../src/charter/difference.ts'

const RULE = { approvals: 2, waiting: 3_600, expiry: 86_400, evidence: { need: 0, of: [] } } as const
const PLAN: CharterPlan = {
  people: [
    { id: 'ada', name: 'Ada', signers: ['SHA256:a'], roles: ['administrator'] },
    { id: 'bo', name: 'Bo', signers: ['SHA256:b', 'SHA256:c'], roles: ['officer'] },
  ],
  policy: { self: RULE, 'third-party': RULE, 'break-glass': RULE, charter: RULE },
}
const EVA = { id: 'eva', name: 'Eva', signers: ['SHA256:e'], roles: ['officer'] } as const

const CHANGES: readonly (readonly [Change, readonly (readonly [string, string, string, string])[]])[] = [
  [addPerson(EVA), [['eva', 'person', '', 'Eva: officer; SHA256:e']]],
  [removePerson('bo'), [['bo', 'person', 'Bo: officer; SHA256:b SHA256:c', '']]],
  [setRoles('bo', ['officer', 'auditor', 'officer']), [['bo', 'roles', 'officer', 'auditor, officer']]],
  [addKey('ada', 'SHA256:d'), [['ada', 'keys', 'SHA256:a', 'SHA256:a SHA256:d']]],
  [removeKey('bo', 'SHA256:b'), [['bo', 'keys', 'SHA256:b SHA256:c', 'SHA256:c']]],
  [
    setRule('self', { approvals: 3, waiting: 172_800, evidence: { need: 1, of: ['recovery-code'] } }),
    [
      ['self', 'approvals', '2', '3'],
      ['self', 'waiting', '1h', '2d'],
      ['self', 'evidence', 'none', '1 of recovery-code'],
    ],
  ],
]

suite('changes of a charter', () => {
  test('each changes what it says and nothing else', () => {
    for (const [change, expected] of CHANGES) {
      const found = differences(PLAN, change(PLAN)).map((row) => [row.of, row.what, row.before, row.after])
      assert.deepEqual(found, expected)
    }
  })

  test('in any order, what differs is what each of them changed', () => {
    const all = CHANGES.map(([change], i) => ({ change, i }))
    // Whoever is removed cannot be changed later.
    const others = all.filter(({ i }) => i !== 1)
    fc.assert(
      fc.property(fc.shuffledSubarray(others), (chosen) => {
        const after = chosen.reduce((plan, { change }) => change(plan), PLAN)
        const rows = chosen.reduce((sum, { i }) => sum + (CHANGES[i]?.[1].length ?? 0), 0)
        assert.equal(differences(PLAN, after).length, rows)
        assert.deepEqual(differences(after, after), [])
      }),
      { numRuns: process.env['SLOW'] ? 1_000 : 50 },
    )
  })

  test('what cannot be is refused by name', () => {
    const refused: readonly (readonly [Change, RegExp])[] = [
      [addPerson({ ...EVA, id: 'bo' }), /there is a person bo already/],
      [removePerson('eve'), /there is no person eve/],
      [setRoles('eve', ['officer']), /there is no person eve/],
      [addKey('bo', 'SHA256:c'), /bo has that key already/],
      [removeKey('bo', 'SHA256:a'), /bo has no key SHA256:a/],
      [removeKey('ada', 'SHA256:a'), /that is the only key of ada/],
    ]
    for (const [change, message] of refused) assert.throws(() => change(PLAN), { code: 'USAGE', message })
  })

  test('lengths of time are shown as they are typed', () => {
    assert.deepEqual([0, 1, 59, 60, 5_400, 3_600, 129_600, 172_800].map(lengthText), [
      '0s',
      '1s',
      '59s',
      '1m',
      '90m',
      '1h',
      '36h',
      '2d',
    ])
  })
})
