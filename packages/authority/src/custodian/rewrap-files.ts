import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ByteReader, ByteWriter, toHex } from '@strongroom/core/bytes'
import { readRegularFile, writeFileAtomically } from '@strongroom/core/container'
import {
  ACTS,
  completionHashesDigest,
  encodeEnvelope,
  LIMITS,
  parseEnvelope,
  RECOVERY_LIMITS,
  signStatement,
  type Completion,
  type DepositResult,
  type Envelope,
  type HashedResult,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import { CustodianError } from './custodian-error.ts'
import type { CustodianKeys } from './custody.ts'
import type { DepositTrust } from './opened-deposits.ts'
import { reading } from './reading.ts'
import type { DiskCalls } from './release-files.ts'

/** From which epoch to which: the name of a folder in that of the custodian. */
export interface Rewrapping {
  readonly from: number
  readonly to: number
}

/** A certificate that all deposits of an epoch were wrapped again, and the receipt that proves it in the log, once there is one. */
export interface KeptCompletion {
  readonly envelope: Envelope
  readonly receipt: Uint8Array | undefined
}

const PARTS = {
  batch: '.rewrapped',
  taken: '.taken',
  unopened: '.unopened',
  statement: '.statement',
  receipt: '.receipt',
} as const
/** What holds results; read again at the start. */
const RESULTS = [PARTS.batch, PARTS.taken, PARTS.unopened]
const COMPLETION = 'completion-'
const FOLDER = /^rewrap-([1-9][0-9]{0,9})-([1-9][0-9]{0,9})$/
const ID_BYTES = 32
/** Stands for the hash of a key blob that there is not. */
const UNOPENED = ''

/**
 * What was wrapped for another epoch so far: a file a batch, each durable and whole before the next. Whoever was interrupted goes on behind
 * the last one, and the completion is made of these files, not of what anybody says.
 *
 * Of a batch, each durable before the next: `.rewrapped`, its key blobs; `.statement`, what is said of them; `.receipt`, which proves that
 * the authority has both. What another copy of this folder had wrapped is in `.taken`, what opens with no key, and a person gave up, in
 * `.unopened`. Of all batches only ids and hashes are kept in memory.
 */
export class RewrapFiles {
  readonly #folder: string
  readonly #step: Rewrapping
  readonly #calls: DiskCalls
  /** The hash of its key blob by the id of a deposit, both as strings of 32 characters: a million of them fit into memory. */
  readonly #done = new Map<string, string>()

  /** @param folder the custodian's. @throws CustodianError CUSTODIAN_STATE */
  constructor(folder: string, step: Rewrapping, calls?: DiskCalls) {
    this.#folder = join(folder, `rewrap-${step.from}-${step.to}`)
    this.#step = step
    this.#calls = calls
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(this.#folder)) {
      if (name.endsWith('.tmp')) rmSync(join(this.#folder, name), { force: true })
      if (RESULTS.some((part) => name.endsWith(part))) this.#note(this.#read(name))
    }
  }

  /** Which there are in a custodian's folder. */
  static all(folder: string): Rewrapping[] {
    return readdirSync(folder).flatMap((name) => {
      const [, from, to] = FOLDER.exec(name) ?? []
      return from && to ? [{ from: Number(from), to: Number(to) }] : []
    })
  }

  /** How many deposits are wrapped, or given up. */
  get count(): number {
    return this.#done.size
  }

  /** The ids of those that were given up. */
  get unopened(): Uint8Array[] {
    return [...this.#done].flatMap(([id, hash]) => (hash === UNOPENED ? [bytesOf(id)] : []))
  }

  has(id: Uint8Array): boolean {
    return this.#done.has(keyOf(id))
  }

  /** Those of these deposits that are not wrapped yet. */
  open(ids: readonly Uint8Array[]): Uint8Array[] {
    return ids.filter((id) => !this.has(id))
  }

  /** Keeps a batch, to be sent. What was wrapped before stays what it was. @returns its name; undefined if nothing of it is new */
  keep(wrapped: readonly DepositResult[]): string | undefined {
    return this.#keep(wrapped, 'batch')
  }

  /** Keeps what the authority has already. */
  take(wrapped: readonly DepositResult[]): void {
    this.#keep(wrapped, 'taken')
  }

  /** Keeps that deposits open with no key: nothing is wrapped for them, now or later. */
  giveUp(ids: readonly Uint8Array[]): void {
    const none = new Uint8Array(0)
    this.#keep(
      ids.map((id) => ({ id, blob: none })),
      'unopened',
    )
  }

  /** Names of batches of which nothing proves that the authority has them. */
  unsent(): string[] {
    return readdirSync(this.#folder)
      .filter((file) => file.endsWith(PARTS.batch))
      .map((file) => file.slice(0, -PARTS.batch.length))
      .filter((name) => !existsSync(this.#path(name, 'receipt')))
  }

  /** The key blobs of a batch. */
  batch(name: string): readonly DepositResult[] {
    return this.#read(`${name}${PARTS.batch}`)
  }

  /** What was said of a batch, or of all; undefined if nothing was yet. */
  statement(name: string): Envelope | undefined {
    if (!existsSync(this.#path(name, 'statement'))) return undefined
    const path = this.#path(name, 'statement')
    return reading(path, () => parseEnvelope(readRegularFile(path, LIMITS.envelopeBytes, 'rewrap').bytes))
  }

  /** Before it is sent: what is sent again after a lost answer must be the same statement. */
  keepStatement(name: string, statement: Envelope): Envelope {
    this.#write(name, 'statement', encodeEnvelope(statement))
    return statement
  }

  keepReceipt(name: string, receipt: Uint8Array): void {
    this.#write(name, 'receipt', receipt)
  }

  /** Forgets a batch that the authority does not take: other key blobs of these deposits are in the log. */
  drop(name: string): void {
    for (const { id } of this.batch(name)) this.#done.delete(keyOf(id))
    for (const part of ['statement', 'batch'] as const) rmSync(this.#path(name, part), { force: true })
  }

  /** The name under which the certificate of what is here is kept: another one if there is more. */
  get completionName(): string {
    return `${COMPLETION}${this.count}`
  }

  /** The certificate of what is here; undefined if it was not made. */
  completion(): KeptCompletion | undefined {
    const envelope = this.statement(this.completionName)
    if (!envelope) return undefined
    const path = this.#path(this.completionName, 'receipt')
    const receipt = existsSync(path)
      ? reading(path, () => readRegularFile(path, LIMITS.receiptBytes, 'rewrap').bytes)
      : undefined
    return { envelope, receipt }
  }

  /** What a completion of all that is here lists. */
  results(): Pick<Completion, 'count' | 'unopened' | 'results'> {
    const rows = [...this.#done].map(
      ([id, hash]): HashedResult => ({
        id: bytesOf(id),
        hash: hash === UNOPENED ? undefined : bytesOf(hash),
      }),
    )
    const unopened = rows.filter(({ hash }) => !hash).length
    return { count: rows.length, unopened, results: completionHashesDigest(sha256, rows) }
  }

  /**
   * The completion certificate: only if every deposit of the epoch is wrapped. Without it the old exchange key stays.
   *
   * @param ids of all deposits of the epoch, as the log has them
   * @throws CustodianError CUSTODIAN_DEPOSITS with those that are missing
   */
  complete(ids: readonly Uint8Array[], keys: CustodianKeys, judged: DepositTrust): Envelope {
    const missing = this.open(ids)
    if (missing.length > 0) {
      const message = `${missing.length} of ${ids.length} deposits are not wrapped for the new epoch`
      throw new CustodianError('CUSTODIAN_DEPOSITS', message, { digests: missing })
    }
    const payload = {
      identity: judged.trust.identity,
      custodian: keys.signer.signer,
      ...this.#step,
      ...this.results(),
      checkpoint: judged.tree,
      created: Math.floor(judged.now / 1000) * 1000,
    }
    return signStatement(sha256, ACTS.completion, payload, [keys.signer])
  }

  #keep(wrapped: readonly DepositResult[], part: 'batch' | 'taken' | 'unopened'): string | undefined {
    const fresh = wrapped.filter(({ id }) => !this.has(id))
    const [first] = fresh
    if (!first) return undefined
    const writer = new ByteWriter(fresh.reduce((length, { blob }) => length + ID_BYTES + 4 + blob.length, 0))
    for (const { id, blob } of fresh) writer.bytes(id).u32(blob.length).bytes(blob)
    const name = toHex(first.id)
    this.#write(name, part, writer.toBytes())
    this.#note(fresh)
    return name
  }

  #note(wrapped: readonly DepositResult[]): void {
    for (const { id, blob } of wrapped) {
      this.#done.set(keyOf(id), blob.length === 0 ? UNOPENED : keyOf(sha256(blob)))
    }
  }

  #read(file: string): DepositResult[] {
    const path = join(this.#folder, file)
    return reading(path, () => {
      const reader = new ByteReader(readRegularFile(path, RECOVERY_LIMITS.bundleBytes, 'rewrap').bytes)
      const found: DepositResult[] = []
      while (reader.remaining > 0) found.push({ id: reader.take(ID_BYTES), blob: reader.take(reader.u32()) })
      return found
    })
  }

  #write(name: string, part: keyof typeof PARTS, bytes: Uint8Array): void {
    writeFileAtomically(this.#path(name, part), bytes, { overwrite: true }, this.#calls)
  }

  #path(name: string, part: keyof typeof PARTS): string {
    return join(this.#folder, `${name}${PARTS[part]}`)
  }
}

const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const bytesOf = (key: string): Uint8Array => new Uint8Array(Buffer.from(key, 'latin1'))
