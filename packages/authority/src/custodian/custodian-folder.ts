import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { equalBytes, toHex } from '@strongroom/core/bytes'
import {
  MAX_CONTAINER_BYTES,
  parseContainer,
  readRegularFile,
  syncFolder,
  writeFileAtomically,
  type LockedContainer,
} from '@strongroom/core/container'
import { merkleTree } from '@strongroom/core/merkle'
import { parseFingerprint, type RecoveryBundle } from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import { lockFolder, type FolderLock } from '../setup/folder-lock.ts'
import { SetupError } from '../setup/setup-error.ts'
import { entryOf } from './bundle-entries.ts'
import { CustodianError } from './custodian-error.ts'
import { signersOf } from './custody.ts'
import type { Knowledge, Learned } from './knowledge.ts'
import { encodeMemory, parseMemory, remembering, type Memory, type RecoveredRelease } from './memory.ts'
import { reading } from './reading.ts'
import { ReleaseFiles, type DiskCalls, type KeptRelease } from './release-files.ts'
import { releaseDigest, type ReleaseRecord } from './release-record.ts'
import { encodeSettings, parseSettings, type CustodianSettings } from './custodian-settings.ts'
import type { ShareSet } from './secret-shares.ts'
import { encodeShareSet, parseShareSet } from './share-set.ts'

const FILES = {
  settings: 'custodian.json',
  container: 'key.container',
  memory: 'memory.json',
  releases: 'releases',
} as const
const MAX_FILE_BYTES = 64 * 1024 * 1024
const SHARES_NAME = /^shares\.[0-9a-f]{16}\.json$/
/** The name of the container inside: that of its file. */
export const CONTAINER_NAME = 'key'

/** What a new folder is made of. */
export interface NewCustodian {
  readonly folder: string
  readonly settings: Omit<CustodianSettings, 'charters'>
  /** The file of its container, named `key`. */
  readonly container: Uint8Array
  readonly shares?: ShareSet
  /** Milliseconds since 1970. */
  readonly now: number
}

/** What a person says of an authority. */
export interface NewTrust {
  /** Its fingerprint. */
  readonly identity?: string
  readonly url?: string
  /** The digest of the first charter of a tenant. */
  readonly charter?: Uint8Array
}

/**
 * A custodian's folder: settings, container, memory, releases. One process at a time.
 *
 * Whatever is written is durable before the call returns, and a file is the old one or the new one whenever the process ends.
 */
export class CustodianFolder {
  readonly path: string
  readonly releases: ReleaseFiles
  readonly #lock: FolderLock
  readonly #calls: DiskCalls
  #settings: CustodianSettings
  #memory: Memory
  #kept: Map<string, KeptRelease>
  /** The statement digests of the kept ones, by subject; all in hexadecimal. */
  readonly #digests: Map<string, string>

  private constructor(path: string, lock: FolderLock, calls: DiskCalls) {
    this.path = path
    this.#lock = lock
    this.#calls = calls
    removeLeftovers(path)
    removeLeftovers(join(path, FILES.releases))
    this.#settings = this.#parse(FILES.settings, parseSettings)
    this.#memory = this.#parse(FILES.memory, parseMemory)
    this.releases = new ReleaseFiles(join(path, FILES.releases), calls)
    this.#kept = new Map(this.releases.all().map((kept) => [toHex(kept.subject), kept]))
    this.#digests = new Map([...this.#kept].map(([name, { record }]) => [name, toHex(releaseDigest(record))]))
  }

