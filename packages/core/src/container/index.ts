/** Key containers: exchange and signature key pairs, at rest and in use. docs/spec/container.md */
export { exportAgeIdentity } from './age-identity.ts'
export { checkTarget, syncFolder, takeFreeName, temporaryFor, writeFileAtomically } from './atomic-write.ts'
export type { AtomicWriteOptions } from './atomic-write.ts'
export { ContainerError } from './container-error.ts'
export type { ContainerErrorCode } from './container-error.ts'
export { MAX_CONTAINER_BYTES, encodeContainer, parseContainer } from './container-file.ts'
export type { LockedContainer, Protection } from './container-file.ts'
export { fingerprintOf, formatTime, isContainerName, isTime } from './container-info.ts'
export type { ContainerInfo, KeyInfo, KeyState } from './container-info.ts'
export { importAgeIdentities, importPkcs8 } from './import-keys.ts'
export type { AskPassphrase } from './import-keys.ts'
export { createContainer } from './key-container.ts'
export type { AddKey, KeyContainer, NewContainer } from './key-container.ts'
export { exchangePair, generateKeyPair, rsaPair, signaturePair, wipePair } from './key-pair.ts'
export type {
  ExchangeAlgorithm,
  ExchangePair,
  KeyAlgorithm,
  KeyPair,
  KeyUse,
  RsaPair,
  SignaturePair,
} from './key-pair.ts'
export { KnownRecipients } from './known-recipients.ts'
export type { KnownRecipient } from './known-recipients.ts'
export { KnownSigners } from './known-signers.ts'
export type { KnownSigner } from './known-signers.ts'
export { parsePublicCard, publicCard } from './public-card.ts'
export type { PublicCard } from './public-card.ts'
export type { ProtectionKind } from './public-part.ts'
export { OTHERS_READ_OR_WRITE, OTHERS_WRITE, checkMode, readRegularFile } from './regular-file.ts'
export type { RegularFile } from './regular-file.ts'
export { encodeForKeyring, forgetKeyringSecret, unlockWithKeyring } from './secret-store.ts'
export type { SecretStore } from './secret-store.ts'
export {
  SIGNATURE_SUITES,
  SignerKey,
  SigningKey,
  suiteById,
  suiteByName,
  suiteOfProfile,
} from './signature.ts'
export type { Profile, SignatureSuite, SuiteName } from './signature.ts'
export { ContainerStore } from './store.ts'
