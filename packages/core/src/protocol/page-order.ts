import { malformed } from './protocol-error.ts'

/** Rows in the order of the log, or against it, and where the next page begins. */
interface Page {
  readonly rows: readonly { readonly index: number }[]
  readonly next: number | null
}

/**
 * A page out of order, or whose `next` leads elsewhere than on, would have whoever asks for all of them miss some or never end.
 *
 * @throws ProtocolError PROTOCOL_FORMAT
 */
export function checkOrder({ rows, next }: Page, order: 'ascending' | 'descending'): void {
  const sign = order === 'ascending' ? 1 : -1
  for (const [i, row] of rows.entries()) {
    const before = rows[i - 1]
    if (before && sign * (row.index - before.index) <= 0) throw malformed('', `row ${i} is out of order`)
  }
  if (next !== null && next !== rows.at(-1)?.index) throw malformed('next', 'not the index of the last row')
}
