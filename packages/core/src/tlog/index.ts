/** Transparency logs as C2SP specifies them: signed notes, checkpoints, tiles, proofs, witnesses. Usable in a browser. */
export { encodeCheckpoint, parseCheckpoint } from './checkpoint.ts'
export type { Checkpoint } from './checkpoint.ts'
export { encodeBundle, MAX_ENTRY_BYTES, parseBundle, verifyBundle } from './entry-bundle.ts'
export { Frontier } from './frontier.ts'
export { encodeLogEntry, ENTRY_BYTES, ENTRY_KINDS, logOrigin, parseLogEntry } from './log-entry.ts'
export type { EntryKindName, LogEntry } from './log-entry.ts'
export {
  encodeLogProof,
  MAX_EXTRA_BYTES,
  MAX_LOG_PROOF_BYTES,
  MAX_PROOF_HASHES,
  parseLogProof,
  VerifiedInclusion,
  verifyLogProof,
} from './log-proof.ts'
export type { LogProof } from './log-proof.ts'
export { noteSigner, noteVerifier, signatureTime } from './note-keys.ts'
export type { NoteSigner, NoteVerifier, SigningMeans, VerifyRaw } from './note-keys.ts'
export { addSignatures, openNote, signaturesOf, signNote, verifySignatures } from './opened-note.ts'
export type { OpenedNote } from './opened-note.ts'
export { SIGNATURE_TYPES, signatureTypeById } from './signature-types.ts'
export type { NoteAlgorithm, SignatureType, SignatureTypeName, SignedContent } from './signature-types.ts'
export {
  encodeNote,
  encodeSignatureLines,
  isKeyName,
  keyLabel,
  MAX_NOTE_BYTES,
  MAX_NOTE_SIGNATURES,
  parseNote,
  parseSignatureLines,
} from './signed-note.ts'
export type { NoteSignature, SignedNote } from './signed-note.ts'
export { edgeTiles, touchedBundles, touchedTiles, widthIn } from './tile-cover.ts'
export type { HashTile } from './tile-cover.ts'
export { EMPTY_EDGE, extendTiles } from './tile-edge.ts'
export type { TileEdge, TileGrowth } from './tile-edge.ts'
export { joinTile, splitTile } from './tile-hashes.ts'
export type { TileBytes } from './tile-hashes.ts'
export { parseTilePath, TILE_WIDTH, tilePath } from './tile.ts'
export type { Tile } from './tile.ts'
export { TiledTree } from './tiled-tree.ts'
export type { TileReader, TreeHead } from './tiled-tree.ts'
export { TlogError } from './tlog-error.ts'
export type { TlogErrorCode, TlogErrorOptions } from './tlog-error.ts'
export { VerifiedCheckpoint, verifyCheckpoint } from './verified-checkpoint.ts'
export type { Cosignature, LogPolicy, WitnessPolicy } from './verified-checkpoint.ts'
export { encodeVerifierKey, parseVerifierKey, verifierKey } from './verifier-key.ts'
export type { VerifierKey } from './verifier-key.ts'
export { cosign, judgeAddCheckpoint, readCosignatures } from './witness.ts'
export type { WitnessedLog, WitnessVerdict } from './witness.ts'
export {
  encodeAddCheckpoint,
  encodeSizeAnswer,
  MAX_ADD_CHECKPOINT_BYTES,
  originHash,
  parseAddCheckpoint,
  parseSizeAnswer,
  SIZE_CONTENT_TYPE,
} from './witness-request.ts'
export type { AddCheckpoint } from './witness-request.ts'
