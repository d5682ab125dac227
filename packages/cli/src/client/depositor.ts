import { fromHex } from '@strongroom/core/bytes'
import {
  ClientError,
  makeDeposit,
  type Added,
  type AuthorityFolder,
  type AuthorityState,
  type DepositFrame,
  type DepositLabels,
  type MadeDeposit,
  type OutboxDeposit,
} from '@strongroom/core/client'
import type { SigningKey } from '@strongroom/core/container'
import { ProtocolError } from '@strongroom/core/protocol'
import type { Context, OptionTable } from '../command.ts'
import { formatTime } from '../quantities.ts'
import type { ChosenAuthority } from './authority-choice.ts'
import { connectedTo } from './connection.ts'
import { KnownDeposits } from './known-deposits.ts'

/** How something is deposited. */
export const DEPOSITOR_OPTIONS = {
  plainDescription: {
    flags: '--plain-description',
    kind: 'flag',
    description: 'let the authority read the description; it is sealed unless told',
    group: 'Backup authority:',
  },
  retention: {
    flags: '--retention <class>',
    kind: 'value',
    description: 'how long it is to be kept, a class of the authority’s policy; standard unless told',
    group: 'Backup authority:',
  },
} as const satisfies OptionTable

/** The values of `DEPOSITOR_OPTIONS`. */
export interface DepositorValues {
  readonly plainDescription: boolean
  readonly retention: string | undefined
}

/** What is deposited, and how people find it again. */
export interface Deposited {
  /** Makes the deposit itself. */
  readonly make: (frame: DepositFrame & DepositLabels) => MadeDeposit
  /** Of a file or session key, which may have been deposited before. */
  readonly serial?: Uint8Array | undefined
  readonly object?: DepositLabels['object'] | undefined
  readonly description?: string | undefined
  /** What the outbox calls it. */
  readonly label: string
  /** The file that the key opens, absolute. */
  readonly path?: string | undefined
}

/** The key of a file, or a named session key. */
export interface DepositedKey {
  /** age's file key, 16 bytes; stays the caller's. */
  readonly sessionKey: Uint8Array
  readonly format: 'file' | 'named-key'
  readonly serial: Uint8Array
  readonly sealId: Uint8Array
}

/** Deposits a session key of which there is a seal. */
export function keyDeposit(key: DepositedKey): Pick<Deposited, 'make' | 'serial'> {
  return { serial: key.serial, make: (frame) => makeDeposit({ ...frame, ...key }) }
}

const STANDARD = 'standard'
const LONGEST_DESCRIPTION_BYTES = 1024
/** For the card alone, when no epoch that is known is in use. */
const EPOCHS_TIMEOUT_MS = 10_000

/** Makes deposits for one authority, and puts them into its outbox. */
export class Depositor {
  readonly authority: AuthorityFolder
  readonly known: KnownDeposits
  readonly #state: AuthorityState
  readonly #signingKey: SigningKey
  readonly #values: DepositorValues

  private constructor(chosen: ChosenAuthority, signingKey: SigningKey, values: DepositorValues) {
    this.authority = chosen.folder
    this.known = new KnownDeposits(chosen.folder, chosen.state)
    this.#state = chosen.state
    this.#signingKey = signingKey
    this.#values = values
  }

  /**
   * Looks whether an epoch is known under which deposits can be made, and asks the authority for its epochs if there is none.
   *
   * @throws ProtocolError EPOCH_VALIDITY; ClientError if the authority must be asked and is not reached
   */
  static async open(
    context: Context,
    chosen: ChosenAuthority,
    signingKey: SigningKey,
    values: DepositorValues,
  ): Promise<Depositor> {
    const current = { ...chosen, state: await withEpoch(context, chosen) }
    const { epoch, standing } = current.state.epochs.at(Date.now())
    if (standing === 'grace') {
      const ended = formatTime(epoch.payload.notAfter)
      context.terminal.warning(`epoch ${epoch.payload.number} of ${chosen.folder.name} ended at ${ended}`)
    }
    return new Depositor(current, signingKey, values)
  }

  /**
   * Makes a deposit; it is durable in the outbox when this returns.
   *
   * @returns its id
   * @throws ClientError CLIENT_STATE; ProtocolError for what no deposit has; the system's errors, and then there is none
   */
  add(what: Deposited): string {
    return this.#put(what, (deposit, state, now) => this.authority.outbox.add(deposit, state, now))
  }

