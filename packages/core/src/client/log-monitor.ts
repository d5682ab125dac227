import { equalBytes, toHex, utf8Decode, utf8Encode } from '../bytes/index.ts'
import { LIMITS, parseReceipt, ProtocolError, type EpochChain } from '../protocol/index.ts'
import { parseLogProof, TiledTree, TlogError, type TreeHead, type WitnessPolicy } from '../tlog/index.ts'
import type { AuthorityState } from './authority-state.ts'
import type { AuthorityFolder } from './authority-store.ts'
import type { AuthorityWire } from './authority-wire.ts'
import { keepEvidence, type EvidenceKind, type Find } from './evidence.ts'
import { verifyHead, type LogHead } from './log-head.ts'
import { sha256 } from './node-verify.ts'
import type { PromisedHead } from './promised-heads.ts'
import { followStatements, type UnknownStatement } from './statement-walk.ts'

/** How an authority is watched. */
export interface MonitorOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /**
   * A log whose newest tree was signed longer ago has stalled; never unless told. Make it longer than the authority may go without
   * a statement, if it does not sign again what did not grow.
   */
  readonly stalledAfterMs?: number
  /** Witnesses that must have signed the checkpoint too. */
  readonly witnesses?: WitnessPolicy
}

/** Something that the authority must explain. */
export interface Alarm {
  readonly kind: EvidenceKind
  readonly message: string
  /** The file with the evidence. */
  readonly evidence: string
}

/** What a look at the authority came to. */
export interface MonitorReport {
  /** The tree that the log signed; undefined if it showed none that holds. */
  readonly head: LogHead | undefined
  /** Empty if all is well. */
  readonly alarms: readonly Alarm[]
  /** Statements about this client that were looked at, and those of them that it did not know. */
  readonly statements: { readonly seen: number; readonly unknown: readonly UnknownStatement[] }
  /** By how much the log's clock is ahead of this computer's, if by more than clocks differ: one of them is wrong. */
  readonly aheadMs: number
  /** How many tiles were asked for. */
  readonly tiles: number
}

/** Clocks differ by so much without anybody being wrong. */
const CLOCK_MS = LIMITS.clockSkewSeconds * 1000

/**
 * Watches an authority: that its epochs go on from those that are known, that its log begins with every tree that it ever signed
 * for this client, in a checkpoint or in a receipt, that it goes on at all, and that what it says about this client is this
 * client's.
 *
 * What is well is remembered, and the next look goes on from there; what raised an alarm is not, so that it is raised again until
 * somebody has done something about it. Reads a few tiles, however long the log is, and keeps a few of them.
 *
 * @throws ClientError CLIENT_UNREACHABLE, CLIENT_PROBLEM, CLIENT_ANSWER: then nothing was found out; CLIENT_STATE, CLIENT_BUSY
 */
export async function monitorAuthority(
  authority: AuthorityFolder,
  wire: AuthorityWire,
  options: MonitorOptions,
): Promise<MonitorReport> {
  return new Watch(authority, wire, options).run()
}

class Watch {
  readonly #authority: AuthorityFolder
  readonly #wire: AuthorityWire
  readonly #options: MonitorOptions
  readonly #alarms: Alarm[] = []
  #state: AuthorityState
  #tiles = 0

  constructor(authority: AuthorityFolder, wire: AuthorityWire, options: MonitorOptions) {
    this.#authority = authority
    this.#wire = wire
    this.#options = options
    this.#state = authority.load()
  }

