import { toHex } from '@strongroom/core/bytes'
import { ClientError, nodeMeans } from '@strongroom/core/client'
import {
  ACTS,
  encodeReceipt,
  LIMITS,
  parseJson,
  type Completion,
  type DepositResult,
  type Epoch,
  type EpochChain,
  type Envelope,
  type Receipt,
  type RewrapSubmission,
  type VerifiedStatement,
} from '@strongroom/core/protocol'
import { CustodianError } from './custodian-error.ts'
import type { CustodianFolder } from './custodian-folder.ts'
import type { CustodianKeys } from './custody.ts'
import { lastSeen } from './knowledge.ts'
import { lookAtLog, type LogWire } from './looked-at-log.ts'
import { rewrapDeposits, stateRewrap, type DepositTrust } from './opened-deposits.ts'
import { ownedDeposits } from './owned-deposits.ts'
import { checkReceipt } from './own-receipt.ts'
import { reading } from './reading.ts'
import type { DiskCalls } from './release-files.ts'
import { RewrapFiles, type Rewrapping } from './rewrap-files.ts'
import { everyDeposit, type RolledDeposit, type RollWire } from './roll-call.ts'
import { holdsKey, opensAgain, withSessionKey } from './wrapped-key.ts'

/** What a rotation asks of an authority. Answers are its word alone. Each call throws ClientError. */
export interface RewrapWire extends LogWire, RollWire {
  /** The same statement again gets a receipt again. */
  readonly sendRewrap: (submission: RewrapSubmission) => Promise<Receipt>
  readonly sendCompletion: (completion: Envelope) => Promise<Receipt>
}

export interface RewrapOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Aborted, it ends behind the batch that it is at. */
  readonly signal?: AbortSignal
  /** So many deposits in one statement: 1 to 1,000. */
  readonly batch?: number
  /**
   * How many deposits a person has agreed to give up: if that many open with no key at all, and no others are missing, their epochs are
   * certified without them. None unless told: a single one keeps the key.
   */
  readonly unopened?: number
  readonly onProgress?: (progress: Rewrapping & { readonly wrapped: number }) => void
  /** The disk, for tests. */
  readonly calls?: DiskCalls
}

/** What became of one epoch. */
export interface RewrappedEpoch extends Rewrapping {
  /** How many of its deposits are wrapped, by this run or before. */
  readonly wrapped: number
  /** The ids of those that are not wrapped, since they do not open: they keep the old key. */
  readonly failed: readonly Uint8Array[]
  /** The ids of those that were given up, by this run or before. */
  readonly unopened: readonly Uint8Array[]
  /** Whether the log has the certificate that all are. */
  readonly completed: boolean
}

const BATCH = 1_000
/** Deposits that come in while it works: so often it looks again. */
const ROUNDS = 3

/**
 * Wraps every deposit of earlier epochs for the exchange key of the last one, and certifies it: docs/spec/recovery.md, "Rotation".
 *
 * A batch is kept, then stated, then sent, each durable before the next. Whoever calls it again goes on there: what was kept is sent, the
 * statement that got no answer is sent again as it was, and nothing is wrapped twice. A deposit that does not open is told, and the rest
 * goes on without it.
 *
 * @throws ClientError if the authority does not answer; CustodianError what `lookAtLog` and `everyDeposit` refuse, CUSTODIAN_KEY,
 *   CUSTODIAN_STATE, BUNDLE_RECEIPT; the platform's error for the disk
 */
export async function rewrapAll(
  folder: CustodianFolder,
  keys: CustodianKeys,
  wire: RewrapWire,
  options: RewrapOptions,
): Promise<RewrappedEpoch[]> {
  const epochs = await lookAtLog(folder, wire, options.now())
  const to = epochs.sinceExchange
  const steps = epochs.epochs
    .filter(({ payload }) => payload.number < to.payload.number)
    .map(({ payload }) => new Step({ folder, keys, wire, options, epochs, to }, payload.number))
  for (let round = 0; round < ROUNDS && !options.signal?.aborted; round++) {
    for (const step of steps) await step.wrap(judgedNow(folder, epochs, options.now()))
    if (options.signal?.aborted) break
    await lookAtLog(folder, wire, options.now())
    const judged = judgedNow(folder, epochs, options.now())
    await callTheRoll(steps, wire, judged)
    if (steps.some((step) => step.mayGoOn)) continue
    giveUp(steps, options.unopened ?? 0)
    for (const step of steps) await step.complete(judged)
    break
  }
  return steps.map((step) => step.report())
}

