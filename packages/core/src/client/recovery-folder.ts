import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from '../age/index.ts'
import { fromHex, toHex } from '../bytes/index.ts'
import { ContainerError, writeFileAtomically } from '../container/index.ts'
import {
  ACTS,
  encodeDeposits,
  encodeKeyBlobs,
  LIMITS,
  openStatement,
  parseDeposits,
  parseKeyBlobs,
  RECOVERY_LIMITS,
  sortedIds,
  statementDigest,
  type EpochChain,
  type RecoveryRequest,
  type VerifiedReceipt,
} from '../protocol/index.ts'
import { ClientError } from './client-error.ts'
import { lockFolder, type FolderLock } from './folder-lock.ts'
import { nodeMeans, sha256 } from './node-verify.ts'
import { makePrivateFolder, readOwnFile, removeOwnFiles, readState, writeOwnFile } from './own-files.ts'
import { verifyReceiptFile, type ReceiptExpectations } from './receipt-file.ts'
import { openRelease, type RecoveredKey } from './recovery-release.ts'
import {
  encodeRecovery,
  MAX_RECOVERY_BYTES,
  parseRecovery,
  type RecoveryPlan,
  type RecoveryRecord,
} from './recovery-state.ts'

const FILE = 'recovery.json'
const RECEIPT = 'request.receipt'
const RELEASE = 'release.receipt'
const BLOBS = 'release.keyblobs'
const DONE = 'done'
const OVER = 'over'
const LOCK = '.lock'
const REQUEST = /^[0-9a-f]{64}$/
const MAX_BLOBS_BYTES = RECOVERY_LIMITS.deposits * (RECOVERY_LIMITS.releaseBlobBytes + 4)

/** The recoveries that were begun on this computer, a folder each, which is its owner's alone. */
export class RecoveryStore {
  readonly folder: string

  /** @param folder made when it is first needed */
  constructor(folder: string) {
    this.folder = folder
  }

  /** The requests of all recoveries, by their digests in hexadecimal, sorted. */
  list(): string[] {
    if (!existsSync(this.folder)) return []
    return readdirSync(this.folder)
      .filter((name) => REQUEST.test(name) && existsSync(join(this.folder, name, FILE)))
      .sort()
  }

  /**
   * Begins a recovery. The request is durable when this returns, and sent by nobody else: whatever happens, it is sent again, and never
   * another one in its place.
   *
   * @throws ClientError CLIENT_STATE if it is there already; ProtocolError for a plan that could not be read back
   */
  create(plan: RecoveryPlan, epochs: EpochChain): RecoveryFolder {
    const id = toHex(statementDigest(sha256, plan.request))
    const path = join(this.folder, id)
    const deposits = sortedIds(plan.deposits)
    const bytes = encodeRecovery({ ...plan, deposits, epochs, seen: null, known: null, released: null })
    parseRecovery(bytes)
    makePrivateFolder(path)
    try {
      writeFileAtomically(join(path, FILE), bytes, { mode: 0o600 })
    } catch (cause) {
      if (!(cause instanceof ContainerError)) throw cause
      throw new ClientError('CLIENT_STATE', `there is a recovery ${id} already`, { cause })
    }
    return new RecoveryFolder(path, id)
  }

  /** @param begins the first digits of a request, at least 4, that no other has. @throws ClientError CLIENT_STATE */
  open(begins: string): RecoveryFolder {
    const found = this.list().filter((id) => id.startsWith(begins.toLowerCase()))
    const [id] = found
    if (id !== undefined && found.length === 1 && begins.length >= 4) {
      return new RecoveryFolder(join(this.folder, id), id)
    }
    const reason = found.length > 1 ? 'several recoveries begin so' : 'no recovery begins so'
    throw new ClientError('CLIENT_STATE', `${reason} here`)
  }
}

/** One recovery on the disk. Every step is durable before the next one begins, and can be done again. */
export class RecoveryFolder {
  readonly path: string
  /** The statement digest of the request, in hexadecimal. */
  readonly id: string

  constructor(path: string, id: string) {
    this.path = path
    this.id = id
  }

  get digest(): Uint8Array {
    return fromHex(this.id)
  }

  /** @throws ClientError CLIENT_STATE */
  load(): RecoveryRecord {
    const path = join(this.path, FILE)
    const bytes = readOwnFile(path, MAX_RECOVERY_BYTES, 'recovery')
    if (!bytes) throw new ClientError('CLIENT_STATE', `${path} is not there any more`)
    const record = readState(path, () => parseRecovery(bytes))
    if (toHex(statementDigest(sha256, record.request)) === this.id) return record
    throw new ClientError('CLIENT_STATE', `${path}: the request of another recovery`)
  }

  /** The request that was signed. @throws ClientError CLIENT_STATE */
  request(record: RecoveryRecord = this.load()): RecoveryRequest {
    return readState(
      join(this.path, FILE),
      () => openStatement(ACTS.request, record.request, nodeMeans).payload,
    )
  }

  /** Keeps what was learnt since. */
  save(record: RecoveryRecord): void {
    writeOwnFile(join(this.path, FILE), encodeRecovery(record))
  }

