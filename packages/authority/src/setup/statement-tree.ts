import { merkleTree } from '@strongroom/core/merkle'
import { encodeLogEntry, ENTRY_KINDS, Frontier } from '@strongroom/core/tlog'
import { statementDigestOf } from '../log/index.ts'
import { sha256, type StatementRow } from '../model/index.ts'

/** The tree over statements, one after the other, from their bytes alone. */
export class StatementTree {
  readonly #frontier = new Frontier(sha256)
  size = 0

  /** @returns the statement digest */
  add(statement: Pick<StatementRow, 'kind' | 'bytes'>): Uint8Array {
    const digest = statementDigestOf(statement)
    const entry = encodeLogEntry({ kind: ENTRY_KINDS[statement.kind], digest })
    this.#frontier.append(merkleTree(sha256).leafHash(entry))
    this.size++
    return digest
  }

  root(): Uint8Array {
    return this.#frontier.root()
  }
}