function judgedNow(folder: CustodianFolder, epochs: EpochChain, now: number): DepositTrust {
  const knowledge = folder.knowledge()
  const tree = lastSeen(knowledge)
  if (!tree || tree.size === 0) throw new CustodianError('BUNDLE_CHECKPOINT', 'the log is empty')
  const trust = { ...nodeMeans, identity: knowledge.identity }
  return { trust, epochs, tree: { size: tree.size, root: tree.root }, now }
}

/** Finds what each epoch lacks, by the log and not by what the authority says is left. */
async function callTheRoll(steps: readonly Step[], wire: RewrapWire, { tree }: DepositTrust): Promise<void> {
  const byEpoch = new Map(steps.map((step) => [step.from, step]))
  const start = Math.min(tree.size, ...steps.map((step) => step.begin()))
  for await (const deposit of everyDeposit(wire, tree, start)) byEpoch.get(deposit.epoch)?.called(deposit)
}

/** Only just as many as a person has agreed to: another number is another decision. */
function giveUp(steps: readonly Step[], agreed: number): void {
  const dead = steps.reduce((sum, { dead: { length } }) => sum + length, 0)
  if (dead > 0 && dead === agreed) for (const step of steps) step.giveUp()
}

interface StepGiven {
  readonly folder: CustodianFolder
  readonly keys: CustodianKeys
  readonly wire: RewrapWire
  readonly options: RewrapOptions
  readonly epochs: EpochChain
  readonly to: VerifiedStatement<Epoch>
}

/** One epoch on its way to another. */
class Step {
  readonly from: number
  readonly #given: StepGiven
  readonly #files: RewrapFiles
  /** In hexadecimal: those that did not open. */
  readonly #failed = new Set<string>()
  /** What the log has of this epoch and is not wrapped. */
  readonly #missing = new Map<string, Uint8Array>()
  /** Those of them that open with no key: not only that nobody shows whose they are. */
  readonly #dead = new Map<string, Uint8Array>()
  readonly #holdsOwnKey: boolean
  #completed = false

  constructor(given: StepGiven, from: number) {
    this.from = from
    this.#given = given
    const { folder, keys, options, to } = given
    this.#files = new RewrapFiles(folder.path, { from, to: to.payload.number }, options.calls)
    const own = given.epochs.find(from)?.payload.exchange
    this.#holdsOwnKey = own !== undefined && holdsKey(own, keys.identities)
    // What was given up when its own key was there stays so.
    for (const step of RewrapFiles.all(folder.path)) {
      if (step.from === from) this.#files.giveUp(new RewrapFiles(folder.path, step).unopened)
    }
  }

  get #rewrapping(): Rewrapping {
    return { from: this.from, to: this.#given.to.payload.number }
  }

