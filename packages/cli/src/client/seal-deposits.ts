import { resolve } from 'node:path'
import { toHex } from '@strongroom/core/bytes'
import type { KeyContainer } from '@strongroom/core/container'
import type { NamedSessionKey } from '@strongroom/core/keyblob'
import type { FinishedSeal } from '@strongroom/core/seal'
import { usage } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { authorityOf, enrolledKey, type AuthorityValues, type ChosenAuthority } from './authority-choice.ts'
import { deliver, patience, REQUIRED_MS } from './delivery.ts'
import { tellDelivery, type OwnDeposit } from './delivery-text.ts'
import { Depositor, keyDeposit, type Deposited, type DepositorValues } from './depositor.ts'
import { depositNamedKey, isOwnKey } from './named-key-deposit.ts'

/** The values of the options of commands that deposit what they seal. */
export interface SealDepositValues extends AuthorityValues, DepositorValues {
  readonly requireReceipt: boolean
}

/** Who seals, and under which named session key. */
export interface Sealing {
  readonly container: KeyContainer
  readonly namedKey: NamedSessionKey | undefined
}

/** The deposits of one command that seals. */
export class SealDeposits {
  readonly #context: Context
  readonly #chosen: ChosenAuthority
  readonly #depositor: Depositor
  readonly #requireReceipt: boolean
  /** The id of the deposit of a key that opens all files: their own keys need none then. */
  readonly #shared: string | undefined
  /** By the seal id in hexadecimal. */
  readonly #made = new Map<string, OwnDeposit>()

  private constructor(
    context: Context,
    chosen: ChosenAuthority,
    depositor: Depositor,
    { requireReceipt, shared }: { requireReceipt: boolean; shared: string | undefined },
  ) {
    this.#context = context
    this.#chosen = chosen
    this.#depositor = depositor
    this.#requireReceipt = requireReceipt
    this.#shared = shared
  }

  /**
   * Gets ready to deposit at the authority that knows the container; a session key of the owner's is deposited now.
   *
   * @returns undefined if no authority knows the container, which is told
   * @throws CliError USAGE; ProtocolError EPOCH_VALIDITY; ClientError
   */
  static async open(
    context: Context,
    values: SealDepositValues,
    { container, namedKey }: Sealing,
  ): Promise<SealDeposits | undefined> {
    const chosen = authorityOf(context, values, container)
    if (!chosen) return tellNotEnrolled(context, container.name, values)
    const depositor = await Depositor.open(context, chosen, enrolledKey(chosen, container), values)
    const shared =
      namedKey && isOwnKey(container, namedKey)
        ? depositNamedKey(context, depositor, container, namedKey).id
        : undefined
    return new SealDeposits(context, chosen, depositor, { requireReceipt: values.requireReceipt, shared })
  }

  /** The deposit that saves a sealed file, for its record. */
  recordOf(sealId: Uint8Array): { readonly authority: string; readonly id: string | null } {
    return { authority: this.#chosen.folder.name, id: this.#made.get(toHex(sealId))?.id ?? null }
  }

  /**
   * Puts the keys of finished files into the outbox, durably, before the files have their names.
   *
   * @param outputOf the path of a file; undefined for standard output
   */
  async keep(
    seals: readonly FinishedSeal[],
    outputOf: (seal: FinishedSeal) => string | undefined,
  ): Promise<void> {
    const all = seals.map((seal) => fileDeposit(seal, outputOf(seal)))
    const ids = this.#shared === undefined ? await this.#depositor.addAll(all) : undefined
    for (const [i, { sealId }] of seals.entries()) {
      const id = ids?.[i] ?? this.#shared
      if (id !== undefined) this.#made.set(toHex(sealId), { id, name: all[i]?.label ?? '' })
    }
  }

  /** Whether the receipt of a sealed file's deposit is here. */
  hasReceipt(sealId: Uint8Array): boolean {
    const made = this.#made.get(toHex(sealId))
    return made !== undefined && this.#chosen.folder.receipts.has(made.id)
  }

  /** Sends what waits, this command's deposits among it, and says what became of them. */
  async finish(sealed: readonly { readonly sealId: Uint8Array }[]): Promise<void> {
    const { folder } = this.#chosen
    const timeoutMs = this.#requireReceipt ? REQUIRED_MS : patience(folder)
    tellDelivery(this.#context, {
      authority: folder.name,
      deposits: sealed.flatMap(({ sealId }) => this.#made.get(toHex(sealId)) ?? []),
      delivery: await deliver(this.#context, this.#chosen, { timeoutMs, waits: this.#requireReceipt }),
      hasReceipt: (id) => folder.receipts.has(id),
      requireReceipt: this.#requireReceipt,
      stands: 'is sealed and stays',
    })
  }
}

function fileDeposit(
  { serial, sealId, sessionKey, metadata, plaintextBytes }: FinishedSeal,
  output: string | undefined,
): Deposited {
  const { name, description, version } = metadata
  return {
    ...keyDeposit({ sessionKey, format: 'file', serial, sealId }),
    // A first version has a serial number of its own: no deposit precedes it.
    serial: version === 1 ? undefined : serial,
    object: name === undefined ? undefined : { name, size: plaintextBytes },
    description: description ?? name,
    label: output ?? name ?? 'standard output',
    path: output === undefined ? undefined : resolve(output),
  }
}

function tellNotEnrolled(
  { terminal }: Context,
  container: string,
  { requireReceipt }: SealDepositValues,
): undefined {
  const text = `no backup authority knows the container ${displayName(container)}`
  if (requireReceipt) throw usage(text, 'enroll it, or leave --require-receipt out')
  terminal.warning(`${text}: nothing is deposited`)
}