  /** The same for several, which takes the disk little longer than one. @returns their ids, in the order of the deposits */
  async addAll(all: readonly Deposited[]): Promise<string[]> {
    const now = Date.now()
    const made: Made[] = []
    const make = function* (this: Depositor): Generator<OutboxDeposit> {
      for (const what of all) {
        const one = this.#make(what, now)
        made.push(one)
        yield one.deposit
      }
    }
    const added = await this.authority.outbox.addAll(make.call(this), this.#state, now)
    return added.map(({ id }, i) => this.#noted(id, made[i], now))
  }

  /**
   * Makes a deposit of a session key, unless there is one that is safe or on its way.
   *
   * @returns its id, and whether it is a new one
   */
  ensure(
    key: DepositedKey,
    about: Pick<Deposited, 'object' | 'description' | 'label' | 'path'>,
  ): { id: string; isNew: boolean } {
    const known = this.known.ofSeal(key.sealId)
    if (known?.state === 'safe' || known?.state === 'waiting') return { id: known.id, isNew: false }
    const what = { ...keyDeposit(key), ...about }
    return { id: known?.state === 'remake' ? this.replace(known.id, what) : this.add(what), isNew: true }
  }

  /** Makes a deposit in the place of one that was made for an epoch that is over. @returns its id */
  replace(old: string, what: Deposited): string {
    return this.#put(what, (deposit, state, now) => this.authority.outbox.replace(old, deposit, state, now))
  }

  #put(
    what: Deposited,
    put: (deposit: OutboxDeposit, state: AuthorityState, nowMs: number) => Added,
  ): string {
    const now = Date.now()
    const made = this.#make(what, now)
    return this.#noted(put(made.deposit, this.#state, now).id, made, now)
  }

  #make({ make, serial, object, description, label, path }: Deposited, now: number): Made {
    const { tenant, clientId, epochs } = this.#state
    // A file's versions share their serial number: the newest deposit is the one to look for.
    const previous = serial && this.known.ofSerial(serial)
    const { blob, context } = make({
      epoch: epochs.at(now).epoch,
      tenant,
      clientId,
      signingKey: this.#signingKey,
      retention: this.#values.retention ?? STANDARD,
      createdMs: now,
      ...(object && { object }),
      ...(description !== undefined && { description: this.#described(description) }),
      ...(previous && { previous: fromHex(previous.id) }),
    })
    return { deposit: { blob, label, path }, context }
  }

  #noted(id: string, made: Made | undefined, createdMs: number): string {
    if (made) this.known.add({ id, serial: made.context.serial, sealId: made.context.sealId, createdMs })
    return id
  }

  #described(text: string): { kind: 'plain' | 'sealed'; text: string } {
    return { kind: this.#values.plainDescription ? 'plain' : 'sealed', text: cut(text) }
  }
}

/** A deposit that is not in the outbox yet. */
interface Made {
  readonly deposit: OutboxDeposit
  readonly context: MadeDeposit['context']
}

/** A name may be longer than a description. */
function cut(text: string): string {
  let end = text.length
  while (Buffer.byteLength(text.slice(0, end)) > LONGEST_DESCRIPTION_BYTES) end--
  return text.slice(0, end)
}

async function withEpoch(context: Context, { folder, state }: ChosenAuthority): Promise<AuthorityState> {
  try {
    if (state.epochs.at(Date.now()).standing === 'current') return state
  } catch (error) {
    if (!(error instanceof ProtocolError && error.code === 'EPOCH_VALIDITY')) throw error
    return await newerEpochs(context, { folder, state })
  }
  // It may still be used: whether there is a newer one is worth asking, and no reason to fail.
  try {
    return await newerEpochs(context, { folder, state })
  } catch (error) {
    if (error instanceof ClientError && error.code !== 'CLIENT_ALARM') return state
    throw error
  }
}

async function newerEpochs(context: Context, { folder, state }: ChosenAuthority): Promise<AuthorityState> {
  return await connectedTo(context, state, { timeoutMs: EPOCHS_TIMEOUT_MS }, async (client) =>
    folder.learnEpochs((await client.card()).epochs),
  )
}
