/* Who decides, and how, changes as everything does: proposed by an administrator, approved by officers, released by the custodian. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sha256 } from '@strongroom/core/client'
import { fingerprintOf } from '@strongroom/core/protocol'
import type { Home } from './program.ts'
import { approve, ask, Custodian, eventsIn } from './recovery-custodian.ts'
import { Organisation, signerOf } from './recovery-organisation.ts'

const AUTHORITY = ['authority'] as const

interface Proposed {
  readonly digest: string
  readonly number: number
  readonly others: readonly string[]
  readonly changes: readonly { of: string; what: string; before: string; after: string }[]
}

interface Roster {
  readonly number: number
  readonly people: readonly { id: string; roles: readonly string[]; heard: string | null }[]
  readonly proposals: readonly {
    digest: string
    canFollow: boolean
    phase: string
    approvals: readonly string[]
    approvalsNeeded: number
  }[]
}

/** Proposes something as the administrator. */
async function proposed(ada: Home, ...words: readonly string[]): Promise<Proposed> {
  const { stdout } = await ada.ok([...AUTHORITY, ...words, '--json'])
  return JSON.parse(stdout) as Proposed
}

async function rosterOf(home: Home): Promise<Roster> {
  const [roster] = await home.json([...AUTHORITY, 'roster', 'list'])
  return roster as Roster
}

const idsOf = ({ people }: Pick<Roster, 'people'>) => people.map(({ id }) => id)

/** A computer that enrolled, and the card of its container, which lies at the administrator's. */
async function newcomer(t: Parameters<typeof Organisation.open>[0], all: Organisation, id: string) {
  const home = await all.vault.client(t)
  const { stdout } = await home.ok(['container', 'export'])
  all.ada.write(`${id}.card`, stdout)
  return home
}

/** One round of the custodian, who releases what is approved. @returns the events that it logged */
async function round(custodian: Custodian): Promise<(readonly [unknown, unknown])[]> {
  const { stderr } = await custodian.round()
  return eventsIn(stderr).map(({ event, subject }) => [event, subject])
}

