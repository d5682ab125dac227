/* A drill to its end: who answered, and whether keys could be recovered today. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { Organisation } from './recovery-organisation.ts'

suite('strongroom rehearse', { concurrency: 2 }, () => {
  test('ends with one sentence, and leaves the client as it was', async (t) => {
    const all = await Organisation.open(t)
    const { bo, cy, di } = all.officers
    const begun = await bo.run(['rehearse'])
    assert.equal(begun.status, 18, begun.stderr)
    assert.match(begun.stderr, /could we recover today\? not proved yet: .*0 of 2 approvals/)
    const [request = ''] = readdirSync(bo.path('home/recoveries'))
    for (const officer of [cy, di]) {
      await officer.ok(['officer', 'approve', request, '--checked', 'a drill', '--yes', '--digest', request])
    }
    await all.release(request)
    const [told] = await bo.json(['rehearse'])
    const { couldRecover, seconds, answers } = told as Record<string, unknown>
    assert.equal(couldRecover, true)
    assert.ok(typeof seconds === 'number' && seconds < 3600)
    const people = (answers as readonly { readonly person: string }[]).map(({ person }) => person)
    assert.deepEqual(people, ['cy', 'di'])
    bo.write('a', 'x')
    await bo.ok(['seal', 'a', '--require-receipt'])
  })

  test('is refused to who is nobody of the charter', async (t) => {
    const { owner } = await Organisation.open(t)
    const { status, stderr } = await owner.run(['rehearse'])
    assert.equal(status, 2)
    assert.match(stderr, /hint: let an officer or an administrator run it/)
  })
})