  /** Forgets a request that was refused: it was never logged. */
  discard(): void {
    // Without its first file it is none, whatever else is left.
    removeOwnFiles(this.path, [FILE])
    rmSync(this.path, { recursive: true, force: true })
  }

  /** Nobody else goes on with this recovery meanwhile. @throws ClientError CLIENT_BUSY */
  lock(): FolderLock {
    return lockFolder(join(this.path, LOCK))
  }

  /** The receipt of the request, verified again; undefined as long as it was not sent. */
  receipt({ identity, epochs }: RecoveryRecord): VerifiedReceipt | undefined {
    const path = join(this.path, RECEIPT)
    const bytes = readOwnFile(path, LIMITS.receiptBytes, 'receipt')
    const expected = { identity, epochs, kind: 'request', digest: this.digest } as const
    return bytes && readState(path, () => verifyReceiptFile(bytes, expected))
  }

  /** Keeps a receipt, once it is verified. @throws ProtocolError as `verifyReceipt` does */
  keepReceipt(bytes: Uint8Array, { identity, epochs }: RecoveryRecord): VerifiedReceipt {
    const receipt = verifyReceiptFile(bytes, { identity, epochs, kind: 'request', digest: this.digest })
    writeOwnFile(join(this.path, RECEIPT), bytes)
    return receipt
  }

  /** The receipt of the release; undefined as long as it was not seen. It was verified before it was kept. */
  releaseReceipt(): Uint8Array | undefined {
    return readOwnFile(join(this.path, RELEASE), LIMITS.receiptBytes, 'receipt')
  }

  /** Keeps it, once it is verified. @throws ProtocolError as `verifyReceipt` does */
  keepReleaseReceipt(bytes: Uint8Array, expected: ReceiptExpectations): void {
    verifyReceiptFile(bytes, { ...expected, kind: 'release' })
    writeOwnFile(join(this.path, RELEASE), bytes)
  }

  /** A page of the deposits as it was fetched, from one of them on; undefined as long as it was not. */
  depositPage(from: number): readonly Uint8Array[] | undefined {
    const path = this.#pagePath(from)
    const bytes = readOwnFile(path, LIMITS.pageBytes, 'page of deposits')
    return bytes && readState(path, () => parseDeposits(bytes))
  }

  keepDepositPage(from: number, blobs: readonly Uint8Array[]): void {
    writeOwnFile(this.#pagePath(from), encodeDeposits(blobs))
  }

  #pagePath(from: number): string {
    return join(this.path, 'deposits', `${String(from).padStart(5, '0')}.deposits`)
  }

  /** All deposits in the order of their ids, as many as are here. */
  #deposits({ deposits }: RecoveryRecord): readonly { readonly id: Uint8Array; readonly blob: Uint8Array }[] {
    const pages: (readonly Uint8Array[])[] = []
    for (let from = 0; from < deposits.length; from += RECOVERY_LIMITS.depositsPerPage) {
      const page = this.depositPage(from)
      if (!page) return []
      pages.push(page)
    }
    const blobs = pages.flat()
    return deposits.flatMap((id, i) => {
      const blob = blobs[i]
      return blob ? [{ id, blob }] : []
    })
  }

  /** The release blobs, as they were fetched; undefined as long as they were not. */
  blobs(): readonly Uint8Array[] | undefined {
    const path = join(this.path, BLOBS)
    const bytes = readOwnFile(path, MAX_BLOBS_BYTES, 'release')
    return bytes && readState(path, () => parseKeyBlobs(bytes))
  }

  keepBlobs(blobs: readonly Uint8Array[]): void {
    writeOwnFile(join(this.path, BLOBS), encodeKeyBlobs(blobs))
  }

  /** Whether all that was to be done with what came back was done. */
  get finished(): boolean {
    return existsSync(join(this.path, DONE))
  }

  finish(): void {
    writeOwnFile(join(this.path, DONE), new Uint8Array(0))
  }

  /** Whether it was denied, cancelled or expired: nothing comes back from it. */
  get over(): boolean {
    return existsSync(join(this.path, OVER))
  }

  end(): void {
    writeOwnFile(join(this.path, OVER), new Uint8Array(0))
  }

  /**
   * The keys that came back; undefined as long as something is missing here. They are opened and compared anew each time: on the disk
   * they stand wrapped for the new container alone.
   *
   * @param blobs the release blobs; those that are kept here unless told
   * @throws as `openRelease`
   */
  keys(
    record: RecoveryRecord,
    identities: readonly Identity[],
    blobs: readonly Uint8Array[] | undefined = this.blobs(),
  ): RecoveredKey[] | undefined {
    const { released, tenant, client, epochs } = record
    if (!released || !blobs) return undefined
    const deposits = this.#deposits(record)
    if (deposits.length < record.deposits.length) return undefined
    const { results, ownerSigner } = released
    return openRelease({
      request: this.digest,
      results,
      deposits,
      blobs,
      tenant,
      client,
      ownerSigner,
      epochs,
      identities,
    })
  }
}
