import { toHex } from '@strongroom/core/bytes'
import {
  entryState,
  type AuthorityFolder,
  type AuthorityState,
  type DepositRecord,
  type OutboxEntry,
} from '@strongroom/core/client'

/** A deposit that was made before, as far as this computer knows. */
export interface KnownDeposit {
  /** In hexadecimal. */
  readonly id: string
  readonly serial: Uint8Array
  readonly sealId: Uint8Array | undefined
  readonly createdMs: number
  /**
   * - `safe`: its receipt is here;
   * - `waiting`: it is in the outbox;
   * - `remake`: it is, and was made for an epoch that is over;
   * - `lost`: it was delivered, and its receipt is not here any more.
   */
  readonly state: 'safe' | 'waiting' | 'remake' | 'lost'
}

/** The deposits that a client made at one authority, by what they are for. Read when they are first asked for. */
export class KnownDeposits {
  readonly #folder: AuthorityFolder
  readonly #state: AuthorityState
  #all: KnownDeposit[] | undefined

  constructor(folder: AuthorityFolder, state: AuthorityState) {
    this.#folder = folder
    this.#state = state
  }

  /** The newest deposit of the session key that a seal is about. */
  ofSeal(sealId: Uint8Array): KnownDeposit | undefined {
    const wanted = toHex(sealId)
    return newest(this.#read().filter((one) => one.sealId !== undefined && toHex(one.sealId) === wanted))
  }

  /** The newest deposit for a file, whichever version it was. */
  ofSerial(serial: Uint8Array): KnownDeposit | undefined {
    const wanted = toHex(serial)
    return newest(this.#read().filter((one) => toHex(one.serial) === wanted))
  }

  /** Remembers one that was put into the outbox just now. */
  add(deposit: Omit<KnownDeposit, 'state'>): void {
    this.#all?.push({ ...deposit, state: 'waiting' })
  }

  #read(): readonly KnownDeposit[] {
    this.#all ??= [...this.#delivered(), ...this.#waiting()]
    return this.#all
  }

  #delivered(): KnownDeposit[] {
    const { deposits } = this.#folder
    return deposits.list().flatMap((id) => {
      const record = deposits.load(id)
      return record ? [this.#knownRecord(record)] : []
    })
  }

  #knownRecord({ id, serial, sealId, createdMs }: DepositRecord): KnownDeposit {
    const state = this.#folder.receipts.has(id) ? 'safe' : 'lost'
    return { id, serial, sealId: sealId ?? undefined, createdMs, state }
  }

  #waiting(): KnownDeposit[] {
    const entries = [...this.#folder.outbox.entries()]
    return entries.flatMap((entry) => ('damage' in entry ? [] : [this.#knownEntry(entry)]))
  }

  #knownEntry(entry: OutboxEntry): KnownDeposit {
    const { id, context } = entry
    const { serial, sealId, createdMs } = context
    const over = entryState(entry, this.#state.epochs, Date.now()) === 'remake'
    return { id, serial, sealId, createdMs, state: over ? 'remake' : 'waiting' }
  }
}

function newest(deposits: readonly KnownDeposit[]): KnownDeposit | undefined {
  return deposits.toSorted((a, b) => b.createdMs - a.createdMs)[0]
}
