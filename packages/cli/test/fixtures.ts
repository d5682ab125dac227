import { chmodSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { ContainerStore, createContainer, encodeContainer, type Profile } from '@strongroom/core/container'
import { Home } from './program.ts'

/** The passphrase of containers that have one. */
export const PASSPHRASE = 'correct horse battery staple'

// The least there is: what protects these containers needs to resist nobody.
const QUICK_LOG_N = 1

interface Wanted {
  readonly passphrase?: string
  readonly profile?: Profile
}

/** A machine on which a default container was made; without protection unless told. */
export function initialised(
  t: Pick<TestContext, 'after'>,
  { passphrase, profile = 'pq' }: Wanted = {},
): Home {
  const home = new Home(t)
  const container = createContainer({ name: 'default', profile, now: new Date() })
  const protection =
    passphrase === undefined
      ? ({ kind: 'none' } as const)
      : ({ kind: 'passphrase', passphrase, logN: QUICK_LOG_N } as const)
  new ContainerStore(`${home.home}/containers`).save(encodeContainer(container, protection))
  container.wipe()
  return home
}

/** A file with a passphrase in it that only its owner can read. */
export function passphraseFile(home: Home, passphrase = PASSPHRASE): string {
  const path = home.write(`passphrase of ${passphrase.length}`, `${passphrase}\n`)
  chmodSync(path, 0o600)
  return path
}

/** Two people who have each other's public cards, under their names. */
export async function twoPeople(t: Pick<TestContext, 'after'>): Promise<{ alice: Home; bob: Home }> {
  const alice = initialised(t)
  const bob = initialised(t)
  await Promise.all([introduce(alice, 'alice', bob), introduce(bob, 'bob', alice)])
  return { alice, bob }
}

async function introduce(somebody: Home, name: string, to: Home): Promise<void> {
  const { stdout } = await somebody.ok(['container', 'export'])
  await to.ok(['signer', 'add', name, to.write(`${name}.card`, stdout)])
}
