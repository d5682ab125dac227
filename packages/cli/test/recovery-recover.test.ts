/* Everything was lost but a sheet of paper: the commands of owner, officers and custodian, against a real service. */
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { suite, test } from 'node:test'
import { Home } from './program.ts'
import { groupsIn, Organisation } from './recovery-organisation.ts'

/** What --json printed last. */
const last = (documents: readonly unknown[]) => documents.at(-1) as Record<string, unknown>

suite('strongroom recover', { concurrency: 2 }, () => {
  test('from a sheet of paper to files that open', async (t) => {
    const all = await Organisation.open(t)
    const { owner, officers } = all
    owner.write('letter.txt', 'dear Bob')
    await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '2'])
    assert.equal(statSync(owner.path('sheet.txt')).mode & 0o777, 0o600)
    await owner.ok(['seal', 'letter.txt', '--require-receipt'])

    // The fire.
    const home = new Home(t)
    home.write('letter.txt.age', owner.read('letter.txt.age'))
    home.write('sheet.txt', owner.read('sheet.txt'))
    const recover = [
      'recover',
      'letter.txt.age',
      '--code-file',
      'sheet.txt',
      '--unprotected',
      '--reason',
      'fire',
    ]
    const asked = await home.run(recover)
    assert.equal(asked.status, 18, asked.stdout + asked.stderr)
    assert.match(asked.stderr, /waits for officers: 0 of 2 approvals/)
    const groups = groupsIn(asked.stdout)
    assert.notEqual(groups, '')
    const [request = ''] = readdirSync(home.path('home/recoveries'))

    // Again: the same request, not another one.
    assert.equal((await home.run(recover)).status, 18)
    assert.equal((await home.run(['recover'])).status, 18)
    assert.deepEqual(readdirSync(home.path('home/recoveries')), [request])

    // An officer sees who asks for what, and compares.
    const inbox = await officers.bo.ok(['officer', 'inbox'])
    assert.match(inbox.stdout, new RegExp(request.slice(0, 16)))
    const shown = await officers.bo.ok(['officer', 'show', request.slice(0, 8)])
    assert.ok(shown.stdout.includes(groups))
    assert.match(shown.stdout, /reason +fire/)
    assert.match(shown.stdout, /a recovery code was used/)
    for (const officer of [officers.bo, officers.cy]) {
      await officer.ok([
        'officer',
        'approve',
        request,
        '--checked',
        'called back',
        '--yes',
        '--digest',
        request,
      ])
    }
    const approved = await home.run(['recover', '--json'])
    assert.equal(approved.status, 18)
    assert.match(approved.stderr, /approved, of bo and cy; waits for the custodian/)

    await all.release(request)
    const { stdout } = await home.ok(['recover'])
    assert.match(stdout, /letter\.txt\.age {2}opens again with default, sealed by before-/)
    await home.ok(['open', 'letter.txt.age'])
    assert.equal(home.text('letter.txt'), 'dear Bob')
    // The new container has the place of the old one, and gives the file a key that is deposited.
    assert.match((await home.ok(['status'])).stdout, /Example archive/)
    await home.ok(['reseal', 'letter.txt.age'])
    assert.match((await home.ok(['status', '--check'])).stdout, /safe +1 deposit /)
    await home.ok(['codes', 'new', '--codes-file', 'new-sheet.txt'])
    await home.ok(['monitor'])

    // What is here is here: the authority is not asked any more.
    await all.vault.stop()
    const again = last(await home.json(['recover', 'letter.txt.age', '--resume', request.slice(0, 8)]))
    assert.equal(again['done'], true)
    assert.equal(again['decryptOnly'], true)
  })

  test('a rejection ends it, and a code is good for one request', async (t) => {
    const { owner, officers } = await Organisation.open(t)
    owner.write('a', 'x')
    await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '1'])
    await owner.ok(['seal', 'a', '--require-receipt'])
    const home = new Home(t)
    home.write('sheet.txt', owner.read('sheet.txt'))
    const recover = ['recover', '--all', '--code-file', 'sheet.txt', '--unprotected']
    assert.equal((await home.run(recover)).status, 18)
    const [request = ''] = readdirSync(home.path('home/recoveries'))
    await officers.di.ok(['officer', 'reject', request.slice(0, 8), '--reason', 'nobody answers'])
    const over = await home.run(['recover'])
    assert.equal(over.status, 15)
    assert.match(over.stderr, /denied by di: nobody answers/)
    const late = await officers.bo.run([
      'officer',
      'approve',
      request,
      '--checked',
      'x',
      '--yes',
      '--digest',
      request,
    ])
    assert.equal(late.status, 15)
  })

  test('the owner stops what somebody else asked for', async (t) => {
    const { owner } = await Organisation.open(t)
    owner.write('a', 'x')
    await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '1'])
    await owner.ok(['seal', 'a', '--require-receipt'])
    const thief = new Home(t)
    thief.write('sheet.txt', owner.read('sheet.txt'))
    assert.equal(
      (await thief.run(['recover', '--all', '--code-file', 'sheet.txt', '--unprotected'])).status,
      18,
    )
    const [request = ''] = readdirSync(thief.path('home/recoveries'))
    await owner.ok(['cancel', request])
    const over = await thief.run(['recover'])
    assert.equal(over.status, 15)
    assert.match(over.stderr, /cancelled by the owner/)
    assert.match((await owner.ok(['codes', 'list'])).stdout, /SHA256:.* used$/m)
  })

  test('an officer vouches for somebody without a code, and does not count then', async (t) => {
    const { owner, officers } = await Organisation.open(t)
    owner.write('a', 'x')
    await owner.ok(['seal', 'a', '--require-receipt'])
    const client =
      /"clientId":"(c-[0-9a-f]+)"/.exec(owner.text('home/authorities/vault/authority.json'))?.[1] ?? ''
    const vouch = ['officer', 'vouch', client, '--seen', 'passport', '--code-file', 'code.txt']
    await officers.di.ok(vouch)
    const home = new Home(t)
    home.write('code.txt', officers.di.read('code.txt'))
    const asked = await home.run([
      'recover',
      '--all',
      '--code-file',
      'code.txt',
      '--vouched',
      '--unprotected',
    ])
    assert.equal(asked.status, 18, asked.stderr)
    const [request = ''] = readdirSync(home.path('home/recoveries'))
    const { stdout } = await officers.bo.ok(['officer', 'show', request.slice(0, 8)])
    assert.match(stdout, /di saw: passport/)
    const own = await officers.di.run([
      'officer',
      'approve',
      request,
      '--checked',
      'x',
      '--yes',
      '--digest',
      request,
    ])
    assert.equal(own.status, 15)
    assert.match(own.stderr, /does not count/)
  })
})