  /** Makes a folder. It is one only when everything is in it. @throws CustodianError CUSTODIAN_EXISTS */
  static create({ folder, settings, container, shares, now }: NewCustodian): void {
    if (settings.identity !== null) parseFingerprint(settings.identity)
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new CustodianError('CUSTODIAN_EXISTS', `${folder} exists and is not empty`)
    }
    mkdirSync(join(folder, FILES.releases), { recursive: true, mode: 0o700 })
    const nothing = { size: 0, root: merkleTree(sha256).emptyRoot(), at: now }
    const memory = { sightings: [nothing], read: 0, epoch: null, charters: [], recovered: [] }
    writeFileAtomically(join(folder, FILES.container), container)
    if (shares) writeFileAtomically(join(folder, sharesName(sha256(container))), encodeShareSet(shares))
    writeFileAtomically(join(folder, FILES.memory), encodeMemory(memory))
    writeFileAtomically(join(folder, FILES.settings), encodeSettings({ ...settings, charters: [] }))
    syncFolder(dirname(join(folder, '.')))
  }

  /**
   * Opens a folder, for this process alone until `close`.
   *
   * @param calls the disk, for tests
   * @throws CustodianError CUSTODIAN_NOT_FOUND, CUSTODIAN_BUSY, CUSTODIAN_STATE
   */
  static open(path: string, calls?: DiskCalls): CustodianFolder {
    if (!existsSync(join(path, FILES.settings))) {
      throw new CustodianError('CUSTODIAN_NOT_FOUND', `there is no custodian in ${path}`)
    }
    const lock = lockOf(path)
    try {
      return new CustodianFolder(path, lock, calls)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** The container, locked. */
  container(): LockedContainer {
    return this.#parse(FILES.container, parseContainer, MAX_CONTAINER_BYTES)
  }

  /** The shares that this version of the container is protected with; undefined for a passphrase. */
  shares({ digest }: LockedContainer): ShareSet | undefined {
    const name = sharesName(digest)
    return existsSync(join(this.path, name)) ? this.#parse(name, parseShareSet) : undefined
  }

  /** Puts the container under other protection. What is known of its shares is there before it is, and goes after it went. */
  protect(container: Uint8Array, shares: ShareSet | undefined): void {
    const name = sharesName(sha256(container))
    if (shares) this.#write(name, encodeShareSet(shares))
    this.#write(FILES.container, container)
    for (const other of readdirSync(this.path)) {
      if (SHARES_NAME.test(other) && other !== name) rmSync(join(this.path, other), { force: true })
    }
  }

  get settings(): CustodianSettings {
    return this.#settings
  }

  /**
   * Takes the word of a person: which authority it is, once and for all; where it is; with which charter a tenant begins.
   *
   * @throws CustodianError CUSTODIAN_TRUST if it trusts another authority already
   */
  trust({ identity, url, charter }: NewTrust): void {
    const { identity: own } = this.#settings
    if (identity !== undefined && own !== null && own !== identity) {
      throw new CustodianError('CUSTODIAN_TRUST', `this custodian trusts ${own}, and no other authority`)
    }
    const known = this.#settings.charters.some((digest) => charter && equalBytes(digest, charter))
    const settings = {
      ...this.#settings,
      identity: own ?? identity ?? null,
      url: url ?? this.#settings.url,
      charters: charter && !known ? [...this.#settings.charters, charter] : this.#settings.charters,
    }
    this.#write(FILES.settings, encodeSettings(settings))
    this.#settings = settings
  }

  get memory(): Memory {
    return this.#memory
  }

  /** What `checkBundle` is told. @throws CustodianError CUSTODIAN_TRUST before a person said which authority it is */
  knowledge(): Knowledge {
    const { identity, freshness, charters: named } = this.#settings
    if (identity === null) {
      throw new CustodianError('CUSTODIAN_TRUST', 'this custodian was not told which authority to trust')
    }
    const { sightings, read, epoch, charters, recovered } = this.#memory
    const kept = [...this.#kept.values()]
    return {
      identity,
      freshness,
      signers: signersOf(this.container().info),
      sightings,
      read,
      ...(epoch && { epoch }),
      charters: new Map(charters.map(({ tenant, ...known }) => [tenant, known])),
      named: new Set(named.map(toHex)),
      spent: new Set([...this.#kept.keys(), ...recovered.map(({ subject }) => toHex(subject))]),
      releases: new Set([...this.#digests.values(), ...recovered.map(({ digest }) => toHex(digest))]),
      codes: new Set([
        ...kept.flatMap(({ record }) => record.codes),
        ...recovered.flatMap(({ codes }) => codes),
      ]),
    }
  }

  /** Remembers what was verified. */
  learn(learned: Learned): void {
    this.#remember(remembering(this.#memory, learned))
  }

  /** Pins the first charter of a tenant that a person compared. What is known of a tenant is never replaced. */
  introduce(tenant: string, first: Uint8Array): void {
    if (this.#memory.charters.some((known) => known.tenant === tenant)) return
    this.learn({ tenant, charter: { first, number: 1, digest: first } })
  }

  /** Takes releases for its own that it has no files of. @param read how many leaves have no others */
  recover(releases: readonly RecoveredRelease[], read: number = this.#memory.read): void {
    const recovered = [...this.#memory.recovered, ...releases]
    this.#remember({ ...remembering(this.#memory, { read }), recovered })
  }

  /** The release of a subject; undefined if it is not spent. */
  kept(subject: Uint8Array): KeptRelease | undefined {
    return this.#kept.get(toHex(subject))
  }

  /** The release of what a bundle is about; undefined if it is not spent. */
  keptOf({ subject }: RecoveryBundle): KeptRelease | undefined {
    return this.kept(entryOf(subject).digest)
  }

  /** Every release. */
  all(): readonly KeptRelease[] {
    return [...this.#kept.values()]
  }

  /** Makes a subject spent, durably. */
  spend(subject: Uint8Array, record: ReleaseRecord, blobs: Uint8Array): void {
    this.releases.spend(subject, record, blobs)
    this.#kept.set(toHex(subject), { subject, record })
    this.#digests.set(toHex(subject), toHex(releaseDigest(record)))
  }

  /** Lets other processes in. */
  close(): void {
    this.#lock.release()
  }

  #remember(memory: Memory): void {
    this.#write(FILES.memory, encodeMemory(memory))
    this.#memory = memory
  }

  #parse<T>(name: string, parse: (bytes: Uint8Array) => T, maxBytes = MAX_FILE_BYTES): T {
    const path = join(this.path, name)
    return reading(path, () => parse(readRegularFile(path, maxBytes, 'file').bytes))
  }

  #write(name: string, bytes: Uint8Array): void {
    writeFileAtomically(join(this.path, name), bytes, { overwrite: true }, this.#calls)
  }
}

/** Shares belong to one version of the container: after a crash the old version has the old ones, the new version the new. */
function sharesName(digest: Uint8Array): string {
  return `shares.${toHex(digest.slice(0, 8))}.json`
}

/** Files that a process did not finish: they never had their name. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/^\..+\.[0-9a-f]{16}\.tmp$/.test(basename(name))) rmSync(join(folder, name), { force: true })
  }
}

function lockOf(path: string): FolderLock {
  try {
    return lockFolder(path)
  } catch (cause) {
    if (!(cause instanceof SetupError)) throw cause
    throw new CustodianError('CUSTODIAN_BUSY', `another process of the custodian runs in ${path}`, { cause })
  }
}
