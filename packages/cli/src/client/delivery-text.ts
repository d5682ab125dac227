import { CliError } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { count } from '../quantities.ts'
import { explained } from './connection.ts'
import { reasonStopped, type Delivery } from './delivery.ts'

/** A deposit that a command made, or found to be made already. */
export interface OwnDeposit {
  /** In hexadecimal. */
  readonly id: string
  /** What people call it: a file, or a session key. */
  readonly name: string
}

/** What is to be said about a delivery. */
export interface Told {
  readonly authority: string
  readonly deposits: readonly OwnDeposit[]
  readonly delivery: Delivery
  readonly hasReceipt: (id: string) => boolean
  /** Whether it is a failure that one has none. */
  readonly requireReceipt: boolean
}

const STATUS = 'strongroom status shows what waits and why'

/** Says what became of the deposits of a command: which have a receipt, and why the others have none. */
export function tellDelivery({ terminal, failures }: Context, told: Told): void {
  const { authority, deposits, delivery, hasReceipt } = told
  const without = deposits.filter(({ id }) => !hasReceipt(id))
  const [all, missing] = [keysIn(deposits), keysIn(without)]
  const why = reasonOf(told, without)
  terminal.record({ authority, deposits: all, withReceipt: all - missing, reason: why ?? null })
  if (delivery?.stopped?.code === 'CLIENT_ALARM') failures.report(explained(delivery.stopped))
  if (missing === 0) {
    if (all > 0) terminal.note(`deposited ${count(all, 'session key')} at ${authority}, receipts verified`)
    return
  }
  if (told.requireReceipt) {
    for (const { name } of without) failures.report(noReceipt(name, why), name)
  } else if (isRefused(delivery, without)) {
    const text = `${count(missing, 'session key')} not deposited: ${why}`
    failures.report(new CliError('AUTHORITY_REFUSED', text, { hint: STATUS }))
  } else {
    terminal.note(`${count(missing, 'session key')} waiting in the outbox for ${authority}: ${why}`)
  }
}

function keysIn(deposits: readonly OwnDeposit[]): number {
  return new Set(deposits.map(({ id }) => id)).size
}

function isRefused(delivery: Delivery, deposits: readonly OwnDeposit[]): boolean {
  return deposits.some(({ id }) => delivery?.refused.some((one) => one.id === id))
}

/** Why the first of them has no receipt. */
function reasonOf({ authority, delivery }: Told, without: readonly OwnDeposit[]): string | undefined {
  if (without.length === 0) return undefined
  const refused = delivery?.refused.find(({ id }) => without.some((one) => one.id === id))
  if (refused) return `${authority} refuses: ${refused.outcome}`
  return reasonStopped(delivery) ?? 'it must be made again for a newer epoch, with strongroom deposit'
}

function noReceipt(name: string, why: string | undefined): CliError {
  return new CliError('NO_RECEIPT', `${displayName(name)} is sealed and stays, without a receipt: ${why}`, {
    hint: 'its key waits in the outbox: strongroom deposit --flush --require-receipt tries again',
  })
}
