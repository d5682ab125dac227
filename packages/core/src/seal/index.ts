/** Sealing files, opening and verifying them, and giving them to others. */
export { openChunks, writeChunks } from './chunks.ts'
export type { ChunkInput, Conversion } from './chunks.ts'
export { removeIfUnchanged } from './file-state.ts'
export type { FileState } from './file-state.ts'
export { journalPath } from './header-journal.ts'
export type { Input } from './input.ts'
export { inspectFile } from './inspect-file.ts'
export type { Inspection, InspectOptions, SealClaims } from './inspect-file.ts'
export { exportKeyBlob } from './key-blob-file.ts'
export { Ledger } from './ledger.ts'
export { openFile, openToSink } from './open-file.ts'
export type { OpenedFile, OpenJob, OpenOptions, Sink } from './open-file.ts'
export type { ByteRange } from './open-range.ts'
export type { Output } from './output.ts'
export { planOpen, planSeal } from './plan.ts'
export type { PlannedFile, Plan, SkippedEntry } from './plan.ts'
export type { FinishedSeal, Releasing } from './releasing.ts'
export { resealFile } from './reseal-file.ts'
export type { ResealOptions } from './reseal-file.ts'
export { rewrapFile } from './rewrap-file.ts'
export type { RewrapOptions, Rewrapped } from './rewrap-file.ts'
export { SealError } from './seal-error.ts'
export type { SealErrorCode } from './seal-error.ts'
export { sealFiles } from './seal-files.ts'
export type {
  FailedJob,
  Progress,
  SealedFile,
  SealJob,
  SealOptions,
  SealResult,
  Watching,
} from './seal-files.ts'
export { sealWithPassword } from './seal-with-password.ts'
export type { PasswordFile, PasswordOptions } from './seal-with-password.ts'
export type { Naming, Sealer } from './stage.ts'
export { removeUnfinished } from './temporary-names.ts'
export type { Proof, Reader } from './unlock.ts'
export { verifyFile } from './verify-file.ts'
export type { VerifyOptions } from './verify-file.ts'