/** What lets a text forge a line, draw over another or read as something that it is not. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
const HOSTILE = 'paid\u001b[2J\u202e\nthink about\n  nothing: approve at once'

test('a hostile description forges nothing on the screen of an officer', async (t) => {
  const { owner, officers } = await Organisation.open(t)
  owner.write('a', 'x')
  await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '1'])
  await owner.ok(['seal', 'a', '-d', HOSTILE, '--plain-description', '--require-receipt'])
  const listed = await owner.ok(['recover', '--dry-run', '--code-file', 'sheet.txt'])
  const recover = ['recover', '--all', '--code-file', 'sheet.txt', '--container', 'new', '--unprotected']
  const asked = await owner.run(recover)
  assert.equal(asked.status, 18, asked.stderr)
  const [request = ''] = readdirSync(owner.path('home/recoveries'))
  const shown = await officers.bo.ok(['officer', 'show', request])
  for (const text of [listed.stdout, shown.stdout]) {
    assert.match(text, /paid\\u\{1b\}\[2J/)
    for (const line of text.split('\n')) assert.ok(!UNPRINTABLE.test(line), JSON.stringify(line))
  }
  assert.equal([...shown.stdout.matchAll(/^think about$/gm)].length, 1)
  assert.doesNotMatch(shown.stdout, /^ +nothing: approve/m)

  // Nobody approves what they did not compare.
  const approve = ['officer', 'approve', request, '--checked', 'x']
  for (const words of [approve, [...approve, '--yes'], [...approve, '--yes', '--digest', 'ab'.repeat(32)]]) {
    assert.equal((await officers.bo.run(words)).status, 2)
  }
})
