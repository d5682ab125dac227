import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import {
  createContainer,
  encodeContainer,
  writeFileAtomically,
  type KeyContainer,
} from '@strongroom/core/container'
import { addRsaKey } from './custodian-card.ts'
import { SetupError } from './setup-error.ts'

/** A container that is to be made. */
export interface NewContainerFile {
  /** Ends with `.container`; its name is that of the container. */
  readonly path: string
  readonly passphrase: string
  /** Whether it gets an RSA key too, for SIMPLEBLOBs of CryptoAPI. */
  readonly rsa?: boolean
}

const SUFFIX = '.container'

/**
 * Makes a post-quantum key container in a file of its own, under a passphrase. The folder is made, 0700, if it is not there.
 *
 * @param logN the work of the passphrase; the container's own unless told
 * @returns the unlocked container, for the caller to wipe
 * @throws SetupError SETUP_EXISTS; ContainerError CONTAINER_NAME
 */
export function makeContainerFile(
  { path, passphrase, rsa = false }: NewContainerFile,
  now: number,
  logN?: number,
): KeyContainer {
  checkFree(path)
  const name = basename(path, SUFFIX)
  const container = createContainer({ name, profile: 'pq', now: new Date(now) })
  if (rsa) addRsaKey(container, now)
  const bytes = encodeContainer(container, {
    kind: 'passphrase',
    passphrase,
    ...(logN !== undefined && { logN }),
  })
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileAtomically(path, bytes)
  return container
}

/** @throws SetupError SETUP_EXISTS if something has that name */
export function checkFree(path: string): void {
  if (existsSync(path)) throw new SetupError('SETUP_EXISTS', `${path} already exists`)
}

/** Takes a container away that nothing depends on yet. */
export function removeContainerFile({ path }: NewContainerFile): void {
  rmSync(path, { force: true })
}
