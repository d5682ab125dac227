import {
  ProtocolError,
  verifyEpochs,
  parseEnvelope,
  type AuthorityTrust,
  type EpochChain,
  type VerifyLater,
} from '@strongroom/core/protocol'
import type { TreeHead } from '@strongroom/core/tlog'
import type { AuditedStatement, Store } from '../store/store.ts'
import { checkCheckpoint, checkFloor } from './fsck-promises.ts'
import { StatementCheck } from './fsck-statements.ts'
import { checkTotals } from './fsck-totals.ts'
import { TreeCheck } from './fsck-tree.ts'

/**
 * What a finding is about.
 *
 * - `statement`: bytes that are malformed, not validly signed, or not those of their digest.
 * - `row`: a row that does not follow from its statement, is missing, or stands for none.
 * - `tile`, `root`: a tile, a bundle or the root is not that of the statements.
 * - `checkpoint`: the kept checkpoint is not signed by the log, or not of this tree.
 * - `promise`: this node has signed what the database does not have.
 */
export type FindingKind = 'statement' | 'row' | 'tile' | 'root' | 'checkpoint' | 'promise'

/** One difference between what is there and what follows from the statements. */
export interface Finding {
  readonly kind: FindingKind
  /** What it is about: `leaf 17`, `tile/0/000`. Nothing that a client wrote. */
  readonly at: string
  readonly problem: string
}

/** What is checked, and with what. */
export interface FsckOptions {
  readonly store: Store
  /** The authority's own identity. */
  readonly trust: AuthorityTrust
  /** Verifies as `trust` does, by other threads: signatures of deposits, of a page at a time. */
  readonly verifyLater?: VerifyLater
  /** What this node has signed, from its own file; left out where there is none. */
  readonly signed?: TreeHead
  /** Called after every few statements with how many were checked. */
  readonly onProgress?: (checked: number) => void
}

/** Statements that are read at once: as many as a tile has hashes. */
const PAGE = 256

/**
 * Checks everything that is kept: derives every row from the bytes of its statement, and every tile and the root from all
 * statements, and verifies all signatures. Changes nothing. What is appended meanwhile is checked too, or shows as a finding of the
 * end: run it again, or while nothing is appended.
 *
 * @returns the differences as they are found
 * @throws StoreError for what cannot be read
 */
export async function* fsck(options: FsckOptions): AsyncGenerator<Finding> {
  const { store, trust, verifyLater, signed, onProgress } = options
  const epochs = await readEpochs(store, trust)
  if (!epochs) yield { kind: 'statement', at: 'epochs', problem: 'no chain of valid epoch records' }
  const statements = new StatementCheck(store, trust, epochs)
  const tree = new TreeCheck(store)
  const read = async (from: number) => {
    const page = await store.audit(from, PAGE)
    return { page, ahead: verifyLater && statements.readAhead(page, verifyLater) }
  }
  let reading = read(0)
  for (let next = 0; ; ) {
    const { page, ahead } = await reading
    if (page.length === 0) break
    const after = (page.at(-1)?.statement.index ?? next) + 1
    // While this page is checked, the next one is read, and its signatures are verified.
    reading = read(after)
    reading.catch(() => {}) // it is thrown where it is waited for, unless the caller has gone
    yield* gap(next, page)
    const known = (await ahead) ?? []
    for (const [i, audited] of page.entries()) yield* statements.check(audited, known[i])
    yield* tree.add(page)
    next = after
    onProgress?.(next)
  }
  yield* tree.finish()
  yield* checkTotals(store, statements)
  if (epochs) yield* checkCheckpoint(store, epochs)
  if (signed) yield* checkFloor(store, signed)
}

/** All records must belong together: a deposit is checked against the epoch that it names. */
async function readEpochs(store: Store, trust: AuthorityTrust): Promise<EpochChain | undefined> {
  const rows = await store.epochs()
  try {
    return verifyEpochs(
      rows.map(({ bytes }) => parseEnvelope(bytes)),
      trust,
    )
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

function* gap(next: number, page: readonly AuditedStatement[]): Generator<Finding> {
  for (const [i, { statement }] of page.entries()) {
    const expected = (page[i - 1]?.statement.index ?? next - 1) + 1
    if (statement.index !== expected) {
      yield { kind: 'row', at: `leaf ${expected}`, problem: `no statement before leaf ${statement.index}` }
    }
  }
}
