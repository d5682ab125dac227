import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '../bytes/index.ts'
import { epochStanding, verifyDeposit } from '../protocol/index.ts'
import { AttemptLog } from './attempt-log.ts'
import type { AuthorityState } from './authority-state.ts'
import { ClientError } from './client-error.ts'
import { parseDepositBlob } from './deposit-parts.ts'
import { MAX_RECORD_BYTES } from './deposit-record.ts'
import { writingTogether } from './file-group.ts'
import { lockFolder, withLock, type FolderLock } from './folder-lock.ts'
import { nodeMeans, sha256 } from './node-verify.ts'
import { encodeOutboxFile, parseOutboxFile, type DamagedEntry, type OutboxEntry } from './outbox-entry.ts'
import { namesIn, readOwnFile, readState, removeOwnFiles, writeOwnFile } from './own-files.ts'

/** A deposit to be kept until there is a receipt. */
export interface OutboxDeposit {
  readonly blob: Uint8Array
  /** For people. */
  readonly label?: string | undefined
  /** The file that its key opens. */
  readonly path?: string | undefined
}

/** What was put into the outbox. */
export interface Added {
  /** The deposit id in hexadecimal. */
  readonly id: string
  /** `grace`: its epoch is over, and it is taken for a few days more. */
  readonly standing: 'current' | 'grace'
}

const SUFFIX = '.deposit'

/**
 * The deposits of one authority that there is no receipt for yet, a file each.
 *
 * What is in it is durable, and leaves it only when its receipt was verified and is durable itself, or when a person says so.
 * Adding takes no lock; files are made whole and never changed.
 */
export class Outbox {
  readonly folder: string
  /** Written by whoever has the lock. */
  readonly attempts: AttemptLog

  constructor(folder: string) {
    this.folder = folder
    this.attempts = new AttemptLog(join(folder, 'attempts.log'))
  }

  /**
   * Puts a deposit into the outbox; durable when this returns. The same bytes again are the same entry.
   *
   * @throws ClientError CLIENT_EPOCH if the epoch that it was made for has not begun or is over; ProtocolError as `verifyDeposit`
   *   does; the platform's error, and then nothing is kept
   */
  add({ blob, label, path }: OutboxDeposit, state: AuthorityState, nowMs: number): Added {
    const standing = checkDeposit(blob, state, nowMs)
    const id = toHex(sha256(blob))
    if (!this.has(id)) writeOwnFile(this.#pathOf(id), outboxFile({ blob, label, path }, nowMs))
    return { id, standing }
  }

  /**
   * Puts deposits into the outbox, all of them durable when this is fulfilled: together they take the disk little more time than
   * one. Each is taken from `deposits` while the disk is at work on those before it.
   *
   * @throws what `add` throws, and what `deposits` throws: then none is kept, unless the disk refuses at the very end
   */
  addAll(deposits: Iterable<OutboxDeposit>, state: AuthorityState, nowMs: number): Promise<Added[]> {
    return writingTogether(async (group) => {
      const all: Added[] = []
      for (const deposit of deposits) {
        const standing = checkDeposit(deposit.blob, state, nowMs)
        const id = toHex(sha256(deposit.blob))
        if (!this.has(id)) await group.write(this.#pathOf(id), outboxFile(deposit, nowMs))
        all.push({ id, standing })
      }
      return all
    })
  }

  /** The ids of all entries, in hexadecimal, sorted. */
  list(): string[] {
    return namesIn(this.folder, SUFFIX)
  }

  has(id: string): boolean {
    return existsSync(this.#pathOf(id))
  }

  /** All entries, one after the other; those that are removed meanwhile are passed over. */
  *entries(): Generator<OutboxEntry | DamagedEntry, void, undefined> {
    const attempts = this.attempts.read()
    for (const id of this.list()) {
      const entry = this.read(id)
      if (entry) yield 'damage' in entry ? entry : { ...entry, tried: attempts.get(id) }
    }
  }

  /** One entry, without its attempts; undefined if there is none. */
  read(id: string): Omit<OutboxEntry, 'tried'> | DamagedEntry | undefined {
    const path = this.#pathOf(id)
    try {
      const bytes = readOwnFile(path, MAX_RECORD_BYTES, 'deposit in the outbox')
      return bytes && readState(path, () => parseOutboxFile(id, bytes))
    } catch (error) {
      if (error instanceof ClientError) return { id, damage: error.message }
      throw error
    }
  }

  /**
   * Puts a deposit in the place of one that was made for an epoch that is over; there is never none of the two.
   *
   * @throws ClientError CLIENT_STATE if the old one is not there any more: it may have been delivered; and what `add` throws
   */
  replace(old: string, deposit: OutboxDeposit, state: AuthorityState, nowMs: number): Added {
    return this.#locked(() => {
      this.#checkThere(old)
      const added = this.add(deposit, state, nowMs)
      if (added.id !== old) this.remove([old])
      return added
    })
  }

  /**
   * Gives up a deposit that a person has looked at.
   *
   * @param seen the entry as it was shown
   * @throws ClientError CLIENT_STATE if it was tried again or delivered since, CLIENT_BUSY
   */
  discard(seen: OutboxEntry | DamagedEntry): void {
    this.#locked(() => {
      this.#checkThere(seen.id)
      const before = 'damage' in seen ? undefined : seen.tried
      const tried = this.attempts.read().get(seen.id)
      if (tried?.count !== before?.count || tried?.outcome !== before?.outcome) {
        throw new ClientError('CLIENT_STATE', `the deposit ${seen.id} was tried again since it was shown`)
      }
      this.remove([seen.id])
    })
  }

  /** Removes entries. For whoever has the lock, and their receipts on the disk. */
  remove(ids: readonly string[]): void {
    removeOwnFiles(
      this.folder,
      ids.map((id) => `${id}${SUFFIX}`),
    )
  }

  /** For one process at a time: to deliver, and to remove. @throws ClientError CLIENT_BUSY */
  lock(): FolderLock {
    return lockFolder(this.#lockPath)
  }

  #locked<T>(work: () => T): T {
    return withLock(this.#lockPath, 0, work)
  }

  get #lockPath(): string {
    return join(this.folder, '.lock')
  }

  #checkThere(id: string): void {
    if (!this.has(id))
      throw new ClientError('CLIENT_STATE', `the deposit ${id} is not in the outbox any more`)
  }

  #pathOf(id: string): string {
    return join(this.folder, `${id}${SUFFIX}`)
  }
}

function outboxFile({ blob, label, path }: OutboxDeposit, nowMs: number): Uint8Array {
  return encodeOutboxFile({ addedMs: Math.floor(nowMs), label: label ?? null, path: path ?? null, blob })
}

/** What the authority would refuse is not kept for it. */
function checkDeposit(blob: Uint8Array, state: AuthorityState, nowMs: number): Added['standing'] {
  const { tenant, clientId, signer, epochs } = state
  const { body, recipientStanza } = parseDepositBlob(blob)
  const { context } = verifyDeposit(body, { ...nodeMeans, tenant, clientId, signer, epochs, recipientStanza })
  const epoch = epochs.find(context.epochNumber)
  const standing = epoch ? epochStanding(epoch.payload, nowMs) : 'over'
  if (standing === 'current' || standing === 'grace') return standing
  throw new ClientError(
    'CLIENT_EPOCH',
    `made for epoch ${context.epochNumber}, which ${standing === 'over' ? 'is over' : 'has not begun'}`,
  )
}
