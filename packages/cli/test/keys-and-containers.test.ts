import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { suite, test } from 'node:test'
import { initialised, PASSPHRASE, passphraseFile, twoPeople } from './fixtures.ts'
import { Home } from './program.ts'

suite('containers', { concurrency: 3 }, () => {
  test('init makes one, 0600, and says what to do next', async (t) => {
    const home = new Home(t)
    const { stdout, stderr } = await home.ok(['init', '--unprotected', '--name', 'work'])
    assert.match(stdout, /^made the container work$/m)
    assert.match(stdout, /signs with .* SHA256:/)
    assert.match(stdout, /strongroom seal report\.pdf/)
    assert.match(stderr, /warning: whoever can read that file can open your files/)
    assert.equal(statSync(home.path('home/containers/work.container')).mode & 0o777, 0o600)
    home.write('report', 'x')
    await home.ok(['seal', 'report'])
    const again = await home.run(['init', '--unprotected', '--name', 'work'])
    assert.equal(again.status, 8)
  })

  test('a second one is made, chosen, shown and removed', async (t) => {
    const home = initialised(t)
    await home.ok(['container', 'create', 'work', '--unprotected'])
    await home.ok(['container', 'default', 'work'])
    assert.match((await home.ok(['container', 'list'])).stdout, /^\* +pq +none +\S+ +work$/m)
    assert.match((await home.ok(['container', 'show'])).stdout, /^work\n/)
    await home.ok(['container', 'remove', 'work', '--force'])
    assert.equal((await home.run(['container', 'show', 'work'])).status, 12)
  })

  test('a passphrase is given, changed and taken away', async (t) => {
    const home = initialised(t)
    const first = passphraseFile(home, 'the first passphrase')
    const second = passphraseFile(home, 'the second and last passphrase')
    home.write('report', 'x')
    await home.ok(['container', 'protect', '--new-passphrase-file', first])
    assert.equal((await home.run(['seal', 'report'])).status, 9)
    const change = ['container', 'protect', '--new-passphrase-file', second, '--passphrase-file', first]
    assert.match((await home.ok(change)).stdout, /now protected by a passphrase/)
    assert.equal((await home.run(['seal', 'report', '--passphrase-file', first])).status, 9)
    await home.ok(['container', 'protect', '--unprotected', '--passphrase-file', second])
    await home.ok(['seal', 'report'])
  })

  test('a copy brings a container back', async (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    await home.ok(['container', 'export', '--backup', '-o', 'copy'])
    assert.equal(statSync(home.path('copy')).mode & 0o777, 0o600)
    assert.equal((await home.run(['container', 'import', 'copy'])).status, 8)
    await home.ok(['container', 'remove', 'default', '-f'])
    await home.ok(['container', 'import', 'copy'])
    await home.ok(['container', 'export', '--passphrase-file', passphraseFile(home)])
  })

  test('the public card says nothing that is secret', async (t) => {
    const home = initialised(t, { profile: 'classic' })
    const { stdout } = await home.ok(['container', 'export'])
    assert.match(stdout, /^age1/m)
    assert.match(stdout, /^ed25519 /m)
    assert.doesNotMatch(stdout, /SECRET/)
  })

  test('stock age opens what a classic container sealed, and the other way round', async (t) => {
    if (spawnSync('age', ['--version']).error) return t.skip('needs age')
    const home = initialised(t, { profile: 'classic' })
    home.write('report', 'content\n')
    await home.ok(['seal', 'report'])
    const { stderr } = await home.ok(['container', 'export', '--age-identity', '-o', 'key.txt'])
    assert.match(stderr, /warning: whoever has this text can open/)
    const age = (words: readonly string[]) => spawnSync('age', words, { cwd: home.folder, encoding: 'utf8' })
    assert.equal(age(['-d', '-i', 'key.txt', 'report.age']).stdout, 'content\n')

    const recipient = /public key: (age1\w+)/.exec(home.text('key.txt'))?.[1] ?? ''
    assert.equal(age(['-r', recipient, '-o', 'theirs.age', 'report']).status, 0)
    await home.ok(['open', 'theirs.age', '--allow-unsigned'])
    assert.equal(home.text('theirs'), 'content\n')
  })

  test('an age identity is taken in, or used from its file', async (t) => {
    if (spawnSync('age-keygen', ['--version']).error) return t.skip('needs age')
    const home = initialised(t, { profile: 'classic' })
    spawnSync('age-keygen', ['-o', 'key.txt'], { cwd: home.folder })
    const recipient = /public key: (age1\w+)/.exec(home.text('key.txt'))?.[1] ?? ''
    home.write('report', 'content\n')
    await home.ok(['seal', 'report', '-r', recipient, '--no-self', '-q'])
    assert.equal((await home.run(['open', 'report.age', '-o', 'x'])).status, 3)
    await home.ok(['open', 'report.age', '-o', 'x', '-i', 'key.txt'])
    await home.ok(['container', 'import', 'key.txt'])
    await home.ok(['open', 'report.age', '-o', 'y'])
    assert.equal(home.text('y'), 'content\n')
  })
})

