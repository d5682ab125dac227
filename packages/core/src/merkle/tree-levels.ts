import { MerkleError } from './merkle-error.ts'

/** SHA-256 over the concatenation of the parts: 32 bytes. Passed in, so that a browser can pass its own. */
export type Sha256 = (...parts: Uint8Array[]) => Uint8Array

/** Which side of the path a sibling stands on. */
export type Side = 'left' | 'right'

// RFC 9162 §2.1.1: different prefixes keep a leaf from being presented as a node.
const LEAF_PREFIX = Uint8Array.of(0x00)
const NODE_PREFIX = Uint8Array.of(0x01)

/** RFC 9162 §2.1.1: HASH(0x00 || leaf). */
export function hashLeaf(sha256: Sha256, leaf: Uint8Array): Uint8Array {
  return sha256(LEAF_PREFIX, leaf)
}

/** RFC 9162 §2.1.1: HASH(0x01 || left || right). */
export function hashNode(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE_PREFIX, left, right)
}

/**
 * All levels of a tree, from its leaf hashes (level 0) to its root (the one node of the last level).
 *
 * A last node without a sibling moves up unchanged. So node `i` of level `k` is always the RFC 6962 root of
 * the leaves from i·2^k to (i+1)·2^k, or to the end: the recursive definition splits at the same places.
 */
export function treeLevels(sha256: Sha256, leafHashes: readonly Uint8Array[]): Uint8Array[][] {
  const levels = [[...leafHashes]]
  for (let level = levels[0] ?? []; level.length > 1; ) {
    level = nextLevel(sha256, level)
    levels.push(level)
  }
  return levels
}

function nextLevel(sha256: Sha256, level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = []
  for (let i = 0; i + 1 < level.length; i += 2) above.push(hashNode(sha256, at(level, i), at(level, i + 1)))
  if (level.length % 2 === 1) above.push(at(level, level.length - 1))
  return above
}

/** The root at the top of `treeLevels`; undefined for no leaves. */
export function topOf(levels: readonly Uint8Array[][]): Uint8Array | undefined {
  return levels.at(-1)?.[0]
}

/**
 * The sides of the siblings that a path meets from node `index` up to the root, when `last` is the index of
 * the last node on the same level. Their number is the length of an inclusion proof.
 *
 * The same walk as RFC 9162 §2.1.3.2 (fn = index, sn = last): an even node that is also the last has no
 * sibling and moves up. By arithmetic instead of shifts: sizes may exceed 32 bits.
 */
export function siblingSides(index: number, last: number): Side[] {
  const sides: Side[] = []
  for (let [fn, sn] = [index, last]; sn > 0; [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]) {
    if (fn % 2 === 1) sides.push('left')
    else if (fn < sn) sides.push('right')
  }
  return sides
}

/** The entry that the caller's arithmetic says is there. */
export function at<T>(list: readonly T[], index: number): T {
  const entry = list[index]
  if (entry === undefined) throw new MerkleError('MERKLE_RANGE', `no entry ${index} among ${list.length}`)
  return entry
}

/** Refuses what is not a whole number from `min` to `max`. */
export function checkRange(name: string, value: number, min: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new MerkleError('MERKLE_RANGE', `expected a ${name} from ${min} to ${max}, got ${value}`)
  }
}
