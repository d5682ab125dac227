/* Who still opens a file after a rewrap or reseal is who was named, and whoever else does is said. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { twoPeople } from './fixtures.ts'
import type { Home } from './program.ts'

/** Alice sealed a file for herself and under a session key that bob has. */
async function underKey(t: Parameters<typeof twoPeople>[0]): Promise<{ alice: Home; bob: Home }> {
  const { alice, bob } = await twoPeople(t)
  await alice.ok(['key', 'new', 'team', '-r', 'bob', '-q'])
  bob.write('team.keyblob', alice.read('home/session-keys/team.keyblob'))
  await bob.ok(['key', 'import', 'team', 'team.keyblob', '-q'])
  alice.write('plan', 'content\n')
  const { stdout } = await alice.ok(['seal', 'plan', '-k', 'team'])
  assert.match(stdout, /for 1 recipient and 1 session key\n$/)
  return { alice, bob }
}

async function bobOpens({ alice, bob }: { alice: Home; bob: Home }): Promise<number | null> {
  bob.write('plan.age', alice.read('plan.age'))
  return (await bob.run(['open', 'plan.age', '-o', 'plan', '-f'])).status
}

suite('the holders of a session key', { concurrency: 2 }, () => {
  for (const option of ['--only-me', '--drop-key']) {
    test(`lose a file by rewrap ${option}`, async (t) => {
      const both = await underKey(t)
      assert.equal(await bobOpens(both), 0)
      const { stdout } = await both.alice.ok(['rewrap', 'plan.age', option])
      assert.match(stdout, /^plan\.age {2}rewrapped for 1 recipient(, header alone)?\n$/)
      assert.equal(await bobOpens(both), 3)
      await both.alice.ok(['verify', 'plan.age'])
    })
  }

  test('keep a file that is rewrapped for others, and that is said', async (t) => {
    const both = await underKey(t)
    const { alice } = both
    const forgotten = await alice.run(['rewrap', 'plan.age'])
    assert.equal(forgotten.status, 2)
    assert.match(forgotten.stderr, /plan\.age has 1 recipient and 1 session key: say who is to open it/)
    alice.write('me.card', (await alice.ok(['container', 'export'])).stdout)
    const { stdout } = await alice.ok(['rewrap', 'plan.age', '-r', 'me.card'])
    assert.match(stdout, /rewrapped for 1 recipient and 1 session key/)
    assert.equal(await bobOpens(both), 0)
    const [record] = await alice.json(['rewrap', 'plan.age', '-r', 'bob', '--drop-key'])
    assert.match(JSON.stringify(record), /"recipients":2,"sessionKeys":0/)
  })

  test('are not forgotten by reseal either', async (t) => {
    const both = await underKey(t)
    const { alice } = both
    const forgotten = await alice.run(['reseal', 'plan.age'])
    assert.equal(forgotten.status, 2)
    assert.match(forgotten.stderr, /plan\.age has 1 recipient and 1 session key/)
    const kept = await alice.ok(['reseal', 'plan.age', '-k', 'team'])
    assert.match(kept.stdout, /for 1 recipient and 1 session key, version 2\n$/)
    assert.equal(await bobOpens(both), 0)
    const { stdout } = await alice.ok(['reseal', 'plan.age', '--only-me'])
    assert.match(stdout, /for 1 recipient, version 3\n$/)
    assert.equal(await bobOpens(both), 3)
  })

  test('see a public seal stay public when it is made anew', async (t) => {
    const { alice } = await twoPeople(t)
    alice.write('plan', 'content\n')
    await alice.ok(['seal', 'plan', '--public-seal', '-q'])
    await alice.ok(['reseal', 'plan.age', '-q'])
    const seen = async () => (await alice.ok(['inspect', 'plan.age', '--no-keys'])).stdout
    assert.match(await seen(), /public: everybody can read it/)
    await alice.ok(['reseal', 'plan.age', '--private-seal', '-q'])
    assert.match(await seen(), /private: only who can open/)
  })
})