  async run(): Promise<MonitorReport> {
    const promised = this.#authority.promised.read()
    await this.#checkEpochs()
    const head = await this.#readHead()
    if (!head) return this.#report(undefined, { seen: 0, unknown: [] })
    const tree = new TiledTree(sha256, head, (tile) => {
      this.#tiles += 1
      return this.#wire.tile(tile)
    })
    const sound = await this.#checkTrees(head, tree, promised)
    this.#checkTime(head)
    const walk = sound
      ? await followStatements(this.#authority, this.#wire, {
          tree,
          state: this.#state,
          promised,
          raise: this.#raise,
        })
      : { seen: 0, unknown: [], followed: this.#state.followed, omitted: new Set<string>() }
    if (sound)
      this.#remember(
        head,
        walk.followed,
        promised.filter(({ id }) => !walk.omitted.has(id)),
      )
    return this.#report(head, walk)
  }

  async #checkEpochs(): Promise<void> {
    const { epochs } = await this.#wire.card()
    try {
      this.#state = this.#authority.learnEpochs(epochs)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#raise({ kind: 'epochs', shown: epochs }, error.message)
    }
  }

  async #readHead(): Promise<LogHead | undefined> {
    const note = await this.#wire.checkpoint()
    try {
      return verifyHead(note, this.#state.epochs, this.#options.witnesses)
    } catch (error) {
      if (!(error instanceof TlogError)) throw error
      const bytes = note.subarray(0, LIMITS.receiptBytes)
      this.#raise({ kind: 'unverified', ...(bytes.length > 0 && { bytes }) }, error.message)
      return undefined
    }
  }

  /** Compares the log with every tree that it signed for this client. True if it is that log, and not behind. */
  async #checkTrees(head: LogHead, tree: TiledTree, promised: readonly PromisedHead[]): Promise<boolean> {
    const before = this.#alarms.length
    const { checkpoint, epochs } = this.#state
    const known = checkpoint === null ? undefined : verifyHead(utf8Encode(checkpoint), epochs)
    try {
      if (known) await this.#checkTree(head, tree, known, () => known)
      for (const one of distinct(promised)) {
        await this.#checkTree(head, tree, one, () => headOfReceipt(this.#authority, one.id, epochs))
      }
      // Also when there is nothing to compare: the tiles must be there.
      await tree.rootAt(0)
    } catch (error) {
      if (!(error instanceof TlogError)) throw error
      this.#raise({ kind: 'unproved', note: utf8Decode(head.note) }, error.message)
    }
    return this.#alarms.length === before
  }

  /** @param signed the older tree as it was signed; without it there is an alarm, but no proof */
  async #checkTree(
    head: LogHead,
    tree: TiledTree,
    older: TreeHead,
    signed: () => LogHead | undefined,
  ): Promise<void> {
    if (older.size > head.size) {
      const message = `the log has ${head.size} entries, and had ${older.size} before`
      this.#raise({ kind: 'shrunk', ...notesOf(signed(), head) }, message)
      return
    }
    const root = await tree.rootAt(older.size)
    if (equalBytes(root, older.root)) return
    const proof = older.size === head.size ? [] : await tree.consistencyProof(older.size)
    const message = `the first ${older.size} entries of the log are others than those it signed before`
    this.#raise({ kind: 'fork', ...notesOf(signed(), head), root, proof }, message)
  }

  /** A log that does not go on hides what came after; one from the future, or a clock that is wrong, is no alarm. */
  #checkTime(head: LogHead): void {
    const age = this.#options.now() - head.signedMs
    if (age <= (this.#options.stalledAfterMs ?? Infinity)) return
    const message = `the newest tree of the log was signed ${new Date(head.signedMs).toISOString()}`
    this.#raise({ kind: 'stalled', note: utf8Decode(head.note) }, message)
  }

  #remember(head: LogHead, followed: number | null, settled: readonly PromisedHead[]): void {
    this.#authority.follow(this.#state, { checkpoint: utf8Decode(head.note), followed })
    this.#authority.promised.settle(settled)
  }

  #raise = (find: Find, message: string): void => {
    const { evidence } = this.#authority
    const path = keepEvidence(evidence, find, this.#state.epochs, this.#options.now())
    this.#alarms.push({ kind: find.kind, message, evidence: path })
  }

  #report(head: LogHead | undefined, statements: MonitorReport['statements']): MonitorReport {
    const ahead = head ? head.signedMs - this.#options.now() : 0
    return {
      head,
      alarms: this.#alarms,
      statements: { seen: statements.seen, unknown: statements.unknown },
      aheadMs: ahead > CLOCK_MS ? ahead : 0,
      tiles: this.#tiles,
    }
  }
}

function notesOf(known: LogHead | undefined, shown: LogHead): { known: string | null; note: string } {
  return { known: known ? utf8Decode(known.note) : null, note: utf8Decode(shown.note) }
}

/** One for each tree: deposits of one request share theirs. */
function distinct(promised: readonly PromisedHead[]): PromisedHead[] {
  const trees = new Map(promised.map((head) => [`${head.size} ${toHex(head.root)}`, head]))
  return [...trees.values()].toSorted((one, two) => one.size - two.size)
}

/** The signed note in a receipt that is kept; undefined if there is none that holds. */
function headOfReceipt(authority: AuthorityFolder, id: string, epochs: EpochChain): LogHead | undefined {
  const bytes = authority.receipts.read(id)
  if (!bytes) return undefined
  try {
    return verifyHead(parseLogProof(utf8Encode(parseReceipt(bytes).proof)).checkpoint, epochs)
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof TlogError) return undefined
    throw error
  }
}
