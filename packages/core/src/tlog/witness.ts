import { utf8Encode } from '../bytes/index.ts'
import { MerkleError, merkleTree, type Sha256 } from '../merkle/index.ts'
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts'
import { signatureTime, type NoteSigner, type NoteVerifier } from './note-keys.ts'
import { openNote, signaturesOf, verifySignatures } from './opened-note.ts'
import { encodeSignatureLines, parseSignatureLines, type NoteSignature } from './signed-note.ts'
import type { TreeHead } from './tiled-tree.ts'
import { TlogError } from './tlog-error.ts'
import type { AddCheckpoint } from './witness-request.ts'

/** What a witness knows of a log. */
export interface WitnessedLog {
  /** The keys it trusts for the origin; one of them must have signed. */
  readonly keys: readonly NoteVerifier[]
  /** The last checkpoint it signed; absent if there is none. */
  readonly latest?: TreeHead | undefined
}

/** What a witness answers, by HTTP status. */
export type WitnessVerdict =
  | {
      readonly status: 200
      readonly checkpoint: Checkpoint
      /** What to cosign. */
      readonly text: string
    }
  | {
      readonly status: 409
      /** The size that the witness has signed: the body of the answer. */
      readonly size: number
    }
  | { readonly status: 400 | 403 | 404 | 422; readonly reason: string }

/**
 * Judges a request to a witness: C2SP tlog-witness, "add-checkpoint". The checks are the specification's, in its order.
 *
 * On 200 the caller must record the checkpoint as the latest of its origin, provided that the latest is still the one
 * judged against, and make that durable, before it cosigns `text`: else two requests at once could roll the log back.
 *
 * @param log what is known of `request.origin`; undefined if nothing is
 */
export function judgeAddCheckpoint(
  sha256: Sha256,
  request: AddCheckpoint,
  log: WitnessedLog | undefined,
): WitnessVerdict {
  if (log === undefined) return { status: 404, reason: 'unknown log' }
  const text = textSignedBy(request.checkpoint, log.keys)
  if (text === undefined) return { status: 403, reason: 'not signed by a trusted key of the log' }
  const checkpoint = parseCheckpoint(text)
  if (request.oldSize > checkpoint.size) {
    return { status: 400, reason: 'the old size is above that of the checkpoint' }
  }
  const tree = merkleTree(sha256)
  const { size, root } = log.latest ?? { size: 0, root: tree.emptyRoot() }
  if (request.oldSize !== size) return { status: 409, size }
  try {
    tree.verifyConsistency(size, root, checkpoint.size, checkpoint.root, request.proof)
  } catch (error) {
    if (!(error instanceof MerkleError)) throw error
    return { status: 422, reason: 'not consistent with the last checkpoint' }
  }
  return { status: 200, checkpoint, text }
}

/** The text of the checkpoint if a trusted key signed it and no signature that names one is invalid. */
function textSignedBy(note: Uint8Array, keys: readonly NoteVerifier[]): string | undefined {
  try {
    return openNote(note, keys).text
  } catch (error) {
    if (error instanceof TlogError && ['TLOG_UNSIGNED', 'TLOG_SIGNATURE'].includes(error.code)) {
      return undefined
    }
    throw error
  }
}

/**
 * The body of the answer 200: the signature lines of the witness.
 *
 * @param signers of keys with a time, whose clock is not at 0
 * @throws TlogError TLOG_WITNESS for a signer without a time, and what a signer throws
 */
export function cosign(text: string, signers: readonly NoteSigner[]): Uint8Array {
  const signatures = signaturesOf(text, signers)
  for (const { signature } of signatures) checkTime(signature)
  return encodeSignatureLines(signatures)
}

/**
 * The valid signatures in the answer of a witness, one a key, to be added to the checkpoint by `addSignatures`. Those of
 * unknown keys are ignored.
 *
 * @param text the text of the checkpoint that was sent
 * @param witness the keys of the witness
 * @throws TlogError TLOG_NOTE, TLOG_LIMIT; TLOG_SIGNATURE; TLOG_UNSIGNED if there is none; TLOG_WITNESS without a time
 */
export function readCosignatures(
  body: Uint8Array,
  text: string,
  witness: readonly NoteVerifier[],
): readonly NoteSignature[] {
  const { verified } = verifySignatures(utf8Encode(text), parseSignatureLines(body), witness)
  if (verified.length === 0) {
    throw new TlogError('TLOG_UNSIGNED', 'the answer has no signature of the witness')
  }
  for (const { signature } of verified) checkTime(signature)
  return verified
}

/** C2SP tlog-witness: the cosignature of a checkpoint must have a time. */
function checkTime(signature: Uint8Array): void {
  if (!signatureTime(signature)) throw new TlogError('TLOG_WITNESS', 'a cosignature without a time')
}
