import type { AuthorityTrust, Envelope, ReceiptStatement } from '@strongroom/core/protocol'
import { parseCheckpoint, parseNote, type Tile, type TreeHead } from '@strongroom/core/tlog'
import type { AdmittedStatement } from '../model/admitted-statement.ts'
import { Gathering } from '../model/gathering.ts'
import type { Refusal } from '../model/group-judgement.ts'
import type { Owner } from '../model/statement-rows.ts'
import { cutTile } from '../model/tile-cut.ts'
import { StoreError } from '../store/store-error.ts'
import type { AppendOutcome, Store } from '../store/store.ts'
import { CheckpointSigner } from './checkpoint-signer.ts'
import { epochOfKeys, readEpochChain } from './epochs.ts'
import { LogError } from './log-error.ts'
import type { LogKeys } from './log-keys.ts'
import { receiptMaker } from './receipts.ts'
import { retrying } from './retrying.ts'
import { SignedFile } from './signed-file.ts'
import { TreeProofs } from './tree-proofs.ts'

/** What a log is opened with. */
export interface LogOptions {
  readonly store: Store
  readonly keys: LogKeys
  /** The authority's own identity, under which its epoch records are verified. */
  readonly trust: AuthorityTrust
  /** The path of `last-checkpoint`: see `SignedFile`. */
  readonly signedPath: string
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number
}

/** Whether statements are taken. `behind`: the database does not have what this node has signed. */
export type LogState =
  | { readonly state: 'writable' }
  | { readonly state: 'behind'; readonly error: StoreError }

/** What became of a statement. */
export type StatementOutcome = LoggedOutcome | { readonly state: 'refused'; readonly reason: Refusal }

/** A statement that is durable, and in a tree that was signed. */
export interface LoggedOutcome {
  readonly state: 'logged'
  readonly index: number
  readonly received: number
  /** From its leaf to the root of the checkpoint. */
  readonly hashes: readonly Uint8Array[]
  /** The signed note, the same for all statements of one call. */
  readonly checkpoint: Uint8Array
  /** The record that names the keys which signed it. */
  readonly epoch: Envelope
  /** The receipt: for `verifyReceipt`. Made when it is asked for. */
  readonly receipt: Uint8Array
}

/** Statements of one transaction, unless one call has more. */
const MOST_STATEMENTS = 1_024

/**
 * The log of an authority, as one node sees it: commits statements in groups, and signs what was committed.
 *
 * The order of a group, and what is true if the process dies after a step:
 *
 * 1. The group is committed. Before: nothing happened. After: the statements are there, and nobody was promised anything; whoever
 *    sends one again gets the leaf that it has.
 * 2. The checkpoint is signed, and the node's own file remembers it. After: the signature is on this disk alone.
 * 3. The checkpoint is kept in the database. After: it may be published.
 * 4. The receipts go out.
 *
 * If it is not known whether a step was done, it is done again: each gives the same result the second time.
 */