suite('signers and aliases', { concurrency: 3 }, () => {
  test('an alias is added, listed, shown and removed', async (t) => {
    const { alice } = await twoPeople(t)
    assert.match((await alice.ok(['signer', 'list'])).stdout, /^signer +bob +SHA256:/m)
    assert.match((await alice.ok(['signer', 'show', 'bob'])).stdout, /recipient +age1pq1/)
    await alice.ok(['signer', 'remove', 'bob'])
    assert.equal((await alice.run(['signer', 'show', 'bob'])).status, 2)
  })

  test('an alias is not given to somebody else, and nobody is called me', async (t) => {
    const { alice } = await twoPeople(t)
    const { stdout } = await alice.ok(['container', 'export'])
    alice.write('mine.card', stdout)
    assert.equal((await alice.run(['signer', 'add', 'bob', 'mine.card'])).status, 8)
    assert.equal((await alice.run(['signer', 'add', 'Me', 'mine.card'])).status, 2)
  })

  test('recipients come from a file, a card or an alias, and default ones from the settings', async (t) => {
    const { alice, bob } = await twoPeople(t)
    alice.write('report', 'x')
    for (const recipient of ['bob.card', 'bob']) {
      const [sealed] = await alice.json(['seal', 'report', '-f', '-r', recipient])
      assert.ok(sealed instanceof Object && 'recipients' in sealed)
      assert.equal(sealed.recipients, 2)
    }
    alice.write('home/config.json', '{"defaultRecipients": ["bob"]}')
    await alice.ok(['seal', 'report', '-f'])
    bob.write('report.age', alice.read('report.age'))
    await bob.ok(['open', 'report.age'])
  })

  test('a secret key is not taken for a recipient, and not repeated', async (t) => {
    const home = initialised(t)
    home.write('report', 'x')
    const secret = `AGE-SECRET-KEY-1${'Q'.repeat(58)}`
    const { status, stdout, stderr } = await home.run(['seal', 'report', '-r', secret])
    assert.equal(status, 13)
    assert.match(stderr, /expected a recipient, got an identity, which is secret/)
    assert.doesNotMatch(stdout + stderr, /QQQQ/)
  })
})

suite('session keys', { concurrency: 3 }, () => {
  test('one opens what was sealed under it, without any other recipient', async (t) => {
    const { alice, bob } = await twoPeople(t)
    await alice.ok(['key', 'new', 'archive', '-r', 'bob', '-d', 'all of 2026'])
    alice.write('report', 'content\n')
    await alice.ok(['seal', 'report', '-k', 'archive'])
    await alice.ok(['key', 'export', 'archive', '-o', 'archive.keyblob'])
    bob.write('archive.keyblob', alice.read('archive.keyblob'))
    bob.write('report.age', alice.read('report.age'))
    assert.equal((await bob.run(['open', 'report.age'])).status, 3)
    assert.match(
      (await bob.ok(['key', 'import', 'archive', 'archive.keyblob'])).stdout,
      /verified and imported/,
    )
    await bob.ok(['open', 'report.age'])
    assert.equal(bob.text('report'), 'content\n')
    assert.match((await bob.ok(['key', 'show', 'archive'])).stdout, /sealed by alice .*: all of 2026/)
    await bob.ok(['key', 'delete', 'archive', '--force'])
    assert.equal((await bob.run(['key', 'show', 'archive'])).status, 12)
  })

  test('one that somebody else put on the disk is refused before it is used', async (t) => {
    const { alice, bob } = await twoPeople(t)
    await bob.ok(['signer', 'remove', 'alice'])
    await alice.ok(['key', 'new', 'archive', '-r', 'bob'])
    await bob.ok(['key', 'new', 'archive'])
    const planted = 'home/session-keys/archive.keyblob'
    bob.write(planted, alice.read(planted))
    bob.write('report', 'x')
    assert.equal((await bob.run(['seal', 'report', '-k', 'archive'])).status, 6)
    assert.equal(existsSync(bob.path('report.age')), false)
  })

  test('it keeps the name it was made under', async (t) => {
    const home = initialised(t)
    await home.ok(['key', 'new', 'one'])
    home.write('home/session-keys/two.keyblob', home.read('home/session-keys/one.keyblob'))
    assert.equal((await home.run(['key', 'show', 'two'])).status, 4)
  })
})
