import { fromHex } from '../bytes/index.ts'
import {
  encodeReceipt,
  LIMITS,
  ProtocolError,
  type AuthorityLimits,
  type ProblemCode,
  type Receipt,
  type VerifiedReceipt,
} from '../protocol/index.ts'
import { CALLING, type Attempt, type AttemptOutcome } from './attempt-log.ts'
import type { AuthorityState } from './authority-state.ts'
import type { AuthorityFolder } from './authority-store.ts'
import type { AuthorityWire } from './authority-wire.ts'
import { ClientError, type ClientErrorCode } from './client-error.ts'
import { keepEvidence } from './evidence.ts'
import { writingTogether } from './file-group.ts'
import { entryState, stateAfter, type EntryState, type OutboxEntry } from './outbox-entry.ts'
import { removeAbandoned } from './own-files.ts'
import { verifyReceiptFile } from './receipt-file.ts'

/** How an outbox is flushed. */
export interface FlushOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Whether what was refused for good is sent again too. */
  readonly again?: boolean
  /** Told of each deposit when its receipt is durable. */
  readonly onDelivered?: (id: string) => void
}

/** What became of the outbox. Ids are in hexadecimal. */
export interface FlushReport {
  readonly delivered: readonly string[]
  /** Not taken by the authority, and why; they stay. */
  readonly refused: readonly { readonly id: string; readonly outcome: string }[]
  /** Made for an epoch that is over: to be made again, and put in their places. */
  readonly remake: readonly string[]
  readonly damaged: readonly string[]
  /** Those that the next flush sends. */
  readonly waiting: readonly string[]
  /**
   * Why it ended before all were sent: CLIENT_UNREACHABLE, CLIENT_PROBLEM, CLIENT_ANSWER; CLIENT_ALARM for what an authority does
   * not do, and then there is evidence in its folder.
   */
  readonly stopped: ClientError | undefined
}

/**
 * Delivers what is in the outbox: sends it, verifies each receipt against the pinned identity and the bytes that were sent, makes
 * the receipt durable, and only then removes the entry.
 *
 * Killed anywhere, run twice at once, or with yesterday's folder put back, it sends again what the authority may have already:
 * the same bytes are the same deposit there. What the authority answers is not thrown but reported.
 *
 * @throws ClientError CLIENT_BUSY if another process does so now, CLIENT_STATE; the platform's error for what the disk refuses,
 *   and then nothing more is sent
 */
export async function flushOutbox(
  authority: AuthorityFolder,
  wire: AuthorityWire,
  options: FlushOptions,
): Promise<FlushReport> {
  const lock = authority.outbox.lock()
  try {
    return await new Delivery(authority, wire, options).run()
  } finally {
    lock.release()
  }
}

/** What an error of the wire is called in the log of attempts. */
const OUTCOMES: Partial<Record<ClientErrorCode, AttemptOutcome>> = {
  CLIENT_UNREACHABLE: 'unreachable',
  CLIENT_TLS: 'unreachable',
  CLIENT_PROBLEM: 'problem',
  CLIENT_ANSWER: 'answer',
  CLIENT_ALARM: 'receipt',
}
/** Problems of a request of several that may be those of one deposit: smaller requests find it. */
const DIVIDING: ReadonlySet<ProblemCode> = new Set(['too-large', 'statement', 'malformed'])

class Delivery {
  readonly #authority: AuthorityFolder
  readonly #wire: AuthorityWire
  readonly #options: FlushOptions
  readonly #attempts: Map<string, Attempt>
  readonly #states = new Map<string, EntryState>()
  readonly #delivered: string[] = []
  #state: AuthorityState
  #stopped: ClientError | undefined

  constructor(authority: AuthorityFolder, wire: AuthorityWire, options: FlushOptions) {
    this.#authority = authority
    this.#wire = wire
    this.#options = options
    this.#attempts = authority.outbox.attempts.read()
    this.#state = authority.load()
  }

  async run(): Promise<FlushReport> {
    this.#tidy()
    const due = await this.#due()
    if (due.length > 0) {
      const limits = await this.#call()
      if (limits) await this.#sendAll(due, limits)
    }
    this.#forgetAttempts()
    return this.#report()
  }

  /** Only what is left of killed processes; entries that are delivered already lack only the last step. */
  #tidy(): void {
    const { outbox, receipts, deposits } = this.#authority
    for (const { folder } of [outbox, receipts, deposits]) removeAbandoned(folder, this.#options.now())
  }