suite('roster and policy', { concurrency: 2 }, () => {
  test('a new officer decides once the charter was released, and one who was removed does not', async (t) => {
    const all = await Organisation.open(t)
    const custodian = new Custodian(t, all)
    await custodian.trust()
    const ada = await all.administrator()
    const { bo, cy, di } = all.officers
    const eva = await newcomer(t, all, 'eva')
    const before = await rosterOf(ada)
    assert.deepEqual([before.number, idsOf(before)], [1, ['ada', 'bo', 'cy', 'di']])
    assert.deepEqual(
      before.people.map(({ heard }) => heard),
      [null, null, null, null],
    )

    // Two changes in one plan: with bo gone and nobody new there would be too few officers.
    const refused = await ada.run([...AUTHORITY, 'roster', 'remove', 'bo'])
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /breaks the rules: officers \(expected 3 officers, got 2\)/)
    const planned = await ada.ok([...AUTHORITY, 'roster', 'remove', 'bo', '--plan', 'next.json'])
    assert.match(planned.stderr, /as it is now it breaks a rule: officers/)
    await ada.ok([
      ...AUTHORITY,
      'roster',
      'add',
      'eva',
      'eva.card',
      '--name',
      'Eva Maier',
      '--plan',
      'next.json',
    ])
    assert.deepEqual((await rosterOf(ada)).proposals, [], 'a plan is no proposal')
    const change = await proposed(ada, 'charter', 'propose', 'next.json')
    assert.deepEqual(
      change.changes.map(({ of, what, before: was }) => [of, what, was === '']),
      [
        ['bo', 'person', false],
        ['eva', 'person', true],
      ],
    )

    // Nothing has changed by that: neither for who is to come, nor for who is to go.
    const nobody = await eva.run(['officer', 'inbox'])
    assert.match(nobody.stderr, /names nobody with the key of this container/)
    const waiting = await rosterOf(cy)
    assert.deepEqual(idsOf(waiting), ['ada', 'bo', 'cy', 'di'])
    assert.deepEqual(
      waiting.proposals.map(({ digest, canFollow, phase }) => [digest, canFollow, phase]),
      [[change.digest, true, 'requested']],
    )
    // Nobody approves for ada, and she does not count herself.
    const own = ['--checked', 'mine', '--yes', '--digest', change.digest]
    const alone = await ada.run(['officer', 'approve', change.digest, ...own])
    assert.notEqual(alone.status, 0)
    assert.deepEqual(await round(custodian), [])

    await approve(cy, change.digest)
    assert.deepEqual(await round(custodian), [])
    await approve(di, change.digest)
    assert.match(
      (await ada.ok([...AUTHORITY, 'roster', 'list'])).stdout,
      /approved, of cy and di; waits for the custodian/,
    )
    assert.deepEqual(await round(custodian), [['released', change.digest]])
    const after = await rosterOf(ada)
    assert.deepEqual([after.number, idsOf(after), after.proposals], [2, ['ada', 'cy', 'di', 'eva'], []])
    assert.ok(after.people.find(({ id }) => id === 'cy')?.heard)

    const { request } = await ask(t, all)
    const gone = await bo.run(['officer', 'approve', request, '--checked', 'x', '--yes', '--digest', request])
    assert.match(gone.stderr, /names nobody with the key of this container/)
    await approve(eva, request)
    await approve(cy, request)
    const released = await round(custodian)
    assert.ok(released.some(([event, subject]) => event === 'released' && subject === request))
  })

  test('policy: more approvals, a rejected change, two at once, and none below the floor', async (t) => {
    const all = await Organisation.open(t)
    const custodian = new Custodian(t, all)
    await custodian.trust()
    const ada = await all.administrator()
    const { bo, cy, di } = all.officers
    const eva = await newcomer(t, all, 'eva')
    const set = ['policy', 'set', '--class'] as const

    const low = await ada.run([...AUTHORITY, ...set, 'self', '--approvals', '1'])
    assert.equal(low.status, 2)
    assert.match(low.stderr, /shared-approvals \(self: .*\); floor-approvals \(self: the terms ask for 2/)
    const many = await ada.run([...AUTHORITY, ...set, 'self', '--approvals', '3'])
    assert.match(many.stderr, /officers \(expected 4 officers, got 3\)/)
    const expiring = await ada.run([...AUTHORITY, ...set, 'self', '--waiting', '48h'])
    assert.match(expiring.stderr, /expiry \(self/)
    const officer = await bo.run([...AUTHORITY, ...set, 'self', '--expiry', '14d'])
    assert.match(officer.stderr, /bo is no administrator of charter 1/)
    assert.deepEqual((await rosterOf(ada)).proposals, [], 'nothing was sent')

    // One rejection ends it, whoever approved before.
    const dead = await proposed(ada, ...set, 'self', '--expiry', '14d')
    await approve(bo, dead.digest)
    await cy.ok(['officer', 'reject', dead.digest, '--reason', 'too long'])
    const late = await di.run([
      'officer',
      'approve',
      dead.digest,
      '--checked',
      'x',
      '--yes',
      '--digest',
      dead.digest,
    ])
    assert.match(late.stderr, /it is decided: denied by cy/)
    assert.deepEqual(await round(custodian), [])

    // Two at once: both may be approved, and one of them follows.
    const plan = ['--plan', 'three.json']
    await ada.ok([...AUTHORITY, 'roster', 'add', 'eva', 'eva.card', ...plan])
    await ada.ok([
      ...AUTHORITY,
      ...set,
      'self',
      '--approvals',
      '3',
      '--evidence',
      'recovery-code,vetting',
      ...plan,
    ])
    const first = await proposed(ada, 'charter', 'propose', 'three.json')
    assert.deepEqual(first.others, [])
    assert.deepEqual(
      first.changes.map(({ of, what, before, after }) => [
        of,
        what,
        what === 'person' || `${before} → ${after}`,
      ]),
      [
        ['eva', 'person', true],
        ['self', 'approvals', '2 → 3'],
        ['self', 'evidence', '1 of client-key, recovery-code, vetting → 1 of recovery-code, vetting'],
      ],
    )
    const second = await ada.ok([...AUTHORITY, ...set, 'break-glass', '--expiry', '7d'])
    assert.match(second.stderr, /1 other proposal waits too, and only one of them can follow/)
    const other = /^[0-9a-f]{64}/m.exec(second.stdout)?.[0] ?? ''
    for (const digest of [first.digest, other]) {
      await approve(bo, digest)
      await approve(cy, digest)
    }
    const events = await round(custodian)
    assert.deepEqual(events.filter(([event]) => event === 'released').length, 1, JSON.stringify(events))
    const won = events.find(([event]) => event === 'released')?.[1]
    const left = await rosterOf(ada)
    assert.equal(left.number, 2)
    assert.deepEqual(
      left.proposals.map(({ digest, canFollow }) => [digest, canFollow]),
      [[won === first.digest ? other : first.digest, false]],
    )
    assert.match((await ada.ok([...AUTHORITY, 'policy', 'show'])).stdout, /never in force any more/)
    assert.deepEqual(
      (await round(custodian)).filter(([event]) => event === 'released'),
      [],
    )

    // A plan for the charter before is none for this one.
    const stale = await ada.run([...AUTHORITY, 'charter', 'propose', 'three.json'])
    assert.match(stale.stderr, /made for another charter than the one in force/)

    // The first was proposed first, and is what the custodian looks at first.
    assert.equal(won, first.digest)
    const { request } = await ask(t, all)
    for (const home of [bo, eva]) await approve(home, request)
    assert.deepEqual(
      (await round(custodian)).filter(([event]) => event === 'released'),
      [],
      'two are not enough',
    )
    await approve(di, request)
    const released = await round(custodian)
    assert.ok(released.some(([event, subject]) => event === 'released' && subject === request))
  })

  test('in the folder of the authority too, where a plan says what is wrong with it so far', async (t) => {
    const all = await Organisation.open(t)
    const { ada } = all
    const folder = ['--folder', all.vault.configuration.folder]
    const eva = await newcomer(t, all, 'eva')
    const list = await ada.ok([...AUTHORITY, 'roster', 'list', ...folder])
    assert.match(list.stdout, /^bo +bo +officer +not lately +SHA256:/m)
    const plan = [...folder, '--plan', 'plan.json']
    const change = async (...words: readonly string[]) => await ada.ok([...AUTHORITY, ...words, ...plan])
    const second = await change('roster', 'key', 'add', 'bo', 'eva.card')
    assert.match(second.stdout, /bo +keys +SHA256:\S+ +SHA256:\S+ SHA256:/)
    const same = await change('roster', 'key', 'add', 'cy', 'eva.card')
    assert.match(same.stderr, /breaks a rule: key-twice \(the key SHA256:\S+ is there twice\)/)
    const strange = await ada.run([...AUTHORITY, 'roster', 'add', 'Eve!', 'eva.card', ...plan])
    assert.deepEqual([strange.status, /the next charter: people\[4\]\.id/.test(strange.stderr)], [2, true])
    const broken = await ada.run([...AUTHORITY, 'charter', 'propose', 'plan.json', ...folder])
    assert.match(broken.stderr, /key-twice/)
    await change('roster', 'key', 'remove', 'cy', fingerprintOf(sha256, signerOf(eva)))
    const sent = await proposed(ada, 'charter', 'propose', 'plan.json', ...folder)
    assert.deepEqual([sent.number, sent.changes.length], [2, 1])
    // The second key decides nothing before the charter is in force.
    assert.match((await eva.run(['officer', 'inbox'])).stderr, /names nobody/)
    assert.match((await all.officers.di.ok(['officer', 'show', sent.digest])).stdout, /charter/)
  })
})
