import { CliError } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { count } from '../quantities.ts'
import { explained } from './connection.ts'
import { reasonStopped, type Delivery } from './delivery.ts'
import { outcomeText } from './outcome-text.ts'

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
  /** Whether it is a failure that one has no receipt. */
  readonly requireReceipt: boolean
  /** What of that is said of each then, as in `is sealed and stays`. */
  readonly stands: string
}

const STATUS = 'strongroom status shows what waits and why'

/** Says in one line what became of the deposits of a command. */
export function tellDelivery(context: Context, told: Told): void {
  const { authority, deposits, hasReceipt } = told
  const all = keysIn(deposits)
  const without = deposits.filter(({ id }) => !hasReceipt(id))
  const reason = reasonOf(told, without)
  context.terminal.record({
    authority,
    deposits: all,
    withReceipt: all - keysIn(without),
    reason: reason ?? null,
  })
  if (without.length > 0 || all === 0) return tellMissing(context, told)
  const receipts = all === 1 ? 'its receipt' : 'their receipts'
  context.terminal.note(`deposited ${count(all, 'session key')} at ${authority} and verified ${receipts}`)
}

/** Says which deposits of a command have no receipt, and why; nothing if all have one and nothing is alarming. */
export function tellMissing({ terminal, failures }: Context, told: Told): void {
  const { authority, deposits, delivery, hasReceipt } = told
  if (delivery?.stopped?.code === 'CLIENT_ALARM') failures.report(explained(delivery.stopped))
  const without = deposits.filter(({ id }) => !hasReceipt(id))
  if (without.length === 0) return
  const keys = count(keysIn(without), 'session key')
  const why = reasonOf(told, without) ?? ''
  if (told.requireReceipt) {
    for (const { name } of without) failures.report(noReceipt(name, told.stands, why), name)
  } else if (isRefused(delivery, without)) {
    failures.report(new CliError('AUTHORITY_REFUSED', `${keys} not deposited: ${why}`, { hint: STATUS }))
  } else {
    terminal.note(`${keys} waiting in the outbox for ${authority}: ${why}`)
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
  if (refused) return `${authority} refuses: ${outcomeText(refused.outcome)}`
  return reasonStopped(delivery) ?? 'it must be made again for a newer epoch, with strongroom deposit'
}

function noReceipt(name: string, stands: string, why: string): CliError {
  return new CliError('NO_RECEIPT', `${displayName(name)} ${stands}, without a receipt: ${why}`, {
    hint: 'its key waits in the outbox: strongroom deposit --flush --require-receipt tries again',
  })
}