  /** What is to be sent, those that were tried least first: one that always fails must not keep the others waiting. */
  async #due(): Promise<string[]> {
    const proved: Delivered[] = []
    for (const entry of this.#authority.outbox.entries()) {
      const delivered = 'damage' in entry ? undefined : this.#delivery(entry)
      if (delivered) proved.push(delivered)
      else this.#states.set(entry.id, entryState(entry, this.#state.epochs, this.#options.now()))
    }
    await this.#keep(proved)
    const again = this.#options.again === true
    return [...this.#states]
      .filter(([, state]) => state === 'waiting' || (again && state === 'refused'))
      .map(([id]) => id)
      .toSorted((one, two) => this.#countOf(one) - this.#countOf(two))
  }

  /** A delivery that was interrupted before its last step: its receipt is here. */
  #delivery(entry: OutboxEntry): Delivered | undefined {
    const bytes = this.#authority.receipts.read(entry.id)
    const checked = bytes && this.#verified(entry.id, bytes)
    return bytes && checked && 'receipt' in checked ? { entry, bytes, receipt: checked.receipt } : undefined
  }

  #countOf(id: string): number {
    return this.#attempts.get(id)?.count ?? 0
  }

  /** Asks the authority for its limits, and for epochs that began since. */
  async #call(): Promise<AuthorityLimits | undefined> {
    try {
      const { epochs, limits } = await this.#wire.card()
      try {
        this.#state = this.#authority.learnEpochs(epochs)
      } catch (cause) {
        if (!(cause instanceof ProtocolError)) throw cause
        this.#alarm(cause, { kind: 'epochs', shown: epochs })
        this.#note([CALLING], 'epochs')
        return undefined
      }
      if (this.#attempts.has(CALLING)) this.#note([CALLING], 'reached', -this.#countOf(CALLING))
      return limits
    } catch (error) {
      if (!(error instanceof ClientError) || !(error.code in OUTCOMES)) throw error
      this.#stopped = error
      this.#note([CALLING], outcomeOf(error))
      return undefined
    }
  }

  async #sendAll(due: readonly string[], limits: AuthorityLimits): Promise<void> {
    let most = Math.min(limits.depositsPerRequest, LIMITS.depositsPerRequest)
    for (let rest = due; rest.length > 0 && !this.#stopped; ) {
      const batch = rest.slice(0, most)
      const divided = await this.#send(this.#load(batch, limits))
      if (divided) most = Math.ceil(batch.length / 2)
      else rest = rest.slice(batch.length)
    }
  }

  /** The entries that are still there and not too large to be sent at all. */
  #load(ids: readonly string[], limits: AuthorityLimits): OutboxEntry[] {
    return ids.flatMap((id) => {
      const entry = this.#authority.outbox.read(id)
      if (!entry || 'damage' in entry) return []
      if (entry.blob.length <= limits.depositBytes) return [{ ...entry, tried: this.#attempts.get(id) }]
      this.#note([id], 'too-large')
      return []
    })
  }

  /** Sends one request. True if it must be made smaller. */
  async #send(batch: readonly OutboxEntry[]): Promise<boolean> {
    if (batch.length === 0) return false
    const ids = batch.map(({ id }) => id)
    // Counted before it is sent: whoever is killed now has tried.
    this.#note(ids, 'sent', 1)
    const answers = await this.#answersTo(batch)
    if (!(answers instanceof ClientError)) {
      await this.#take(batch, answers)
      return false
    }
    const code = answers.problem?.code
    this.#note(ids, outcomeOf(answers))
    if (code !== undefined && DIVIDING.has(code) && batch.length > 1) return true
    // A problem of the one deposit that was sent is not one of the others.
    const ofOne = batch.length === 1 && stateAfter(code) !== 'waiting'
    if (!ofOne) this.#stopped = answers
    return false
  }

  async #answersTo(batch: readonly OutboxEntry[]): Promise<readonly (Receipt | ProblemCode)[] | ClientError> {
    try {
      const answers = await this.#wire.deposit(batch.map(({ blob }) => blob))
      if (answers.length === batch.length) return answers
      return new ClientError('CLIENT_ANSWER', `${answers.length} answers to ${batch.length} deposits`)
    } catch (error) {
      if (error instanceof ClientError && error.code in OUTCOMES) return error
      throw error
    }
  }

  /** Sorts what was answered: receipts that hold are kept, problems noted, all else is an alarm. */
  async #take(batch: readonly OutboxEntry[], answers: readonly (Receipt | ProblemCode)[]): Promise<void> {
    const proved: Delivered[] = []
    const noted = new Map<string, string[]>()
    const note = (id: string, outcome: string) => noted.set(outcome, [...(noted.get(outcome) ?? []), id])
    for (const [i, entry] of batch.entries()) {
      const answer = answers[i]
      if (answer === undefined) continue
      if (typeof answer === 'string') {
        note(entry.id, answer)
        continue
      }
      const bytes = encodeReceipt(answer)
      const checked = await this.#verifiedWithNewEpochs(entry.id, bytes)
      if ('receipt' in checked) proved.push({ entry, bytes, receipt: checked.receipt })
      else {
        // Once: an authority must not fill the disk with evidence.
        if (!this.#stopped) this.#alarm(checked.problem, { kind: 'receipt', bytes })
        note(entry.id, 'receipt')
      }
    }
    for (const [outcome, ids] of noted) this.#note(ids, outcome)
    await this.#keep(proved)
  }

  /** A receipt may be of an epoch that began since the card was read: then the card is read again. */
  async #verifiedWithNewEpochs(id: string, bytes: Uint8Array): Promise<Checked> {
    const first = this.#verified(id, bytes)
    if ('receipt' in first || first.problem.code !== 'EPOCH_CHAIN' || this.#stopped) return first
    await this.#call()
    return this.#verified(id, bytes)
  }

  #verified(id: string, bytes: Uint8Array): Checked {
    const { identity, epochs } = this.#state
    try {
      return { receipt: verifyReceiptFile(bytes, { identity, epochs, kind: 'deposit', digest: fromHex(id) }) }
    } catch (problem) {
      if (problem instanceof ProtocolError) return { problem }
      throw problem
    }
  }

  /**
   * In this order, each step durable before the next: the trees that the authority must stand by; the receipts, and what people find
   * the deposits by; and only now the entries are gone.
   */
  async #keep(proved: readonly Delivered[]): Promise<void> {
    if (proved.length === 0) return
    const { promised, deposits, receipts, outbox } = this.#authority
    const deliveredMs = Math.floor(this.#options.now())
    promised.add(proved.map(({ entry, receipt }) => ({ ...headOf(receipt), id: entry.id })))
    await writingTogether(async (group) => {
      for (const { entry, receipt, bytes } of proved) {
        await deposits.keep({ ...recordOf(entry), deliveredMs, index: receipt.index }, group)
        await receipts.keep(receipt, bytes, group)
      }
    })
    outbox.remove(proved.map(({ entry }) => entry.id))
    for (const { entry } of proved) {
      this.#states.delete(entry.id)
      this.#delivered.push(entry.id)
      this.#options.onDelivered?.(entry.id)
    }
  }

  /** Writes down what came of an attempt. @param more 1 if it is a new one */
  #note(ids: readonly string[], outcome: string, more = ids[0] === CALLING ? 1 : 0): void {
    const lastMs = Math.max(0, Math.floor(this.#options.now()))
    const attempts = ids.map((id) => ({ id, count: this.#countOf(id) + more, lastMs, outcome }))
    this.#authority.outbox.attempts.add(attempts)
    for (const attempt of attempts) {
      this.#attempts.set(attempt.id, attempt)
      if (attempt.id !== CALLING) this.#states.set(attempt.id, stateAfter(outcome))
    }
  }

  #alarm(cause: ProtocolError, find: Parameters<typeof keepEvidence>[1]): void {
    const { evidence } = this.#authority
    const path = keepEvidence(evidence, find, this.#state.epochs, this.#options.now())
    this.#stopped = new ClientError('CLIENT_ALARM', `${cause.message}; evidence is in ${path}`, { cause })
  }

  #forgetAttempts(): void {
    const { attempts } = this.#authority.outbox
    if (this.#states.size === 0 && !this.#stopped) attempts.clear()
    else attempts.compact((id) => this.#states.has(id) || id === CALLING)
  }

  #report(): FlushReport {
    const of = (wanted: EntryState) =>
      [...this.#states].filter(([, state]) => state === wanted).map(([id]) => id)
    return {
      delivered: this.#delivered,
      refused: of('refused').map((id) => ({ id, outcome: this.#attempts.get(id)?.outcome ?? '' })),
      remake: of('remake'),
      damaged: of('damaged'),
      waiting: of('waiting'),
      stopped: this.#stopped,
    }
  }
}

/** A deposit with the receipt that was verified. */
interface Delivered {
  readonly entry: OutboxEntry
  readonly bytes: Uint8Array
  readonly receipt: VerifiedReceipt
}

type Checked = { readonly receipt: VerifiedReceipt } | { readonly problem: ProtocolError }

function headOf({ size, root, index }: VerifiedReceipt): { size: number; root: Uint8Array; index: number } {
  return { size, root, index }
}

function recordOf({ id, label, path, context }: OutboxEntry) {
  const { format, epochNumber: epoch, serial, commitment, sealId = null, createdMs } = context
  return { id, label, path, format, epoch, serial, commitment, sealId, createdMs }
}

function outcomeOf(error: ClientError): string {
  return error.problem?.code ?? OUTCOMES[error.code] ?? 'problem'
}
