/* Who "me" is: whoever opened the container, and nobody whom its file merely names. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { suite, test } from 'node:test'
import {
  ContainerStore,
  createContainer,
  encodeContainer,
  exportAgeIdentity,
} from '@strongroom/core/container'
import { initialised, PASSPHRASE, passphraseFile } from './fixtures.ts'
import type { Home } from './program.ts'

type T = Parameters<typeof initialised>[0]

const CLAIMS = /sealed by the key that your container default claims \(not proved: give its passphrase\)/

/** Puts the public keys of one container into the file of another, as whoever can write to it could. */
function exchangePublicKeys(of: Home, by: Home): void {
  const path = 'home/containers/default.container'
  const mine = JSON.parse(of.text(path)) as Record<string, unknown>
  const theirs = JSON.parse(by.text(path)) as Record<string, unknown>
  of.write(path, `${JSON.stringify({ ...mine, keys: theirs['keys'] }, undefined, 2)}\n`)
}

/** A person whose container has a passphrase and somebody else's public keys, and a file that is theirs. */
async function deceived(t: T): Promise<{ alice: Home; mallory: Home }> {
  const alice = initialised(t, { passphrase: PASSPHRASE })
  const mallory = initialised(t)
  mallory.write('plan', 'forged\n')
  await mallory.ok(['seal', 'plan', '--public-seal', '-q'])
  alice.write('plan.age', mallory.read('plan.age'))
  exchangePublicKeys(alice, mallory)
  return { alice, mallory }
}

/** A person with a passphrase, a public file of theirs and their age identity in a file. */
async function protectedOwner(t: T): Promise<Home> {
  const home = initialised(t, { passphrase: PASSPHRASE })
  const container = createContainer({ name: 'default', profile: 'pq', now: new Date() })
  new ContainerStore(`${home.home}/containers`).remove('default')
  const protection = { kind: 'passphrase', passphrase: PASSPHRASE, logN: 1 } as const
  new ContainerStore(`${home.home}/containers`).save(encodeContainer(container, protection))
  home.write('key.txt', exportAgeIdentity(container))
  home.write('plan', 'mine\n')
  await home.ok(['seal', 'plan', '--public-seal', '-q', '--passphrase-file', passphraseFile(home)])
  return home
}

suite('a container that was not opened', { concurrency: 2 }, () => {
  test('makes nobody the owner: verify and inspect', async (t) => {
    const { alice } = await deceived(t)
    const verified = await alice.run(['verify', 'plan.age'])
    assert.equal(verified.status, 6, verified.stdout)
    assert.match(verified.stderr, CLAIMS)
    assert.match(
      verified.stderr,
      /hint: bring the passphrase with --passphrase-file FILE, or add --signer me/,
    )
    const { stdout } = await alice.ok(['inspect', 'plan.age'])
    assert.match(stdout, /not verified +anything: sealed by the key that your container default claims/)
    assert.doesNotMatch(stdout, /sealed by +me|^ +verified/m)
    const proved = await alice.run(['verify', 'plan.age', '--passphrase-file', passphraseFile(alice)])
    assert.equal(proved.status, 9, 'and with the passphrase it is noticed what was done to it')
  })

  test('makes nobody the owner: open with an identity from a file', async (t) => {
    const { alice, mallory } = await deceived(t)
    await mallory.ok(['container', 'export', '--age-identity', '-o', 'key.txt', '-q'])
    alice.write('key.txt', mallory.read('key.txt'))
    const run = await alice.run(['open', 'plan.age', '-o', 'x', '-i', 'key.txt'])
    assert.equal(run.status, 6, run.stdout)
    assert.match(run.stderr, CLAIMS)
    assert.equal(existsSync(alice.path('x')), false)
  })

  test('is told by its fingerprint alone, and --signer names it all the same', async (t) => {
    const { alice, mallory } = await deceived(t)
    const other = initialised(t)
    alice.write('bob.card', (await other.ok(['container', 'export'])).stdout)
    await alice.ok(['signer', 'add', 'bob', 'bob.card', '-q'])
    const run = await alice.run(['verify', 'plan.age', '--signer', 'bob'])
    assert.equal(run.status, 6)
    assert.match(run.stderr, /not sealed by bob but by the key that your container default claims/)
    alice.write('mallory.card', (await mallory.ok(['container', 'export'])).stdout)
    await alice.ok(['signer', 'add', 'mallory', 'mallory.card', '-q'])
    assert.match((await alice.ok(['verify', 'plan.age'])).stdout, /authentic, sealed by mallory/)
  })
})

suite('the owner of a container with a passphrase', { concurrency: 2 }, () => {
  test('is "me" once it was opened, and --signer me opens it', async (t) => {
    const home = await protectedOwner(t)
    const given = ['--passphrase-file', passphraseFile(home)]
    assert.match((await home.run(['verify', 'plan.age'])).stderr, CLAIMS)
    const asked = await home.run(['verify', 'plan.age', '--signer', 'me'])
    assert.equal(asked.status, 9)
    assert.match(asked.stderr, /there is no terminal to ask for the passphrase of the container default/)
    for (const more of [given, [...given, '--signer', 'me']]) {
      assert.match((await home.ok(['verify', 'plan.age', ...more])).stdout, /authentic, sealed by me/)
    }
    assert.match((await home.ok(['inspect', 'plan.age', ...given])).stdout, /sealed by +me {2}SHA256/)
  })

  test('is "me" beside an identity from a file only with the passphrase', async (t) => {
    const home = await protectedOwner(t)
    const words = ['open', 'plan.age', '-o', 'x', '-f', '-i', 'key.txt']
    const run = await home.run(words)
    assert.equal(run.status, 6)
    assert.match(run.stderr, CLAIMS)
    assert.equal((await home.run([...words, '--signer', 'me'])).status, 9)
    const { stdout } = await home.ok([...words, '--passphrase-file', passphraseFile(home)])
    assert.match(stdout, /sealed by me/)
  })

  test('is "me" without a question if the container has no protection', async (t) => {
    const home = initialised(t)
    home.write('plan', 'mine\n')
    await home.ok(['container', 'export', '--age-identity', '-o', 'key.txt', '-q'])
    await home.ok(['seal', 'plan', '-q'])
    const { stdout } = await home.ok(['open', 'plan.age', '-o', 'x', '-i', 'key.txt'])
    assert.match(stdout, /sealed by me/)
  })

  test('needs no container for what others sealed', async (t) => {
    const { alice, mallory } = await deceived(t)
    alice.write('mallory.card', (await mallory.ok(['container', 'export'])).stdout)
    await alice.ok(['signer', 'add', 'mallory', 'mallory.card', '-q'])
    await alice.ok(['container', 'remove', 'default', '-f', '-q'])
    assert.match((await alice.ok(['inspect', 'plan.age'])).stdout, /sealed by +mallory/)
    await mallory.ok(['container', 'export', '--age-identity', '-o', 'key.txt', '-q'])
    alice.write('key.txt', mallory.read('key.txt'))
    await alice.ok(['open', 'plan.age', '-o', 'x', '-i', 'key.txt'])
    assert.equal(
      (await alice.run(['open', 'plan.age', '-o', 'y', '-i', 'key.txt', '--signer', 'me'])).status,
      12,
    )
  })
})
