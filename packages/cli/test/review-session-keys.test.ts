/* What is sealed under a session key is read by whoever made that key: it must be one's own. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { suite, test } from 'node:test'
import { initialised, twoPeople } from './fixtures.ts'
import type { Home } from './program.ts'

const BLOB = 'home/session-keys/archive.keyblob'

/** Alice has a session key, and bob, whom she knows, put one of his over it that opens to her too. */
async function planted(t: Parameters<typeof twoPeople>[0]): Promise<{ alice: Home; bob: Home }> {
  const { alice, bob } = await twoPeople(t)
  await alice.ok(['key', 'new', 'archive', '-q'])
  await bob.ok(['key', 'new', 'archive', '-r', 'alice', '-q'])
  alice.write(BLOB, bob.read(BLOB))
  alice.write('report', 'content\n')
  return { alice, bob }
}

suite('a session key to seal under', { concurrency: 2 }, () => {
  test('is not that of a signer who is merely known: seal and reseal', async (t) => {
    const { alice } = await planted(t)
    await alice.ok(['seal', 'report', '-o', 'other.age', '-q'])
    for (const words of [
      ['seal', 'report', '-k', 'archive'],
      ['reseal', 'other.age', '-k', 'archive', '--only-me'],
    ]) {
      const run = await alice.run(words)
      assert.equal(run.status, 6, run.stdout)
      assert.match(run.stderr, /session key archive was not made by me but by bob, SHA256/)
      assert.match(run.stderr, /hint: --key-signer bob seals under it all the same: bob can then open/)
    }
    assert.equal(existsSync(alice.path('report.age')), false)
    assert.match((await alice.ok(['verify', 'other.age'])).stdout, /version 1/)
  })

  test('may be that of the signer who is named for it, and of no other', async (t) => {
    const { alice, bob } = await planted(t)
    const { stdout } = await alice.ok(['seal', 'report', '-k', 'archive', '--key-signer', 'bob'])
    assert.match(stdout, /for 1 recipient and 1 session key\n$/)
    bob.write('report.age', alice.read('report.age'))
    await bob.ok(['open', 'report.age', '-q'])
    await alice.ok(['key', 'delete', 'archive', '-f', '-q'])
    await alice.ok(['key', 'new', 'archive', '-q'])
    const own = await alice.run(['seal', 'report', '-f', '-k', 'archive', '--key-signer', 'bob'])
    assert.equal(own.status, 6)
    assert.match(own.stderr, /was not made by bob but by SHA256/)
    assert.equal((await alice.run(['seal', 'report', '--key-signer', 'bob'])).status, 2)
  })

  test('is not an older one of its name', async (t) => {
    const home = initialised(t)
    home.write('report', 'x')
    await home.ok(['key', 'new', 'archive', '-q'])
    const old = home.read(BLOB)
    await home.ok(['key', 'delete', 'archive', '-f', '-q'])
    await home.ok(['key', 'new', 'archive', '-q'])
    const newest = home.read(BLOB)
    home.write(BLOB, old)
    const run = await home.run(['seal', 'report', '-k', 'archive'])
    assert.equal(run.status, 10, run.stdout)
    assert.match(run.stderr, /session key archive is an older one than was seen before/)
    assert.doesNotMatch(run.stderr, /--allow-superseded/)
    home.write('old.keyblob', old)
    assert.equal((await home.run(['key', 'import', 'archive', 'old.keyblob', '-f'])).status, 10)
    assert.equal((await home.run(['key', 'show', 'archive'])).status, 10)
    await home.ok(['key', 'show', 'archive', '--allow-superseded'])
    home.write(BLOB, newest)
    await home.ok(['seal', 'report', '-k', 'archive', '-q'])
  })
})