export class AuthorityLog {
  readonly #options: LogOptions
  readonly #signer: CheckpointSigner
  readonly #proofs: TreeProofs
  readonly #groups = new Gathering(
    (statements: readonly AdmittedStatement[]) => this.#commit(statements),
    MOST_STATEMENTS,
  )
  #state: LogState = { state: 'writable' }
  #renewal = false
  #epoch: Envelope | undefined

  private constructor(options: LogOptions, signer: CheckpointSigner) {
    this.#options = options
    this.#signer = signer
    this.#proofs = new TreeProofs(options.store)
  }

  /**
   * Opens the log, and compares the database with what this node has signed. One that is behind makes a log that is read-only and
   * no error: what is there can still be read.
   *
   * @throws LogError LOG_KEYS, LOG_SIGNED_FILE; StoreError STORE_ORIGIN and what the database throws; ProtocolError for epoch records
   *   that are not valid
   */
  static async open(options: LogOptions): Promise<AuthorityLog> {
    const { store, keys, signedPath, now } = options
    const signer = await CheckpointSigner.open(keys, new SignedFile(signedPath), now)
    await store.claim(keys.origin)
    const log = new AuthorityLog(options, signer)
    await log.#begin()
    return log
  }

  /** Whether statements are taken. */
  get state(): LogState {
    return this.#state
  }

  /** The greatest tree that this node has signed. */
  get signed(): TreeHead {
    return this.#signer.floor
  }

  /**
   * Appends statements, and answers when they are durable, signed and kept. Calls at the same time share a commit.
   *
   * @returns an outcome for each, in their order
   * @throws LogError LOG_READ_ONLY, LOG_KEYS; StoreError STORE_UNAVAILABLE, STORE_UNCERTAIN, STORE_FULL, STORE_BROKEN, STORE_CORRUPT;
   *   the platform's error if the node's own file cannot be written. Some of the statements may be in the log all the same: they are
   *   answered when they are sent again
   */
  append(statements: readonly AdmittedStatement[]): Promise<StatementOutcome[]> {
    return this.#groups.add(statements)
  }

  /** A receipt for a statement of an owner; undefined if there is no such statement. */
  async receipt(owner: Owner, digest: Uint8Array): Promise<Uint8Array | undefined> {
    const row = await this.#options.store.statement(owner, digest)
    if (!row) return undefined
    // Another node appended it: an empty group signs a tree that has it.
    if (row.index >= this.signed.size && this.#state.state === 'writable') await this.#groups.add([])
    const note = await this.#receiptCheckpoint()
    const { kind, index } = row
    const proof = await this.#proofs.inclusion(headOf(note), index, row)
    return receiptMaker(await this.#epochRecord(), note)({ kind, digest: row.digest }, index, proof)
  }

  /** What receipts carry at present: a signed note, and the epoch record that names the keys which signed it. */
  async receiptGround(): Promise<Pick<LoggedOutcome, 'checkpoint' | 'epoch'>> {
    return { checkpoint: await this.#receiptCheckpoint(), epoch: await this.#epochRecord() }
  }

  /** The greatest checkpoint that was kept; undefined before the first. */
  async checkpoint(): Promise<Uint8Array | undefined> {
    return (await this.#options.store.checkpoint())?.note
  }

  /**
   * Signs the tree once more if this node has not signed for so long, so that readers can tell a log to which nothing happens from one
   * that they are kept from.
   *
   * @param ageMs milliseconds
   * @throws what `append` throws
   */
  async renew(ageMs: number): Promise<void> {
    if (this.#state.state !== 'writable' || this.#signer.age < ageMs) return
    this.#renewal = true
    await this.#groups.add([])
  }

  /**
   * A checkpoint of all that is committed, signed now: for whoever goes by its time.
   *
   * @throws LogError LOG_READ_ONLY; what `append` throws
   */
  async freshCheckpoint(): Promise<Uint8Array> {
    this.#renewal = true
    await this.#groups.add([])
    return this.#receiptCheckpoint()
  }

  /** The proof that a statement is in the tree of a checkpoint of this log. */
  inclusion(note: Uint8Array, index: number, statement: ReceiptStatement): Promise<Uint8Array[]> {
    return this.#proofs.inclusion(headOf(note), index, statement)
  }

  /** A tile or a bundle of entries of exactly the width that is asked for; undefined if there is none. */
  async tile(tile: Tile): Promise<Uint8Array | undefined> {
    const bytes = await this.#options.store.tile(tile.level, tile.index)
    return bytes && cutTile(tile, bytes)
  }

  /** When all groups are done. The store stays open. */
  close(): Promise<void> {
    return this.#groups.idle()
  }

  /** What is committed and was never signed, because a process died in between, is signed now. */
  async #begin(): Promise<void> {
    const { store, now } = this.#options
    if ((await store.head()).size > 0) await this.#epochRecord()
    try {
      await store.checkFloor(this.signed)
      const kept = await store.checkpoint()
      if (kept) await store.checkFloor(headOf(kept.note))
      // Not what was read: a primary that was started anew shows commits that no replica has. This one ends when they are there.
      const { head } = await retrying(() => store.append({ statements: [], received: now() }, this.signed))
      if (head.size > 0) await this.#publish(head)
    } catch (error) {
      if (!this.#noteBehind(error)) throw error
    }
  }

  async #commit(statements: readonly AdmittedStatement[]): Promise<StatementOutcome[]> {
    this.#checkWritable()
    try {
      return await this.#commitAndSign(statements)
    } catch (error) {
      if (this.#noteBehind(error)) this.#checkWritable()
      throw error
    }
  }

  async #commitAndSign(statements: readonly AdmittedStatement[]): Promise<StatementOutcome[]> {
    const { store, now, trust } = this.#options
    const group = { statements, received: now(), trust }
    const { head, outcomes } = await retrying(() => store.append(group, this.signed))
    // A log without leaves has nothing to sign: nothing was taken.
    if (head.size === 0) return outcomes.filter((outcome) => outcome.state === 'refused')
    const [epoch, checkpoint] = [await this.#epochRecord(), await this.#publish(head)]
    const make = receiptMaker(epoch, checkpoint)
    const answer = async (outcome: AppendOutcome, i: number): Promise<StatementOutcome> => {
      if (outcome.state === 'refused') return outcome
      const { index, received } = outcome
      const statement = referenceTo(statements[i])
      const hashes = outcome.proof ?? (await this.#proofs.inclusion(head, index, statement))
      return {
        state: 'logged',
        index,
        received,
        hashes,
        checkpoint,
        epoch,
        get receipt() {
          return make(statement, index, hashes)
        },
      }
    }
    return Promise.all(outcomes.map(answer))
  }

  /** Signs a tree that was committed, and keeps the checkpoint. */
  async #publish(head: TreeHead): Promise<Uint8Array> {
    const note = await this.#signer.sign(head, this.#renewal)
    this.#renewal = false
    await retrying(() => this.#options.store.keepCheckpoint({ size: head.size, note }))
    return note
  }

  /** What this node signed last; of a database that is behind, what was kept in it. */
  async #receiptCheckpoint(): Promise<Uint8Array> {
    const note = this.#state.state === 'writable' ? this.#signer.note : await this.checkpoint()
    if (note) return note
    throw new LogError('LOG_READ_ONLY', 'there is no checkpoint to make a receipt for')
  }

  /** The record that names this node's keys: what receipts carry. */
  async #epochRecord(): Promise<Envelope> {
    if (this.#epoch) return this.#epoch
    const { store, trust, keys } = this.#options
    const chain = await readEpochChain(store, trust)
    this.#epoch = chain && epochOfKeys(chain, keys)
    if (this.#epoch) return this.#epoch
    throw new LogError('LOG_KEYS', 'no epoch record names the keys of this node')
  }

  /** Whether an error says that the database lost something; it is then remembered, and only a new start forgets it. */
  #noteBehind(error: unknown): boolean {
    if (!(error instanceof StoreError) || error.code !== 'STORE_BEHIND') return false
    this.#state = { state: 'behind', error }
    return true
  }

  #checkWritable(): void {
    if (this.#state.state === 'writable') return
    const cause = this.#state.error
    throw new LogError('LOG_READ_ONLY', `nothing is appended: ${cause.message}`, { cause })
  }
}

function referenceTo(statement: AdmittedStatement | undefined): ReceiptStatement {
  if (!statement) throw new RangeError('an outcome without its statement')
  return { kind: statement.facts.kind, digest: statement.digest }
}

function headOf(note: Uint8Array): TreeHead {
  return parseCheckpoint(parseNote(note).text)
}
