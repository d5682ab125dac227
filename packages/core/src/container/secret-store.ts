import { randomBytes } from 'node:crypto'
import { toBase64, utf8Decode } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'
import { encodeContainer, parseContainer } from './container-file.ts'
import type { LockedContainer } from './container-file.ts'
import type { KeyContainer } from './key-container.ts'

/**
 * A place that keeps small secrets for the person who is logged in, as the keyrings of operating systems
 * do. `set` replaces; `delete` of what is not there is no error.
 */
export interface SecretStore {
  get(service: string, account: string): Promise<Uint8Array | string | undefined>
  set(service: string, account: string, secret: string): Promise<void>
  delete(service: string, account: string): Promise<void>
}

const SERVICE = 'strongroom'
const SECRET_BYTES = 32

/**
 * Encodes a container under a new random secret, which the store keeps from now on.
 *
 * Every version of a file has a secret of its own, so the one that is on the disk opens until the new one
 * is saved; then, and only then, `forgetKeyringSecret` may drop the old version's.
 *
 * @returns the file, to be saved
 * @throws ContainerError CONTAINER_SECRET if the store does not give back what it was given
 */
export async function encodeForKeyring(container: KeyContainer, store: SecretStore): Promise<Uint8Array> {
  const secret = toBase64(randomBytes(SECRET_BYTES))
  const bytes = encodeContainer(container, { kind: 'keyring', secret })
  const { account } = parseContainer(bytes)
  await store.set(SERVICE, account, secret)
  if (toText(await store.get(SERVICE, account)) !== secret) {
    throw new ContainerError('CONTAINER_SECRET', 'the secret store did not keep the secret')
  }
  return bytes
}

/**
 * Unlocks a container with the secret that the store keeps for this version of it.
 *
 * @throws ContainerError CONTAINER_SECRET if the container is not protected by a keyring, or the store has
 *   no secret for it: it was made on another machine, or for another user
 * @throws ContainerError CONTAINER_LOCKED as `unlock`
 */
export async function unlockWithKeyring(locked: LockedContainer, store: SecretStore): Promise<KeyContainer> {
  if (locked.protection !== 'keyring') {
    throw new ContainerError('CONTAINER_SECRET', 'the container is not protected by a keyring')
  }
  const secret = await store.get(SERVICE, locked.account)
  if (secret === undefined) {
    throw new ContainerError('CONTAINER_SECRET', 'the secret store has no secret for this container')
  }
  return locked.unlock(secret)
}

/** Drops the secret of a version that is no longer on the disk. Other protections have none. */
export async function forgetKeyringSecret(locked: LockedContainer, store: SecretStore): Promise<void> {
  if (locked.protection === 'keyring') await store.delete(SERVICE, locked.account)
}

function toText(secret: Uint8Array | string | undefined): string | undefined {
  return secret instanceof Uint8Array ? utf8Decode(secret) : secret
}
