import { resolve } from 'node:path'
import type { AuthorityFolder, DepositRecord } from '@strongroom/core/client'
import { CliError, usage } from '../cli-error.ts'
import { displayName } from '../escape-text.ts'

const SHORTEST = 8
const PREFIX = /^[0-9a-f]{8,64}$/

/** A receipt that is kept, and what is remembered of what it is for. */
export interface KeptReceipt {
  /** The statement digest in hexadecimal. */
  readonly id: string
  /** Undefined for what is no deposit, such as the enrolment. */
  readonly record: DepositRecord | undefined
}

/** All receipts of an authority, in the order of its log as far as that is remembered. @throws ClientError CLIENT_STATE */
export function keptReceipts({ receipts, deposits }: AuthorityFolder): KeptReceipt[] {
  const kept = receipts.list().map((id) => ({ id, record: deposits.load(id) }))
  return kept.toSorted((a, b) => (a.record?.index ?? 0) - (b.record?.index ?? 0))
}

/**
 * The receipts that somebody names: by a statement digest, by its first digits, or by the sealed file, whose newest counts.
 *
 * @throws CliError USAGE for digits that are not those of exactly one; NO_RECEIPT for a file without one
 */
export function namedReceipt(kept: readonly KeptReceipt[], name: string): KeptReceipt {
  return PREFIX.test(name) ? byDigits(kept, name) : byFile(kept, name)
}

function byDigits(kept: readonly KeptReceipt[], digits: string): KeptReceipt {
  const [found, another] = kept.filter(({ id }) => id.startsWith(digits))
  if (found && !another) return found
  const problem = found ? 'several receipts begin' : 'no receipt begins'
  throw usage(`${problem} with ${digits}`, 'strongroom receipts list shows which there are')
}

function byFile(kept: readonly KeptReceipt[], name: string): KeptReceipt {
  const path = resolve(name)
  const forIt = kept.filter(({ record }) => record?.path === path || record?.label === name)
  const [newest] = forIt.toSorted((a, b) => (b.record?.createdMs ?? 0) - (a.record?.createdMs ?? 0))
  if (newest) return newest
  throw new CliError('NO_RECEIPT', `there is no receipt for ${displayName(name)}`, {
    hint: `strongroom deposit FILE makes one; a receipt is named by the file or by ${SHORTEST} of its digits`,
  })
}
