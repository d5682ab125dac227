import { createHmac } from 'node:crypto'
import { concat, utf8Encode, wipe } from '../bytes/index.ts'
import { AEAD_NONCE_BYTES, openAead, sealAead } from './primitives.ts'

/** The public half of a key encapsulation mechanism. */
export interface KemPublicKey {
  /** A fresh shared secret, and its encapsulation that only the private key can open. */
  encapsulate(): { readonly sharedSecret: Uint8Array; readonly enc: Uint8Array }
}

/** The private half of a key encapsulation mechanism. */
export interface KemPrivateKey {
  /** The shared secret in `enc`; a tampered `enc` may give another secret instead of an error. */
  decapsulate(enc: Uint8Array): Uint8Array
}

/** HPKE with HKDF-SHA256 and ChaCha20Poly1305, for one KEM and one `info`. */
export interface HpkeSuite {
  readonly suiteId: Uint8Array
  /** `key_schedule_context`: depends on nothing but the KEM and `info`, so it is computed once. */
  readonly context: Uint8Array
}

const VERSION = utf8Encode('HPKE-v1')
const HKDF_SHA256 = Uint8Array.of(0x00, 0x01)
const CHACHA20POLY1305 = Uint8Array.of(0x00, 0x03)
const MODE_BASE = Uint8Array.of(0x00)
const EMPTY = new Uint8Array(0)
const KEY_BYTES = 32

/**
 * Prepares the base mode of RFC 9180 for one KEM and one `info`.
 *
 * @param kemId the KEM's number in the IANA registry "HPKE KEM Identifiers"
 */
export function hpkeSuite(kemId: number, info: Uint8Array): HpkeSuite {
  const kem = Uint8Array.of(kemId >> 8, kemId & 0xff)
  const suiteId = concat(utf8Encode('HPKE'), kem, HKDF_SHA256, CHACHA20POLY1305)
  const pskIdHash = labeledExtract(suiteId, EMPTY, 'psk_id_hash', EMPTY)
  const infoHash = labeledExtract(suiteId, EMPTY, 'info_hash', info)
  return { suiteId, context: concat(MODE_BASE, pskIdHash, infoHash) }
}

/** SealBase of RFC 9180 §6.1: the encapsulated key and the ciphertext of a single message. */
export function sealBase(
  suite: HpkeSuite,
  recipient: KemPublicKey,
  aad: Uint8Array,
  plaintext: Uint8Array,
): { readonly enc: Uint8Array; readonly ciphertext: Uint8Array } {
  const { sharedSecret, enc } = recipient.encapsulate()
  const { key, nonce } = keySchedule(suite, sharedSecret)
  const ciphertext = sealAead(key, nonce, aad, plaintext)
  wipe(sharedSecret, key, nonce)
  return { enc, ciphertext }
}

/** OpenBase of RFC 9180 §6.1; undefined if the message is not for this key or was changed. */
export function openBase(
  suite: HpkeSuite,
  identity: KemPrivateKey,
  enc: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const sharedSecret = identity.decapsulate(enc)
  const { key, nonce } = keySchedule(suite, sharedSecret)
  const plaintext = openAead(key, nonce, aad, ciphertext)
  wipe(sharedSecret, key, nonce)
  return plaintext
}

/** KeySchedule of RFC 9180 §5.1 in base mode; the nonce is that of sequence number 0. */
function keySchedule(suite: HpkeSuite, sharedSecret: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const secret = labeledExtract(suite.suiteId, sharedSecret, 'secret', EMPTY)
  const key = labeledExpand(suite, secret, 'key', KEY_BYTES)
  const nonce = labeledExpand(suite, secret, 'base_nonce', AEAD_NONCE_BYTES)
  wipe(secret)
  return { key, nonce }
}

/** LabeledExtract of RFC 9180 §4. */
function labeledExtract(suiteId: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return hmac(salt, VERSION, suiteId, utf8Encode(label), ikm)
}

/** LabeledExpand of RFC 9180 §4 with the key schedule context, for at most one block of 32 bytes. */
function labeledExpand(suite: HpkeSuite, prk: Uint8Array, label: string, length: number): Uint8Array {
  const labeledInfo = [Uint8Array.of(0, length), VERSION, suite.suiteId, utf8Encode(label), suite.context]
  const block = hmac(prk, ...labeledInfo, Uint8Array.of(1))
  return block.subarray(0, length)
}

function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return new Uint8Array(mac.digest())
}
