import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { AgeError } from './age-error.ts'

/** Bytes of an X25519 private key, public key and shared secret. */
export const X25519_BYTES = 32

/** A public key from its 32 bytes (RFC 7748 §5). Importing raw bytes is the cheapest of the ways in. */
export function importX25519Public(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: bytes, format: 'raw-public', asymmetricKeyType: 'x25519' })
}

/** A private key from its 32 bytes. */
export function importX25519Private(bytes: Uint8Array): KeyObject {
  return createPrivateKey({ key: bytes, format: 'raw-private', asymmetricKeyType: 'x25519' })
}

/** The 32 bytes of the public half of a key. */
export function exportX25519Public(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return new Uint8Array(publicKey.export({ format: 'raw-public' }))
}

/** A new key pair, used once. */
export function ephemeralX25519(): { readonly privateKey: KeyObject; readonly share: Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  return { privateKey, share: exportX25519Public(publicKey) }
}

/**
 * The 32-byte shared secret.
 *
 * @throws AgeError KEY if it is all zero: the public key is a low-order point, and the secret no secret
 */
export function agreeX25519(privateKey: KeyObject, publicKey: KeyObject): Uint8Array {
  try {
    return new Uint8Array(diffieHellman({ privateKey, publicKey }))
  } catch (cause) {
    throw new AgeError('KEY', 'the X25519 public key is a low-order point', { cause })
  }
}
