import { equalBytes } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import type { ReceiptStatement } from '@strongroom/core/protocol'
import { encodeLogEntry, ENTRY_KINDS, TiledTree, type TreeHead } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { StoreError } from '../store/store-error.ts'
import type { Store } from '../store/store.ts'

/** Inclusion proofs from the tiles in the store, each checked against the root before it is used. */
export class TreeProofs {
  readonly #store: Store
  #last: { readonly head: TreeHead; readonly tree: TiledTree } | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /**
   * The proof that an entry is a leaf of a tree of this log. Where it stands is what a row says: nothing that does not hold is given out.
   *
   * @throws TlogError TLOG_RANGE if the tree has no such leaf, TLOG_TILE or TLOG_MISMATCH if the tiles are not those of the tree;
   *   StoreError STORE_CORRUPT if the leaf is that of another entry
   */
  async inclusion(head: TreeHead, index: number, { kind, digest }: ReceiptStatement): Promise<Uint8Array[]> {
    const tree = this.#treeOf(head)
    const entry = encodeLogEntry({ kind: ENTRY_KINDS[kind], digest })
    if (!equalBytes(await tree.leafHash(index), merkleTree(sha256).leafHash(entry))) {
      throw new StoreError('STORE_CORRUPT', `leaf ${index} is not that of the statement whose row names it`)
    }
    return tree.inclusionProof(index)
  }

  /** The tiles that were read for the last tree are kept: most questions are about the same one. */
  #treeOf(head: TreeHead): TiledTree {
    const last = this.#last
    if (last && last.head.size === head.size && equalBytes(last.head.root, head.root)) return last.tree
    const tree = new TiledTree(sha256, head, async ({ level, index }) => {
      return (await this.#store.tile(level, index)) ?? new Uint8Array(0)
    })
    this.#last = { head, tree }
    return tree
  }
}
