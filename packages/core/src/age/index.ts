/** age v1: headers, recipients, payloads and armor, as in C2SP age.md. */
export { AgeError } from './age-error.ts'
export type { AgeErrorCode, AgeErrorOptions } from './age-error.ts'
export { decryptFile, decryptHeader, encodeDetachedHeader, encryptFile } from './age-file.ts'
export { armor, dearmor, isArmored } from './armor.ts'
export { FILE_KEY_BYTES, newFileKey, WRAPPED_FILE_KEY_BYTES } from './file-key.ts'
export { parseHeader } from './header-parser.ts'
export { readHeader } from './header-reader.ts'
export { encodedHeaderLength, encodeHeader, MAX_HEADER_BYTES, verifyHeaderMac } from './header.ts'
export type { Header } from './header.ts'
export { hpkeSuite, openBase, sealBase } from './hpke.ts'
export type { HpkeSuite, KemPrivateKey, KemPublicKey } from './hpke.ts'
export { parseIdentity, parseIdentityFile, parseRecipient, parseRecipientFile } from './key-files.ts'
export { MlKem768X25519Identity, MlKem768X25519Recipient } from './mlkem768x25519.ts'
export { derivePayloadKey, PAYLOAD_KEY_BYTES, PayloadKey } from './payload-key.ts'
export type { SealedChunk } from './payload-key.ts'
export {
  CHUNK_BYTES,
  chunkCount,
  NONCE_BYTES,
  plaintextLength,
  SEALED_CHUNK_BYTES,
  sealedPayloadLength,
} from './payload-length.ts'
export { decryptRange } from './payload-range.ts'
export type { ReadSealed } from './payload-range.ts'
export { decryptPayload, encryptPayload } from './payload-stream.ts'
export type { ByteSource } from './payload-stream.ts'
export { AEAD_NONCE_BYTES, hkdfSha256, openAead, sealAead, TAG_BYTES } from './primitives.ts'
export { assertRecipientsCompatible, unwrapFileKey, wrapFileKey } from './recipient.ts'
export type { Identity, KeyIdentity, Recipient, RecipientKind } from './recipient.ts'
export {
  DEFAULT_SCRYPT_LOG_N,
  DEFAULT_SCRYPT_MAX_LOG_N,
  deriveWrapKey,
  ScryptIdentity,
  ScryptRecipient,
} from './scrypt.ts'
export { encodedStanzaLength, encodeStanza } from './stanza.ts'
export type { Stanza } from './stanza.ts'
export { X25519Identity, X25519Recipient } from './x25519.ts'
export { XWING_KEM_ID, XWingPrivateKey, XWingPublicKey } from './xwing.ts'
