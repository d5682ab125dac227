/** Merkle trees as in Certificate Transparency, usable in a browser. */
export { MerkleError } from './merkle-error.ts'
export type { MerkleErrorCode } from './merkle-error.ts'
export { merkleTree } from './merkle-tree.ts'
export type { MerkleTree } from './merkle-tree.ts'
export type { Sha256 } from './tree-levels.ts'
