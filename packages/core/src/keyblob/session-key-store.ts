import { lstatSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from '../age/index.ts'
import { ContainerError, readRegularFile, syncFolder, writeFileAtomically } from '../container/index.ts'
import { parseKeyBlob } from './key-blob.ts'
import { KeyBlobError } from './key-blob-error.ts'
import {
  checkSessionKeyName,
  createSessionKey,
  isSessionKeyName,
  NamedSessionKey,
  type NewSessionKey,
} from './session-key.ts'
import type { SignerDirectory } from './verified-seal.ts'

const SUFFIX = '.keyblob'
// A blob holds stanzas and a seal without segments; a header is never longer.
const MAX_BLOB_BYTES = 1_048_576

/** One entry of the folder. Nothing in it is verified: it is what the disk says. */
export interface SessionKeyEntry {
  readonly name: string
  readonly modifiedMs: number
  /** The types of the stanzas; undefined if it is no key blob. */
  readonly stanzas: readonly string[] | undefined
}

/**
 * Named session keys, one signed key blob a file, in a folder that nobody needs to trust.
 *
 * The only file of this layer that touches the disk. Every use verifies the blob's signature: whoever
 * puts a blob of their own there, with a key they know, encrypted to the owner's public key, is refused.
 */
export class SessionKeyStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Makes a session key and stores its blob. @throws KeyBlobError KEY_EXISTS, KEY_NAME, LIMIT */
  create(wanted: NewSessionKey): void {
    this.#write(wanted.name, createSessionKey(wanted), false)
  }

  /** All blobs, by name. Files without a name that a session key can have are passed over. */
  list(): SessionKeyEntry[] {
    return this.#names().map((name) => ({
      name,
      modifiedMs: lstatSync(this.#path(name)).mtimeMs,
      stanzas: this.#stanzasOf(name),
    }))
  }

  /**
   * The session key of that name, verified now.
   *
   * @throws KeyBlobError KEY_MISSING, KEY_NAME, and all that `NamedSessionKey.open` throws
   */
  load(name: string, identities: readonly Identity[], signers: SignerDirectory): NamedSessionKey {
    return NamedSessionKey.open(name, this.exportBlob(name), identities, signers)
  }

  /** The blob as it stands on the disk. @throws KeyBlobError KEY_MISSING, KEY_NAME */
  exportBlob(name: string): Uint8Array {
    checkSessionKeyName(name)
    try {
      return readRegularFile(this.#path(name), MAX_BLOB_BYTES, 'key blob').bytes
    } catch (cause) {
      if (!(cause instanceof ContainerError) || cause.code !== 'CONTAINER_NOT_FOUND') throw cause
      throw new KeyBlobError('KEY_MISSING', `there is no session key ${name}`, { cause })
    }
  }

  /**
   * Takes in a blob, once it is verified that its owner signed it under that name.
   *
   * @throws KeyBlobError KEY_EXISTS unless `overwrite`, and all that `NamedSessionKey.open` throws
   */
  importBlob(
    name: string,
    blob: Uint8Array,
    by: { identities: readonly Identity[]; signers: SignerDirectory; overwrite?: boolean },
  ): void {
    checkSessionKeyName(name)
    NamedSessionKey.open(name, blob, by.identities, by.signers).wipe()
    this.#write(name, blob, by.overwrite ?? false)
  }

  /** Removes a blob; files sealed under it alone can then no longer be opened by it. @throws KeyBlobError KEY_MISSING */
  remove(name: string): void {
    this.exportBlob(name)
    unlinkSync(this.#path(name))
    syncFolder(this.#folder)
  }

  #write(name: string, blob: Uint8Array, overwrite: boolean): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    try {
      writeFileAtomically(this.#path(name), blob, { overwrite })
    } catch (cause) {
      if (!(cause instanceof ContainerError) || cause.code !== 'CONTAINER_EXISTS') throw cause
      throw new KeyBlobError('KEY_EXISTS', `there is a session key ${name} already`, { cause })
    }
  }

  /** One bad file must not hide the others. */
  #stanzasOf(name: string): readonly string[] | undefined {
    try {
      return parseKeyBlob(this.exportBlob(name)).stanzas.map((stanza) => stanza.type)
    } catch (error) {
      if (error instanceof KeyBlobError || error instanceof ContainerError) return undefined
      throw error
    }
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder)
        .filter((file) => file.endsWith(SUFFIX))
        .map((file) => file.slice(0, -SUFFIX.length))
        .filter(isSessionKeyName)
        .sort()
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
  }

  #path(name: string): string {
    return join(this.#folder, `${name}${SUFFIX}`)
  }
}
