import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createContainer, publicCard } from '@strongroom/core/container'
import { run, withAuthority } from './made-authority.ts'
import { Home } from './program.ts'

suite('strongroom authority tenant add', () => {
  test('makes the first charter too, or adds nothing', async (t) => {
    const home = await withAuthority(t)
    const identity = ['--identity', 'identity-key/identity.container']
    assert.equal((await run(home, ['tenant', 'add', 'own', '--personal'])).status, 2)
    assert.equal((await run(home, ['tenant', 'add', 'own', ...identity])).status, 2)
    const words = ['tenant', 'add', 'own', '--personal', ...identity, '--passphrase-file']
    assert.notEqual((await run(home, [...words, 'wrong'])).status, 0)
    const added = await run(home, [...words, 'pass'])
    assert.equal(added.status, 0, added.stderr)
    assert.match(added.stdout, /with its first charter, [0-9a-f]{64}/)
    assert.match((await run(home, ['charter', 'show', '--tenant', 'own'])).stdout, /personal/)
  })

  test('as easily as the first tenant has one, and leaves none behind that breaks a rule', async (t) => {
    const home = await withAuthority(t)
    const cards = ['bo', 'cy', 'di'].map((id) => {
      home.write(`${id}.card`, publicCard(createContainer({ name: id, now: new Date() })))
      return ['--officer', `${id}=${id}.card`]
    })
    const identity = ['--identity', 'identity-key/identity.container', '--passphrase-file', 'pass']
    const add = (...words: readonly string[]) => run(home, ['tenant', 'add', 'lab', ...identity, ...words])
    const few = await add(...cards.slice(1).flat())
    assert.equal(few.status, 2)
    assert.match(few.stderr, /officers \(expected 3 officers, got 2\)/)
    const hasty = await add(...cards.flat(), '--waiting', '59m')
    assert.match(hasty.stderr, /floor-waiting \(self: /)
    assert.doesNotMatch((await run(home, ['tenant', 'list'])).stdout, /lab/)
    assert.equal((await add(...cards.flat(), '--waiting', '3d')).status, 0)
    const shown = await run(home, ['policy', 'show', '--tenant', 'lab'])
    assert.match(shown.stdout, /^self +2 +3d +30d +1 of client-key, recovery-code, vetting$/m)
  })
})

suite('strongroom authority audit', () => {
  test('an export is checked on another computer, and what was changed in it is named', async (t) => {
    const home = await withAuthority(t)
    const made = await run(home, ['audit', 'export', 'all.csv', '--statements'])
    assert.match(made.stdout, /1 statement of 1, with proofs/)
    assert.equal((await run(home, ['audit', 'export', 'all.csv'])).status, 8)
    assert.equal((await run(home, ['audit', 'export', 'all.txt'])).status, 2)
    const { identity } = JSON.parse(home.text('vault/authority.json')) as { identity: string }
    const auditor = new Home(t)
    for (const name of ['all.csv', 'all.csv.proof']) auditor.write(name, home.read(name))
    const words = ['authority', 'audit', 'verify', 'all.csv']
    assert.match((await auditor.run(words)).stderr, /not said of which authority/)
    const proved = await auditor.ok([...words, '--fingerprint', identity])
    assert.match(proved.stdout, /1 statement, proved[^]*every statement of the tree is there/)
    auditor.write('all.csv', home.text('all.csv').replace('T', 'U'))
    const spoiled = await auditor.run([...words, '--fingerprint', identity])
    assert.equal(spoiled.status, 4)
    assert.match(spoiled.stderr, /line 2: /)
  })
})