suite('a session key to read with', { concurrency: 2 }, () => {
  test('may be anybody’s who is known, whosever seal on the file is expected', async (t) => {
    const { alice, bob } = await twoPeople(t)
    await bob.ok(['key', 'new', 'team', '-r', 'alice', '-q'])
    bob.write('plan', 'content\n')
    await bob.ok(['seal', 'plan', '-k', 'team', '-q'])
    alice.write('team.keyblob', bob.read('home/session-keys/team.keyblob'))
    await alice.ok(['key', 'import', 'team', 'team.keyblob', '-q'])
    alice.write('report', 'content\n')
    await alice.ok(['seal', 'report', '-k', 'team', '--key-signer', 'bob', '-q', '--no-self', '-r', 'bob'])
    alice.write('plan.age', bob.read('plan.age'))
    await alice.ok(['open', 'report.age', '--signer', 'me', '-o', 'x', '-q'])
    await alice.ok(['open', 'plan.age', '--signer', 'bob', '-o', 'y', '-q'])
    await alice.ok(['reseal', 'report.age', '--signer', 'me', '--only-me', '-q'])
  })

  test('says who made it, and when', async (t) => {
    const { alice, bob } = await twoPeople(t)
    await bob.ok(['key', 'new', 'team', '-r', 'alice', '-q'])
    await alice.ok(['key', 'new', 'archive', '-q'])
    alice.write('team.keyblob', bob.read('home/session-keys/team.keyblob'))
    assert.match((await alice.ok(['key', 'import', 'team', 'team.keyblob'])).stdout, /made by bob$/m)
    const shown = await alice.ok(['key', 'show', 'team'])
    assert.match(shown.stdout, /made by +bob\n +made on +\d{4}-\d\d-\d\d \d\d:\d\d\n/)
    const { stdout } = await alice.ok(['key', 'list'])
    assert.match(stdout, /^1 +me +\d{4}-\d\d-\d\d \d\d:\d\d +archive$/m)
    assert.match(stdout, /^2 +bob +\d{4}-\d\d-\d\d \d\d:\d\d +team$/m)
    const [archive, team] = (await alice.json(['key', 'list'])) as Record<string, unknown>[]
    assert.deepEqual([archive?.['signer'], team?.['signer'], team?.['verified']], ['me', 'bob', true])
    await alice.ok(['signer', 'remove', 'bob', '-q'])
    const [, unknown] = (await alice.json(['key', 'list'])) as Record<string, unknown>[]
    assert.equal(unknown?.['verified'], false)
    assert.match(JSON.stringify(unknown?.['problem']), /UNKNOWN_SIGNER/)
  })
})

suite('a blob that is of no use', { concurrency: 2 }, () => {
  const BAD: readonly (readonly [what: string, content: string])[] = [
    ['nothing', ''],
    ['text', 'not a key blob\n'],
    ['a malformed stanza', 'age-encryption.org/v1\n-> mlkem768x25519 !\n\n--- AAAA\n'],
    ['a header that ends', 'age-encryption.org/v1\n-> strongroom/seal'],
  ]
  for (const [what, content] of BAD) {
    test(`stops nobody who needs no session key, nor one who needs another: ${what}`, async (t) => {
      const home = initialised(t)
      await home.ok(['key', 'new', 'archive', '-q'])
      home.write('home/session-keys/aaa.keyblob', content)
      home.write('home/session-keys/a\u001b[2Jb.keyblob', content)
      home.write('report', 'content\n')
      await home.ok(['seal', 'report', '-q'])
      for (const words of [
        ['verify', 'report.age'],
        ['open', 'report.age', '-o', 'x'],
        ['rewrap', 'report.age', '--only-me'],
        ['reseal', 'report.age', '--only-me'],
      ]) {
        assert.equal((await home.ok([...words, '-q'])).stderr, '')
      }
      await home.ok(['container', 'create', 'other', '--unprotected', '-q'])
      const card = (await home.ok(['container', 'export', '-c', 'other'])).stdout
      home.write('other.card', card)
      await home.ok(['seal', 'report', '-o', 'b.age', '-k', 'archive', '--no-self', '-r', 'other.card', '-q'])
      const { stderr } = await home.ok(['open', 'b.age', '-o', 'y', '-q'])
      assert.match(stderr, /warning: session key aaa is not used: /)
      assert.match(stderr, /warning: session key "a\\u\{1b\}\[2Jb" is not used: /)
      assert.equal(home.text('y'), 'content\n')
    })
  }
})
