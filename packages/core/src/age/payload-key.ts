import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { wipe } from '../bytes/index.ts'
import { AgeError } from './age-error.ts'
import { checkFileKey } from './file-key.ts'
import { copyKeyBytes } from './key-text.ts'
import { CHUNK_BYTES, NONCE_BYTES } from './payload-length.ts'
import { AEAD_NONCE_BYTES, hkdfSha256, TAG_BYTES } from './primitives.ts'

/** Bytes of a payload key. */
export const PAYLOAD_KEY_BYTES = 32

/** A chunk as the cipher returned it: in the payload, the tag follows the ciphertext. */
export interface SealedChunk {
  /** As long as the plaintext, alone in its `ArrayBuffer`: once written, it may be detached to free it early. */
  readonly ciphertext: Uint8Array
  /** 16 bytes. */
  readonly tag: Uint8Array
}

const AEAD = 'chacha20-poly1305'
const AEAD_OPTIONS = { authTagLength: TAG_BYTES } as const

/**
 * The raw 32-byte payload key of a file, for `PayloadKey.fromRaw` in another thread. The caller wipes it.
 *
 * C2SP age.md, "Payload". @param nonce the 16 bytes at the start of the payload. @throws AgeError KEY
 */
export function derivePayloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  checkFileKey(fileKey)
  if (nonce.length !== NONCE_BYTES) {
    throw new AgeError('KEY', `expected a payload nonce of ${NONCE_BYTES} bytes, got ${nonce.length}`)
  }
  return hkdfSha256(fileKey, nonce, 'payload')
}

/**
 * Encrypts and decrypts single chunks of one payload, in any order: the STREAM construction of C2SP age.md,
 * "Payload".
 *
 * The AEAD nonce is the chunk's index and whether it is the last, so no nonce repeats as long as no chunk is
 * encrypted twice under one key with different contents; the caller sees to that by a new file key for each file.
 */
export class PayloadKey {
  readonly #key: KeyObject
  readonly #nonce = new Uint8Array(AEAD_NONCE_BYTES)
  readonly #nonceView = new DataView(this.#nonce.buffer)

  private constructor(raw: Uint8Array) {
    this.#key = createSecretKey(raw)
  }

  /** @param nonce the 16 bytes at the start of the payload. @throws AgeError KEY for wrong lengths */
  static derive(fileKey: Uint8Array, nonce: Uint8Array): PayloadKey {
    const raw = derivePayloadKey(fileKey, nonce)
    const key = new PayloadKey(raw)
    wipe(raw)
    return key
  }

  /** @param raw what `derivePayloadKey` returned; not kept. @throws AgeError KEY for another length */
  static fromRaw(raw: Uint8Array): PayloadKey {
    const own = copyKeyBytes(raw, PAYLOAD_KEY_BYTES)
    const key = new PayloadKey(own)
    wipe(own)
    return key
  }

  /**
   * Encrypts chunk `index`, counted from 0.
   *
   * @param plaintext 65,536 bytes; fewer only if it is the last, none only if it is also the first
   * @throws AgeError PAYLOAD_LENGTH for another length or an index beyond the counter
   */
  encryptChunk(index: number, last: boolean, plaintext: Uint8Array): SealedChunk {
    if (!isChunkLength(index, last, plaintext.length)) {
      throw new AgeError('PAYLOAD_LENGTH', `chunk ${index} cannot have ${plaintext.length} bytes`)
    }
    const cipher = createCipheriv(AEAD, this.#key, this.#nonceOf(index, last), AEAD_OPTIONS)
    const ciphertext = viewOf(cipher.update(plaintext))
    cipher.final()
    return { ciphertext, tag: viewOf(cipher.getAuthTag()) }
  }

  /**
   * Decrypts chunk `index`, counted from 0. Nothing is returned that is not authentic.
   *
   * @param sealed ciphertext and tag
   * @throws AgeError PAYLOAD whatever is wrong, PAYLOAD_LENGTH for an index beyond the counter
   */
  decryptChunk(index: number, last: boolean, sealed: Uint8Array): Uint8Array {
    const length = sealed.length - TAG_BYTES
    const nonce = this.#nonceOf(index, last)
    if (!isChunkLength(index, last, length)) throw payloadError()
    const decipher = createDecipheriv(AEAD, this.#key, nonce, AEAD_OPTIONS)
    decipher.setAuthTag(sealed.subarray(length))
    const plaintext = viewOf(decipher.update(sealed.subarray(0, length)))
    try {
      decipher.final()
      return plaintext
    } catch {
      wipe(plaintext)
      throw payloadError()
    }
  }

  /** 11 bytes of counter, most significant first, then 1 for the last chunk or 0. */
  #nonceOf(index: number, last: boolean): Uint8Array {
    // The format counts to 2^88; a number is exact to 2^53, which is 512 EiB of payload and more.
    if (!Number.isSafeInteger(index) || index < 0) {
      throw new AgeError('PAYLOAD_LENGTH', `no chunk has the index ${index}`)
    }
    this.#nonceView.setUint32(3, Math.floor(index / 2 ** 32))
    this.#nonceView.setUint32(7, index % 2 ** 32)
    this.#nonceView.setUint8(11, last ? 1 : 0)
    return this.#nonce
  }
}

/** Full unless last; empty only if the whole payload is: otherwise one plaintext would have two ciphertexts. */
function isChunkLength(index: number, last: boolean, length: number): boolean {
  if (!last) return length === CHUNK_BYTES
  const shortest = index === 0 ? 0 : 1
  return length >= shortest && length <= CHUNK_BYTES
}

/** The one error for a payload that is not what was encrypted. */
export function payloadError(): AgeError {
  return new AgeError('PAYLOAD', 'the payload was changed or is not complete')
}

function viewOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
