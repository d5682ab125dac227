/** Leaves from `start` to before `end`: a subtree of the recursive definition in RFC 6962 §2.1. */
export interface LeafRange {
  readonly start: number
  readonly end: number
}

/** A full subtree: number `index` of those with 2^height leaves. */
export interface SubtreeNode {
  readonly height: number
  readonly index: number
}

/** The subtrees whose roots are the inclusion proof of a leaf, bottom up. RFC 9162 §2.1.3.1, PATH. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = []
  for (let [start, end] = [0, size]; end - start > 1; ) {
    const middle = start + largestPowerBelow(end - start)
    const right = { start: middle, end }
    const left = { start, end: middle }
    ranges.push(index < middle ? right : left)
    ;({ start, end } = index < middle ? left : right)
  }
  return ranges.toReversed()
}

/**
 * The subtrees whose roots are the consistency proof of a tree of `size` leaves with its first `oldSize`, in order; none
 * if there is nothing to prove. RFC 9162 §2.1.4.1, PROOF and SUBPROOF.
 */
export function consistencyRanges(oldSize: number, size: number): LeafRange[] {
  if (oldSize === 0 || oldSize === size) return []
  const ranges: LeafRange[] = []
  let [start, end] = [0, size]
  while (end !== oldSize) {
    const middle = start + largestPowerBelow(end - start)
    const inLeft = oldSize <= middle
    ranges.push(inLeft ? { start: middle, end } : { start, end: middle })
    if (inLeft) end = middle
    else start = middle
  }
  // The last subtree of the old tree; if it is all of the old tree, whoever verifies has its root already.
  if (start > 0) ranges.push({ start, end })
  return ranges.toReversed()
}

/**
 * The full subtrees that make up a subtree of the recursive definition, the greatest first. Its root is their fold from
 * the right.
 */
export function nodesOfRange({ start, end }: LeafRange): SubtreeNode[] {
  const nodes: SubtreeNode[] = []
  let height = Math.floor(Math.log2(Number.MAX_SAFE_INTEGER))
  for (let at = start; at < end; at += 2 ** height) {
    while (2 ** height > end - at) height--
    nodes.push({ height, index: at / 2 ** height })
  }
  return nodes
}

/** Counted, not computed: the logarithm of a number just above 2^52 is rounded down to 52. */
function largestPowerBelow(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}
