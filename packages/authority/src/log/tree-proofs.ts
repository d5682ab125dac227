import { equalBytes } from '@strongroom/core/bytes'
import { TiledTree, type TreeHead } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import type { Store } from '../store/store.ts'

/** Inclusion proofs from the tiles in the store, each checked against the root before it is used. */
export class TreeProofs {
  readonly #store: Store
  #last: { readonly head: TreeHead; readonly tree: TiledTree } | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /**
   * The proof that a leaf is in a tree of this log.
   *
   * @throws TlogError TLOG_RANGE if the tree has no such leaf, TLOG_TILE or TLOG_MISMATCH if the tiles are not those of the tree
   */
  inclusion(head: TreeHead, index: number): Promise<Uint8Array[]> {
    return this.#treeOf(head).inclusionProof(index)
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
