/* What --force replaces: the owner's own file by its next version, no age file otherwise, and anything else. */
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { suite, test } from 'node:test'
import { encryptFile, parseRecipient } from '@strongroom/core/age'
import { initialised, twoPeople } from './fixtures.ts'
import type { Home, Run } from './program.ts'

async function serialOf(home: Home, file: string): Promise<{ serial: unknown; version: unknown }> {
  const [found] = (await home.json(['verify', file])) as Record<string, unknown>[]
  return { serial: found?.['serial'], version: found?.['version'] }
}

function refused(run: Run, reason: RegExp): void {
  assert.equal(run.status, 8, run.stdout + run.stderr)
  assert.match(run.stderr, /^strongroom: error: .*\.age is there and is not replaced: /m)
  assert.match(run.stderr, reason)
  assert.match(run.stderr, /hint: add --new-serial to replace it/)
}

/** A person with a sealed file, and something else that takes its place. */
const CASES: readonly (readonly [what: string, put: (home: Home) => Promise<void> | void, reason: RegExp])[] =
  [
    [
      'one that was damaged',
      (home) => {
        const bytes = home.read('a.age')
        bytes[300] = (bytes[300] ?? 0) ^ 1
        home.write('a.age', bytes)
      },
      /not replaced: /,
    ],
    [
      'one that was cut within its header',
      (home) => void home.write('a.age', home.read('a.age').subarray(0, 200)),
      /not replaced: /,
    ],
    [
      'another of theirs',
      async (home) => {
        home.write('b', 'b')
        await home.ok(['seal', 'b', '-q'])
        home.write('a.age', home.read('b.age'))
      },
      /it was sealed as b, and this would be a$/m,
    ],
    [
      'one without a name',
      async (home) => void home.write('a.age', (await home.ok(['seal', '-'], { stdin: 'x' })).bytes),
      /it was sealed as something without a name, and this would be a$/m,
    ],
    [
      'a plain age file',
      async (home) => {
        const { stdout } = await home.ok(['container', 'export'])
        const [recipient = ''] = /^age1\S+/m.exec(stdout) ?? []
        home.write('a.age', encryptFile(Buffer.from('plain'), [parseRecipient(recipient)]))
      },
      /it is an age file that nobody signed$/m,
    ],
    [
      'one under a password',
      async (home) => {
        home.write('secret', 'four random words here\n')
        await home.ok(['seal', 'a', '-f', '-q', '--password', '--passphrase-file', 'secret'])
      },
      /it is an age file under a passphrase$/m,
    ],
    [
      'one that is for others alone',
      async (home) => {
        await home.ok(['container', 'create', 'other', '--unprotected', '-q'])
        home.write('other.card', (await home.ok(['container', 'export', '-c', 'other'])).stdout)
        await home.ok(['seal', 'a', '-o', 'c.age', '--no-self', '-r', 'other.card', '-q'])
        home.write('a.age', home.read('c.age'))
      },
      /none of your keys opens it$/m,
    ],
    [
      'a key blob',
      (home) => home.ok(['key', 'export', '--file', 'a.age', '-o', 'a.age', '-f']).then(() => undefined),
      /it is a key blob$/m,
    ],
  ]