  /** Wraps page by page what the authority says is left. */
  async wrap(judged: DepositTrust): Promise<void> {
    const { wire, options, keys, to } = this.#given
    const { batch = BATCH } = options
    this.#failed.clear()
    for (const name of this.#files.unsent()) await this.#send(name, judged)
    const gathered: DepositResult[] = []
    for (let after: number | null | undefined; after !== null && !this.#isStopped(); ) {
      const page = await wire.deposits({
        work: 'rewrap',
        epoch: this.from,
        ...(after !== undefined && { after }),
      })
      after = page.next
      const fresh = ownedDeposits(page, judged).filter(({ id }) => !this.#files.has(id))
      const { wrapped, failed } = rewrapDeposits(fresh, this.from, to, keys, judged)
      for (const id of failed) this.#failed.add(toHex(id))
      gathered.push(...wrapped)
      while (gathered.length >= batch) await this.#settle(gathered.splice(0, batch), judged)
    }
    await this.#settle(gathered, judged)
  }

  /** Before the roll is called. @returns from which leaf on: what stands before is in a certificate */
  begin(): number {
    this.#missing.clear()
    this.#dead.clear()
    const kept = this.#files.completion()
    return kept?.receipt ? completionOf(kept.envelope).checkpoint.size : 0
  }

  /** A deposit of this epoch stands in the log. */
  called({ id, blob, rewrapped }: RolledDeposit): void {
    if (this.#files.has(id)) return
    const { to, keys } = this.#given
    const { identities } = keys
    // Another copy of this folder has wrapped it.
    if (rewrapped !== null && opensAgain({ id, blob, rewrapped }, to, identities)) {
      this.#files.take([{ id, blob: rewrapped }])
      return
    }
    this.#missing.set(toHex(id), id)
    const deposit = { id, blob, ...(rewrapped && { rewrapped }) }
    const opens = withSessionKey(deposit, identities, () => true) === true
    if (this.#holdsOwnKey && !opens) this.#dead.set(toHex(id), id)
  }

  /** The ids of deposits that nobody could release, by the bytes that the log has and with the key that they were made for. */
  get dead(): readonly Uint8Array[] {
    return [...this.#dead.values()]
  }

  /** Goes on without them: there is nothing that the old key could be kept for. */
  giveUp(): void {
    this.#files.giveUp(this.dead)
    for (const name of this.#dead.keys()) this.#missing.delete(name)
  }

  /** Whether something came in meanwhile: what does not open will not open in the next round either. */
  get mayGoOn(): boolean {
    return [...this.#missing.keys()].some((id) => !this.#failed.has(id))
  }

  /** States that all of it is wrapped, once. */
  async complete(judged: DepositTrust): Promise<void> {
    if (this.#missing.size > 0) return
    const { keys, wire } = this.#given
    const name = this.#files.completionName
    const kept = this.#files.completion()
    const envelope = kept?.envelope ?? this.#files.keepStatement(name, this.#files.complete([], keys, judged))
    if (!kept?.receipt) {
      const receipt = await orStale(() => wire.sendCompletion(envelope))
      if (!receipt) return
      this.#files.keepReceipt(name, checkReceipt(encodeReceipt(receipt), 'completion', envelope, judged))
    }
    this.#completed = true
  }

  report(): RewrappedEpoch {
    const failed = [...this.#missing.values()]
    const { unopened } = this.#files
    const wrapped = this.#files.count - unopened.length
    return { ...this.#rewrapping, wrapped, failed, unopened, completed: this.#completed }
  }

  #isStopped(): boolean {
    return this.#given.options.signal?.aborted === true
  }

  async #settle(wrapped: readonly DepositResult[], judged: DepositTrust): Promise<void> {
    const name = this.#files.keep(wrapped)
    if (name === undefined) return
    await this.#send(name, judged)
    this.#given.options.onProgress?.({ ...this.#rewrapping, wrapped: this.#files.count })
  }

  async #send(name: string, judged: DepositTrust): Promise<void> {
    const { keys, wire } = this.#given
    const blobs = this.#files.batch(name)
    const statement =
      this.#files.statement(name) ??
      this.#files.keepStatement(name, stateRewrap(blobs, this.#rewrapping, keys, judged))
    const receipt = await orStale(() => wire.sendRewrap({ statement, blobs }))
    // Other key blobs of these deposits are there: the roll call finds them.
    if (!receipt) this.#files.drop(name)
    else this.#files.keepReceipt(name, checkReceipt(encodeReceipt(receipt), 'rewrap', statement, judged))
  }
}

/** What a custodian said of an epoch. @throws CustodianError CUSTODIAN_STATE */
export function completionOf({ payload }: Envelope): Completion {
  return reading('completion', () => parseJson(ACTS.completion.payload, payload, LIMITS.payloadBytes))
}

/** Sends something; undefined if the authority says that it is not as it is by now. */
async function orStale(send: () => Promise<Receipt>): Promise<Receipt | undefined> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof ClientError && error.problem?.code === 'stale') return undefined
    throw error
  }
}
