/** What can be wrong with a tree or a proof. */
export type MerkleErrorCode = 'MERKLE_RANGE' | 'MERKLE_PROOF_LENGTH' | 'MERKLE_MISMATCH'

/**
 * The one error of this layer.
 *
 * - `MERKLE_RANGE`: an index, a size or a number of subtrees that no tree has.
 * - `MERKLE_PROOF_LENGTH`: a proof that does not have the one length its tree sizes allow.
 * - `MERKLE_MISMATCH`: a proof that leads to another root.
 */
export class MerkleError extends Error {
  override readonly name = 'MerkleError'
  readonly code: MerkleErrorCode

  constructor(code: MerkleErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
