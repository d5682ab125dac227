import { copyOf } from '../../bytes/index.ts'
import { CALG_SHA_256, SIMPLEBLOB } from '../constants.ts'
import type { CryptoContext } from '../crypto-context.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { exportKeyBlob } from '../export-key.ts'
import type { HashObject } from '../hash-object.ts'
import type { PairUse, RsaKey } from '../rsa-key.ts'
import { SessionKey } from '../session-key.ts'
import { type SignatureOptions, verifyHash } from '../signature.ts'
import { expectSimpleBlob } from './sample-file-layout.ts'

/** A session key as the "storing a session key" procedure keeps it: two byte strings, side by side. */
export interface SignedKeyBlob {
  /** The key as a SIMPLEBLOB. */
  readonly blob: Uint8Array
  /** The signature over all bytes of the blob: as many as the modulus, little-endian. */
  readonly signature: Uint8Array
}

/** How a blob is signed. */
export interface BlobSignatureOptions extends SignatureOptions {
  /** ALG_ID of the hash; CALG_SHA_256 unless said otherwise, which only the AES provider has. */
  readonly hash?: number
}

/** How a session key is wrapped and signed. */
export interface SignedExportOptions extends BlobSignatureOptions {
  /** The exchange key that can open it; the context's own unless said otherwise. */
  readonly wrapWith?: RsaKey
  /** Pads with OAEP instead of PKCS #1 v1.5. */
  readonly oaep?: boolean
  /** The pair of the context that signs; `signature` unless said otherwise. */
  readonly signWith?: PairUse
}

/** How a signed blob is opened. */
export interface SignedOpenOptions extends BlobSignatureOptions {
  /** Whose signature it must be. */
  readonly signer: RsaKey
  /** Refuses a signature that does not name its hash unless that form is asked for. */
  readonly strict?: boolean
  /** The exchange pair that the blob was made for; the context's own unless said otherwise. */
  readonly unwrapWith?: RsaKey
  readonly oaep?: boolean
  readonly exportable?: boolean
  readonly noSalt?: boolean
}

/**
 * Wraps a session key for an exchange key and signs the blob.
 *
 * The signature says who made this blob. It does not say for whom or for what: a blob of the same signer can be put in
 * the place of another.
 *
 * Source: Microsoft, "Storing a Session Key"; `docs/cryptoapi.md`, files.
 *
 * @throws CryptoApiError NTE_BAD_KEY_STATE: the key is not exportable; NTE_NO_KEY: a pair is missing; as `signHash`
 */
export function exportSignedKeyBlob(
  context: CryptoContext,
  key: SessionKey,
  options: SignedExportOptions = {},
): SignedKeyBlob {
  const { wrapWith = context.userPair('exchange'), oaep = false, signWith = 'signature' } = options
  const blob = exportKeyBlob(key, SIMPLEBLOB, { wrapWith, oaep })
  return { blob, signature: signKeyBlob(context, blob, signWith, options) }
}

/** Signs the bytes of a blob with a pair of the context. @throws CryptoApiError NTE_NO_KEY; as `signHash` */
export function signKeyBlob(
  context: CryptoContext,
  blob: Uint8Array,
  signWith: PairUse,
  options: BlobSignatureOptions = {},
): Uint8Array {
  return context.sign(hashOf(context, blob, options), signWith, options)
}

/**
 * Verifies, and only then unwraps: whoever can have blobs of his own unwrapped learns of their padding, and with that
 * decrypts blobs of others (Bleichenbacher 1998). Without the right signature the private key is not touched.
 *
 * @throws CryptoApiError NTE_BAD_SIGNATURE: not that blob, or not that signer; NTE_BAD_TYPE: it signs no SIMPLEBLOB;
 *   as `importKeyBlob`
 */
export function openSignedKeyBlob(
  context: CryptoContext,
  { blob, signature }: SignedKeyBlob,
  options: SignedOpenOptions,
): SessionKey {
  // What is imported must be what was verified, even if somebody else can write to the caller's memory.
  const own = copyOf(blob)
  if (!verifyHash(options.signer, hashOf(context, own, options), signature, options)) {
    throw new CryptoApiError('NTE_BAD_SIGNATURE', 'the signature over the key blob is not of that signer')
  }
  expectSimpleBlob(own)
  const key = context.importKey(own, options)
  if (key instanceof SessionKey) return key
  throw new CryptoApiError('NTE_BAD_TYPE', 'the blob holds no session key')
}

function hashOf(context: CryptoContext, blob: Uint8Array, options: BlobSignatureOptions): HashObject {
  const hash = context.createHash(options.hash ?? CALG_SHA_256)
  hash.update(blob)
  return hash
}
