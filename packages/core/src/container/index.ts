/** Key containers: exchange and signature key pairs, at rest and in use. */
export { syncFolder, writeFileAtomically } from './atomic-write.ts'
export type { AtomicWriteOptions } from './atomic-write.ts'
export { ContainerError } from './container-error.ts'
export type { ContainerErrorCode } from './container-error.ts'
export { KnownSigners } from './known-signers.ts'
export type { KnownSigner } from './known-signers.ts'
export { OTHERS_READ_OR_WRITE, OTHERS_WRITE, checkMode, readRegularFile } from './regular-file.ts'
export type { RegularFile } from './regular-file.ts'
export {
  SIGNATURE_SUITES,
  SignerKey,
  SigningKey,
  suiteById,
  suiteByName,
  suiteOfProfile,
} from './signature.ts'
export type { Profile, SignatureSuite, SuiteName } from './signature.ts'
