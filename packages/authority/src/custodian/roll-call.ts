import { equalBytes } from '@strongroom/core/bytes'
import { parseDepositBlob } from '@strongroom/core/client'
import { merkleTree } from '@strongroom/core/merkle'
import {
  parseDepositBody,
  ProtocolError,
  type CustodianDeposit,
  type CustodianDeposits,
  type CustodianQuery,
} from '@strongroom/core/protocol'
import {
  ENTRY_KINDS,
  parseBundle,
  TILE_WIDTH,
  TiledTree,
  TlogError,
  type TreeHead,
} from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { CustodianError } from './custodian-error.ts'
import type { LogWire } from './looked-at-log.ts'

/** What a roll call asks. Answers are the authority's word alone. Each call throws ClientError. */
export interface RollWire extends Pick<LogWire, 'tile'> {
  readonly deposits: (query: CustodianQuery) => Promise<CustodianDeposits>
}

/** A deposit of the log: its leaf is proved, and its bytes are those of the leaf. */
export interface RolledDeposit extends CustodianDeposit {
  readonly id: Uint8Array
  /** The number of the epoch that it says it was made for. */
  readonly epoch: number
}

const hasher = merkleTree(sha256)

/**
 * Every deposit of a log, in its order, from a leaf on: an authority that leaves one out is found out. Each entry is compared with the tree
 * before it is used, and the deposit with its entry; so what an epoch has is not taken on anybody's word.
 *
 * @param head a tree that was verified
 * @throws CustodianError CUSTODIAN_HIDDEN if a deposit of the log is not shown; BUNDLE_FORKED for entries of another tree; ClientError
 */
export async function* everyDeposit(
  wire: RollWire,
  head: TreeHead,
  start: number,
): AsyncGenerator<RolledDeposit, void, undefined> {
  const tree = new TiledTree(sha256, head, (tile) => wire.tile(tile))
  const rows = rowsFrom(wire, start)
  for (let index = Math.floor(start / TILE_WIDTH); index * TILE_WIDTH < head.size; index++) {
    for (const { entry, leaf } of await entriesOf(wire, tree, index)) {
      if (leaf < start || entry[0] !== ENTRY_KINDS.deposit) continue
      const { value: row } = await rows.next()
      if (!row || row.index !== leaf || !equalBytes(sha256(row.blob), entry.subarray(1))) {
        throw new CustodianError(
          'CUSTODIAN_HIDDEN',
          `the authority does not show the deposit at leaf ${leaf}`,
        )
      }
      yield { ...row, id: entry.slice(1), epoch: epochOf(row) }
    }
  }
}

/** The entries of a tile, each as the tree has it. */
async function entriesOf(
  wire: RollWire,
  tree: TiledTree,
  index: number,
): Promise<{ readonly entry: Uint8Array; readonly leaf: number }[]> {
  const width = Math.min(TILE_WIDTH, tree.size - index * TILE_WIDTH)
  const bundle = await wire.tile({ level: 'entries', index, width })
  try {
    const entries = parseBundle(width, bundle).map((entry, i) => ({ entry, leaf: index * TILE_WIDTH + i }))
    for (const { entry, leaf } of entries) {
      if (!equalBytes(hasher.leafHash(entry), await tree.leafHash(leaf))) throw otherTree()
    }
    return entries
  } catch (cause) {
    if (cause instanceof TlogError) throw otherTree(cause)
    throw cause
  }
}

async function* rowsFrom(
  wire: RollWire,
  start: number,
): AsyncGenerator<CustodianDeposit, undefined, undefined> {
  for (let after = start === 0 ? undefined : start - 1; ; ) {
    const { deposits, next } = await wire.deposits({ work: 'all', ...(after !== undefined && { after }) })
    yield* deposits
    if (next === null) return undefined
    after = next
  }
}

/** 0 of what is no deposit: the log of an honest authority has none. */
function epochOf({ blob }: CustodianDeposit): number {
  try {
    return parseDepositBody(parseDepositBlob(blob).body).context.epochNumber
  } catch (error) {
    if (error instanceof ProtocolError) return 0
    throw error
  }
}

function otherTree(cause?: Error): CustodianError {
  return new CustodianError('BUNDLE_FORKED', 'entries that are not those of the tree', { cause })
}