suite('seal --force', { concurrency: 2 }, () => {
  for (const [what, put, reason] of CASES) {
    test(`does not replace ${what}`, async (t) => {
      const home = initialised(t)
      home.write('a', 'one')
      await home.ok(['seal', 'a', '-q'])
      await put(home)
      const before = home.read('a.age')
      refused(await home.run(['seal', 'a', '--force']), reason)
      assert.deepEqual(home.read('a.age'), before)
    })
  }

  test('replaces any of them with --new-serial, by the first version of a new file', async (t) => {
    const home = initialised(t)
    home.write('a', 'one')
    await home.ok(['seal', 'a', '-q'])
    const { serial } = await serialOf(home, 'a.age')
    home.write('a.age', home.read('a.age').subarray(0, 200))
    await home.ok(['seal', 'a', '--force', '--new-serial', '-q'])
    const after = await serialOf(home, 'a.age')
    assert.equal(after.version, 1)
    assert.notEqual(after.serial, serial)
  })

  test('does not replace what somebody else sealed', async (t) => {
    const { alice, bob } = await twoPeople(t)
    bob.write('a', 'one')
    await bob.ok(['seal', 'a', '-r', 'alice', '-q'])
    alice.write('a', 'two')
    alice.write('a.age', bob.read('a.age'))
    refused(await alice.run(['seal', 'a', '-f']), /it was sealed by bob$/m)
    await alice.ok(['signer', 'remove', 'bob', '-q'])
    refused(await alice.run(['seal', 'a', '-f']), /signed by an unknown key SHA256/)
  })

  test('replaces whatever is no age file', async (t) => {
    const home = initialised(t)
    home.write('a', 'one')
    for (const content of ['', 'something else\n', 'age-encryption.org/v9\n']) {
      home.write('a.age', content)
      await home.ok(['seal', 'a', '-f', '-q'])
      assert.equal((await serialOf(home, 'a.age')).version, 1)
    }
    mkdirSync(home.path('folder'))
    symlinkSync('a.age', home.path('link'))
    assert.equal((await home.run(['seal', 'a', '-f', '-o', 'link'])).status, 8)
    assert.equal((await home.run(['seal', 'a', '-f', '-o', 'folder'])).status, 13)
  })

  test('goes on with the versions of a file, alone or with its folder', async (t) => {
    const home = initialised(t)
    mkdirSync(home.path('photos'))
    home.write('photos/one', '1')
    await home.ok(['seal', 'photos', '-q'])
    const { serial } = await serialOf(home, 'photos/one.age')
    await home.ok(['seal', 'photos', '-f', '-q'])
    await home.ok(['seal', 'photos/one', '-f', '-q'])
    await home.ok(['seal', 'one', '-f', '-q'], { cwd: 'photos' })
    await home.ok(['seal', 'photos', '-f', '-q'])
    assert.deepEqual(await serialOf(home, 'photos/one.age'), { serial, version: 5 })
    const stream = ['seal', '-', '-o', 'stream.age', '-f', '-q']
    await home.ok(stream, { stdin: 'one' })
    await home.ok(stream, { stdin: 'two' })
    assert.equal((await serialOf(home, 'stream.age')).version, 2)
  })

  test('does not go on with the versions of a file of the same name from another folder', async (t) => {
    const home = initialised(t)
    for (const folder of ['x', 'y']) {
      mkdirSync(home.path(folder))
      home.write(`${folder}/plan`, folder)
      await home.ok(['seal', folder, '-q'])
    }
    home.write('x/plan.age', home.read('y/plan.age'))
    refused(await home.run(['seal', 'x', '-f']), /it was sealed as y\/plan, and this would be x\/plan$/m)
    refused(await home.run(['seal', 'x/plan', '-f']), /it was sealed as y\/plan, and this would be plan$/m)
  })

  test('does not go on from an old version, and names an option that there is', async (t) => {
    const home = initialised(t)
    home.write('a', 'one')
    await home.ok(['seal', 'a', '-q'])
    const old = home.read('a.age')
    await home.ok(['seal', 'a', '-f', '-q'])
    home.write('a.age', old)
    const run = await home.run(['seal', 'a', '-f'])
    assert.equal(run.status, 10)
    assert.match(run.stderr, /a\.age: an older version was put in its place/)
    assert.match(run.stderr, /hint: put the newest version back, or add --new-serial/)
    assert.doesNotMatch(run.stderr, /--allow-superseded/)
    await home.ok(['seal', 'a', '-f', '--new-serial', '-q'])
    await home.ok(['verify', 'a.age'])
  })
})
