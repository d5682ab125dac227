/** The CryptoAPI RSA providers, byte for byte: session keys, key blobs, hashes, signatures, key containers. */
export { encodePvk, openPvk, parsePvk } from './blob/pvk.ts'
export type { PvkFile, PvkKey, PvkProtection, PvkWriting } from './blob/pvk.ts'
export { decryptStream, encryptStream } from './cipher-stream.ts'
export type { Chunks, StreamOptions } from './cipher-stream.ts'
export * as wincrypt from './constants.ts'
export { MemoryContainerStore } from './container-store.ts'
export type {
  ContainerChange,
  ContainerScope,
  ContainerStore,
  StoredContainer,
  StoredPair,
} from './container-store.ts'
export { CryptoApiError, STATUS } from './crypto-api-error.ts'
export type { CryptoApiErrorCode } from './crypto-api-error.ts'
export { MAX_CONTAINER_NAME, acquireContext, deleteContainer } from './crypto-context.ts'
export type { ContextOptions, CryptoContext } from './crypto-context.ts'
export { deriveKey } from './derive-key.ts'
export type { NewKeyOptions } from './derive-key.ts'
export { exportKeyBlob } from './export-key.ts'
export type { ExportOptions } from './export-key.ts'
export {
  readPasswordSampleFile,
  readSampleFile,
  writePasswordSampleFile,
  writeSampleFile,
} from './files/sample-file.ts'
export type { SamplePasswordOptions, SampleReadOptions, SampleWriteOptions } from './files/sample-file.ts'
export { samplePasswordBytes } from './files/sample-password.ts'
export type { SampleBuild } from './files/sample-password.ts'
export { joinSampleStream, splitSampleStream } from './files/sample-stream.ts'
export type { SampleStream } from './files/sample-stream.ts'
export { exportSignedKeyBlob, openSignedKeyBlob, signKeyBlob } from './files/signed-key-blob.ts'
export type {
  BlobSignatureOptions,
  SignedExportOptions,
  SignedKeyBlob,
  SignedOpenOptions,
} from './files/signed-key-blob.ts'
export { decryptTextStream, encryptTextStream, findTextLength } from './files/text-stream.ts'
export { MAX_TEXT_BYTES } from './files/whole-text.ts'
export type { DecryptedText, Tail, TextCipher } from './files/whole-text.ts'
export type { HashObject, HmacSettings } from './hash-object.ts'
export { importKeyBlob } from './import-key.ts'
export type { ImportOptions } from './import-key.ts'
export { inspectOldFile } from './inspect/inspect-old-file.ts'
export type { InspectOptions } from './inspect/inspect-old-file.ts'
export type {
  Finding,
  InspectedField,
  InspectedProblem,
  OldFileForm,
  OldFileInspection,
  Severity,
} from './inspect/inspection.ts'
export { PROVIDERS } from './provider-table.ts'
export type { ProviderId, ProviderRow } from './provider-table.ts'
export { RsaPrivateKey } from './rsa/rsa-private-key.ts'
export { RsaPublicKey } from './rsa/rsa-public-key.ts'
export { RsaKey } from './rsa-key.ts'
export type { PairUse } from './rsa-key.ts'
export { SessionKey } from './session-key.ts'
export { signHash, verifyHash } from './signature.ts'
export type { SignatureForm, SignatureOptions } from './signature.ts'
export type { HmacInfo } from './wincrypt/hash-parameters.ts'
export type { Ref } from './wincrypt/size-protocol.ts'
export { WinCrypt } from './wincrypt/win-crypt.ts'
