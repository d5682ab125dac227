import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parsePublicCard } from '@strongroom/core/container'
import { passphraseFile } from './fixtures.ts'
import { Home } from './program.ts'

const IDENTITY = 'SHA256:bYn5+/+Vn9wku8z8TfqCMlVCCFhbbW6o11/oi2S7+xs'
const BUNDLE = fileURLToPath(new URL('../../../docs/spec/examples/recovery.bundle', import.meta.url))

suite('custodian', { concurrency: 2 }, () => {
  test('init prints the card for the authority, and keeps everything for its owner alone', async (t) => {
    const home = new Home(t)
    const passphrase = passphraseFile(home)
    const init = ['custodian', 'init', 'custody', '--identity', IDENTITY, '--passphrase-file', passphrase]
    const { stdout } = await home.ok(init)
    const { recipients, signers } = parsePublicCard(stdout)
    assert.deepEqual([recipients.length, signers.length], [1, 1])
    for (const name of readdirSync(home.path('custody'))) {
      assert.equal(statSync(home.path(`custody/${name}`)).mode & 0o077, 0, name)
    }
    const again = await home.run(init)
    assert.equal(again.status, 8)
    assert.match(again.stderr, /exists and is not empty/)
    const { stdout: json } = await home.ok(['custodian', 'status', '--json', '--folder', 'custody'])
    const status = JSON.parse(json)
    assert.equal(status.identity, IDENTITY)
    assert.equal(status.signer, signers[0]?.fingerprint)
    assert.equal(status.custody, 'passphrase')
    assert.equal(status.seen.size, 0)
  })

  test('shares open what the passphrase opened, and each that is wrong is named', async (t) => {
    const home = new Home(t)
    const passphrase = passphraseFile(home)
    await home.ok(['custodian', 'init', 'custody', '--identity', IDENTITY, '--passphrase-file', passphrase])
    const shares = ['custodian', 'shares', '--folder', 'custody', '-k', '2']
    const first = [...shares, '-n', '3', '-O', 'first', '--passphrase-file', passphrase]
    await home.ok(first)
    assert.match(
      (await home.ok(['custodian', 'status', '--folder', 'custody'])).stdout,
      /key opens with +2 of 3 shares/,
    )
    const twice = ['--share-file', 'first/share-1.txt', '--share-file', 'first/share-1.txt']
    const again = await home.run([...shares, '-n', '2', '-O', 'x', ...twice])
    assert.equal(again.status, 2)
    assert.match(again.stderr, /share 1 was given before/)
    const enough = ['--share-file', 'first/share-3.txt', '--share-file', 'first/share-2.txt']
    await home.ok([...shares, '-n', '2', '-O', 'second', ...enough])
    const old = await home.run([...shares, '-n', '2', '-O', 'y', ...enough])
    assert.equal(old.status, 2)
    assert.match(old.stderr, /share 3 was made at another time/)
    const typed = home.text('second/share-1.txt').replace(/.(?=\n)/, 'B')
    home.write('typed', typed)
    const mistyped = await home.run([...shares, '-n', '2', '-O', 'z', '--share-file', 'typed'])
    assert.equal(mistyped.status, 2)
    assert.doesNotMatch(mistyped.stderr, new RegExp(typed.slice(20, 40)))
  })

  test('a bundle of another authority, or none, is refused by name', async (t) => {
    const home = new Home(t)
    home.write('nothing', 'strongroom bundle v1\n')
    const other = `SHA256:${'A'.repeat(43)}`
    const foreign = await home.run(['custodian', 'verify', BUNDLE, '--identity', other, '--json'])
    assert.equal(foreign.status, 6)
    assert.equal(JSON.parse(foreign.stdout).error.code, 'BUNDLE_IDENTITY')
    const none = await home.run(['custodian', 'verify', 'nothing', '--identity', IDENTITY])
    assert.equal(none.status, 13)
    const nobody = await home.run(['custodian', 'open', BUNDLE, '-o', 'release', '--folder', 'nowhere'])
    assert.equal(nobody.status, 12)
    const nowhere = await home.run(['custodian', 'hand-out', BUNDLE])
    assert.equal(nowhere.status, 2)
  })
})
