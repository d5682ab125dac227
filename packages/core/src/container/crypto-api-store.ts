import { equalBytes, wipe } from '../bytes/index.ts'
import type {
  ContainerChange,
  ContainerScope,
  ContainerStore,
  StoredContainer,
  StoredPair,
} from '../cryptoapi/index.ts'
import type { DiskCalls } from './atomic-write.ts'
import { MAX_CRYPTO_API_BYTES, encodeCryptoApiFile, openCryptoApiFile } from './crypto-api-file.ts'
import { cryptoApiPath } from './crypto-api-path.ts'
import { entryKey } from './crypto-api-record.ts'
import type { StoredEntries, StoredEntry } from './crypto-api-record.ts'
import type { KeyContainer } from './key-container.ts'
import { VersionedFile } from './versioned-file.ts'

/** A version of the file, as it lies on the disk and as it is understood. */
interface Version {
  readonly bytes: Uint8Array | undefined
  readonly entries: StoredEntries
}

const NOTHING: Version = { bytes: undefined, entries: new Map() }

/**
 * The CryptoAPI key containers of one owner: the file `<name>.cryptoapi` beside the owner's container, encrypted under
 * its active exchange key.
 *
 * Every call looks at the file, so that what another program changed is seen, and nothing that it wrote is lost. Whoever
 * can write the folder can put an older version back, unnoticed: docs/spec/container.md.
 *
 * The calls of the contract throw, besides what `change` throws:
 *
 * - ContainerError CONTAINER_FORMAT, CONTAINER_KEY, CONTAINER_LOCKED: the file is not what it should be, is under a key
 *   that the container does not have, or did not open;
 * - ContainerError CONTAINER_PERMISSIONS: it is a symbolic link or no regular file;
 * - ContainerError CONTAINER_NAME, CONTAINER_KEY, CONTAINER_FORMAT: a name above 260 characters, a blob that is empty or
 *   above 9,236 bytes, more than 10,000 containers or 16 MiB;
 * - the platform's error for everything the disk refuses.
 */
export class CryptoApiStore implements ContainerStore {
  readonly #owner: KeyContainer
  readonly #file: VersionedFile
  #version: Version = NOTHING

  /**
   * @param folder where the owner's container lies; made 0700 when first needed
   * @param owner unlocked, and not wiped while the store is used
   * @param calls for tests, which let the disk fail
   */
  constructor(folder: string, owner: KeyContainer, calls?: DiskCalls) {
    this.#owner = owner
    const path = cryptoApiPath(folder, owner.name)
    const what = 'file of CryptoAPI key containers'
    this.#file = new VersionedFile({ path, maxBytes: MAX_CRYPTO_API_BYTES, what }, calls)
  }

  /** Where the file lies, or will. */
  get path(): string {
    return this.#file.path
  }

  names(scope: ContainerScope): string[] {
    const entries = [...this.#current().entries.values()]
    return entries.filter((entry) => entry.scope === scope).map(({ name }) => name)
  }

  read(scope: ContainerScope, name: string): StoredContainer | undefined {
    return this.#current().entries.get(entryKey(scope, name))?.container
  }

  update(scope: ContainerScope, name: string, change: ContainerChange): void {
    for (;;) {
      const before = this.#current()
      const key = entryKey(scope, name)
      const found = before.entries.get(key)?.container
      const container = change(found)
      if (container === found) return
      const entries = new Map(before.entries)
      if (container === undefined) entries.delete(key)
      else entries.set(key, { scope, name, container })
      const bytes = encodeCryptoApiFile(this.#owner, entries)
      if (!this.#file.replace(before.bytes, bytes)) continue
      this.#version = { bytes, entries }
      return
    }
  }

  /** Clears the key blobs that are held; what is used afterwards is read again. */
  wipe(): void {
    for (const { container } of this.#version.entries.values()) {
      for (const pair of Object.values(container)) wipe(pair.blob)
    }
    this.#version = NOTHING
  }

  /** The version on the disk, decrypted only if it is not the one that is known. */
  #current(): Version {
    const bytes = this.#file.read()
    if (bytes === undefined) this.#version = NOTHING
    else if (!isSame(this.#version.bytes, bytes)) {
      const entries = keepObjects(openCryptoApiFile(this.#owner, bytes), this.#version.entries)
      this.#version = { bytes, entries }
    }
    return this.#version
  }
}

function isSame(known: Uint8Array | undefined, found: Uint8Array): boolean {
  return known !== undefined && Buffer.compare(known, found) === 0
}

/** What has not changed is the same object as before: the contract promises it, and parsed keys are kept by it. */
function keepObjects(entries: StoredEntries, before: StoredEntries): StoredEntries {
  return new Map([...entries].map(([key, entry]) => [key, keepEntry(entry, before.get(key))]))
}

function keepEntry(entry: StoredEntry, before: StoredEntry | undefined): StoredEntry {
  if (before === undefined) return entry
  const [now, then] = [entry.container, before.container]
  const exchange = keepPair(now.exchange, then.exchange)
  const signature = keepPair(now.signature, then.signature)
  if (exchange === then.exchange && signature === then.signature) return before
  return { ...entry, container: { ...(exchange && { exchange }), ...(signature && { signature }) } }
}

function keepPair(now: StoredPair | undefined, then: StoredPair | undefined): StoredPair | undefined {
  if (now === undefined || then === undefined) return now
  const same = now.exportable === then.exportable && equalBytes(now.blob, then.blob)
  if (same) wipe(now.blob)
  return same ? then : now
}
