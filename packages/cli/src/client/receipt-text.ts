import { toHex } from '@strongroom/core/bytes'
import type { DepositRecord } from '@strongroom/core/client'
import type { VerifiedReceipt } from '@strongroom/core/protocol'
import { displayName } from '../escape-text.ts'
import { formatTime } from '../quantities.ts'
import type { Field } from '../terminal.ts'

/** What a verified receipt proves: `deposit 97c22a6f20775a03 is entry 5 of the log of Example vault, in a tree of 6`. */
export function receiptSentence({ statement, index, size, epoch }: VerifiedReceipt): string {
  const which = `${statement.kind} ${shortId(toHex(statement.digest))}`
  return `${which} is entry ${index} of the log of ${displayName(epoch.payload.authority)}, in a tree of ${size}`
}

/** The same in full. @param record what this computer remembers of the deposit */
export function receiptFields(receipt: VerifiedReceipt, record: DepositRecord | undefined): Field[] {
  const { statement, index, size, root, origin, epoch, level } = receipt
  return [
    ['proves', `the authority has this ${statement.kind}, and logged it`],
    ['statement', toHex(statement.digest)],
    ['level', `${level}: structure and signature were verified`],
    ['authority', displayName(epoch.payload.authority)],
    ['epoch', String(epoch.payload.number)],
    ['log', origin],
    ['entry', `${index}, in the tree of ${size} with the root ${toHex(root)}`],
    ...(record ? recordFields(record) : []),
  ]
}

/** What is remembered, and proved by nothing. */
function recordFields({ label, path, deliveredMs }: DepositRecord): Field[] {
  const file = path ?? label
  return [
    ...(file === null ? [] : [['made for', displayName(file)] as const]),
    ['received', formatTime(deliveredMs)],
  ]
}

/** A verified receipt for programs. */
export function receiptRecord(receipt: VerifiedReceipt): object {
  const { statement, index, size, root, origin, epoch, level } = receipt
  return {
    kind: statement.kind,
    statement: toHex(statement.digest),
    level,
    calledItself: epoch.payload.authority,
    epoch: epoch.payload.number,
    origin,
    index,
    size,
    root: toHex(root),
  }
}

/** Enough of an id to tell it from others, and to name it by. */
export function shortId(id: string): string {
  return id.slice(0, 16)
}
