import { lstatSync, mkdirSync, readdirSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes } from '../bytes/index.ts'
import { syncFolder, writeFileAtomically } from './atomic-write.ts'
import { ContainerError } from './container-error.ts'
import { MAX_CONTAINER_BYTES, parseContainer } from './container-file.ts'
import type { LockedContainer } from './container-file.ts'
import { isContainerName } from './container-info.ts'
import { cryptoApiPath } from './crypto-api-path.ts'
import { OTHERS_READ_OR_WRITE, checkMode, readRegularFile } from './regular-file.ts'

const SUFFIX = '.container'

/**
 * The folder that key containers lie in, one file `<name>.container` each, 0600.
 *
 * The folder, made 0700 when first needed, is the owner's alone: whoever else can write there can take
 * containers away, or put older versions and their own in place.
 */
export class ContainerStore {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** The names of the containers, sorted; none if there is no folder. Files of other names are passed over. */
  list(): string[] {
    if (!lstatSync(this.folder, { throwIfNoEntry: false })) return []
    return readdirSync(this.folder)
      .filter((file) => file.endsWith(SUFFIX))
      .map((file) => file.slice(0, -SUFFIX.length))
      .filter(isContainerName)
      .sort()
  }

  /** Whether anything has the place of the container of that name. @throws ContainerError CONTAINER_NAME */
  exists(name: string): boolean {
    return lstatSync(this.pathOf(name), { throwIfNoEntry: false }) !== undefined
  }

  /** Where the container of that name lies. @throws ContainerError CONTAINER_NAME */
  pathOf(name: string): string {
    if (!isContainerName(name)) {
      throw new ContainerError('CONTAINER_NAME', 'not the name of a container')
    }
    return join(this.folder, `${name}${SUFFIX}`)
  }

  /**
   * Reads a container, locked.
   *
   * @throws ContainerError CONTAINER_NOT_FOUND, CONTAINER_NAME
   * @throws ContainerError CONTAINER_PERMISSIONS for a symbolic link, or if others can read or write a
   *   container that nothing else protects
   * @throws ContainerError CONTAINER_FORMAT if it is not a container, or one of another name
   */
  load(name: string): LockedContainer {
    const path = this.pathOf(name)
    const { bytes, mode } = readRegularFile(path, MAX_CONTAINER_BYTES, 'container')
    const locked = parseContainer(bytes)
    if (locked.protection === 'none') checkMode(path, mode, OTHERS_READ_OR_WRITE)
    // The name inside is the one that is proven: a file that was moved is not taken for another.
    if (locked.info.name !== name) {
      throw new ContainerError('CONTAINER_FORMAT', `${path} holds the container ${locked.info.name}`)
    }
    return locked
  }

  /**
   * Writes an encoded container under its own name, atomically.
   *
   * @param replaces the version that may be replaced, as it was loaded; without it a container that exists
   *   is refused. So nobody replaces a version that they have not seen, and the keys in it.
   * @throws ContainerError CONTAINER_EXISTS if there is a container, or it is another version by now
   * @throws ContainerError CONTAINER_FORMAT if the bytes are not a container
   */
  save(bytes: Uint8Array, replaces?: LockedContainer): LockedContainer {
    const locked = parseContainer(bytes)
    const path = this.pathOf(locked.info.name)
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    if (replaces) this.#checkUnchanged(locked.info.name, replaces)
    writeFileAtomically(path, bytes, { mode: 0o600, overwrite: replaces !== undefined })
    return locked
  }

  /**
   * Removes a container, and its CryptoAPI key containers, which nothing else opens. What it alone opened is lost for
   * ever.
   *
   * @throws ContainerError CONTAINER_NOT_FOUND, CONTAINER_NAME
   */
  remove(name: string): void {
    if (!this.exists(name)) throw new ContainerError('CONTAINER_NOT_FOUND', `no container ${name}`)
    unlinkSync(this.pathOf(name))
    rmSync(cryptoApiPath(this.folder, name), { force: true })
    syncFolder(this.folder)
  }

  /** Compares just before the rename; two programs that save in the same instant can still cross. */
  #checkUnchanged(name: string, replaces: LockedContainer): void {
    const found = this.load(name)
    if (equalBytes(found.digest, replaces.digest)) return
    throw new ContainerError('CONTAINER_EXISTS', `the container ${name} was changed since it was read`)
  }
}
