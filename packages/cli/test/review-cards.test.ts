/* Every key on a card can be compared with what its owner sees: an exchanged recipient reads all that follows. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createContainer } from '@strongroom/core/container'
import { recipientKey } from '../src/recipients.ts'
import { twoPeople } from './fixtures.ts'
import { Home } from './program.ts'

/** What can be read out over the telephone: `signs with  ed25519  SHA256:…`. */
function lines(text: string): string[] {
  return [...text.matchAll(/(?:signs|opens) with +\S+ +SHA256:\S+/g)].map(([line]) =>
    line.replaceAll(/ +/g, ' '),
  )
}

suite('the keys on a card', { concurrency: 3 }, () => {
  test('a recipient has the key id that its container says', () => {
    const now = new Date()
    for (const container of [
      createContainer({ name: 'a', withClassic: true, now }),
      createContainer({ name: 'b', profile: 'classic', now }),
    ]) {
      const keys = container.info().keys.filter(({ use }) => use === 'exchange')
      assert.ok(keys.length > 0)
      for (const { algorithm, id } of keys) {
        const recipient = container.recipient(algorithm === 'x25519' ? 'classic' : 'pq')
        assert.deepEqual(recipientKey(recipient), { algorithm, fingerprint: id })
      }
    }
  })

  test('are shown as their owner sees them, all of them, and that is said', async (t) => {
    const bob = new Home(t)
    const alice = new Home(t)
    await bob.ok(['init', '--unprotected', '--with-classic', '-q'])
    const theirs = lines((await bob.ok(['container', 'show'])).stdout).sort()
    assert.equal(theirs.length, 3)
    alice.write('bob.card', (await bob.ok(['container', 'export'])).stdout)
    const added = await alice.ok(['signer', 'add', 'bob', 'bob.card'])
    assert.deepEqual(lines(added.stdout).sort(), theirs)
    assert.match(added.stderr, /compare all of these lines with strongroom container show/)
    const shown = [
      await alice.ok(['signer', 'show', 'bob']),
      await alice.ok(['signer', 'show', 'bob.classic']),
    ]
    assert.deepEqual(lines(shown.map(({ stdout }) => stdout).join('')).sort(), theirs)
    const { stdout } = await alice.ok(['signer', 'list'])
    for (const line of theirs) assert.ok(stdout.includes(line.split(' ').at(-1) ?? '?'), line)
  })

  test('and a card with another recipient on it looks different', async (t) => {
    const { alice, bob } = await twoPeople(t)
    const mallory = new Home(t)
    await mallory.ok(['init', '--unprotected', '-q'])
    const [theirs = ''] = /^age1pq\S+$/m.exec((await mallory.ok(['container', 'export'])).stdout) ?? []
    const card = (await bob.ok(['container', 'export'])).stdout.replace(/^age1pq\S+$/m, theirs)
    await alice.ok(['signer', 'remove', 'bob'])
    const added = await alice.ok(['signer', 'add', 'bob', alice.write('forged.card', card)])
    const own = lines((await bob.ok(['container', 'show'])).stdout)
    assert.equal(lines(added.stdout).filter((line) => own.includes(line)).length, own.length - 1)
  })
})
