import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import {
  MlKem768X25519Identity,
  MlKem768X25519Recipient,
  X25519Identity,
  X25519Recipient,
} from '../age/index.ts'
import type { Recipient } from '../age/index.ts'
import { equalBytes, fromBase64, toBase64, utf8Encode, wipe } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'
import { SignerKey, SigningKey } from './signature.ts'
import type { Profile, SuiteName } from './signature.ts'

/** What a pair is for: opening what is sealed to its owner, or signing in its owner's name. */
export type KeyUse = 'exchange' | 'signature'

/** The algorithms of age's identities. */
export type ExchangeAlgorithm = 'mlkem768x25519' | 'x25519'

/** Every algorithm that a container can hold. */
export type KeyAlgorithm = ExchangeAlgorithm | SuiteName | 'rsa'

/** What every pair has in common; the texts are those of docs/spec/container.md, "Keys". */
interface PairTexts {
  readonly publicText: string
  secretText(): string
}

/** An age identity: what it opens was sealed to its recipient. */
export interface ExchangePair extends PairTexts {
  readonly kind: 'exchange'
  readonly algorithm: ExchangeAlgorithm
  readonly identity: X25519Identity | MlKem768X25519Identity
}

/** A pair that signs. */
export interface SignaturePair extends PairTexts {
  readonly kind: 'signature'
  readonly algorithm: SuiteName
  readonly signingKey: SigningKey
}

/** An RSA pair, kept for CryptoAPI: nothing is sealed to it or signed with it here. */
export interface RsaPair extends PairTexts {
  readonly kind: 'rsa'
  readonly algorithm: 'rsa'
  /** The DER of the PKCS#8 private key; `wipe` it when the pair is done with. */
  readonly pkcs8: Uint8Array
}

export type KeyPair = ExchangePair | SignaturePair | RsaPair

/** One row of `KEY_KINDS`. */
interface KeyKind {
  readonly uses: readonly KeyUse[]
  /** The profile whose active key of that use this is; RSA belongs to none. */
  readonly profile: Profile | undefined
  /** Makes the pair from its secret text. @throws AgeError | BytesError | ContainerError */
  fromSecretText(text: string): KeyPair
  /** Checks a public text and returns its key id. @throws AgeError | BytesError | ContainerError */
  keyIdOf(publicText: string): Uint8Array
}

/**
 * Bits of an RSA modulus: all that CryptoAPI's providers have. A short one protects nothing, but nothing of ours is
 * trusted to it, and old files open with no other.
 */
const RSA_BITS = { min: 384, max: 16_384 }

/** The kinds of pairs, in the order in which a container prefers them. */
export const KEY_KINDS: Readonly<Record<KeyAlgorithm, KeyKind>> = {
  mlkem768x25519: {
    uses: ['exchange'],
    profile: 'pq',
    fromSecretText: (text) => exchangePair(MlKem768X25519Identity.parse(text)),
    keyIdOf: (text) => exchangeKeyId(MlKem768X25519Recipient.parse(text)),
  },
  x25519: {
    uses: ['exchange'],
    profile: 'classic',
    fromSecretText: (text) => exchangePair(X25519Identity.parse(text)),
    keyIdOf: (text) => exchangeKeyId(X25519Recipient.parse(text)),
  },
  'ed25519+mldsa65': signatureKind('ed25519+mldsa65', 'pq'),
  ed25519: signatureKind('ed25519', 'classic'),
  rsa: {
    uses: ['exchange', 'signature'],
    profile: undefined,
    fromSecretText: (text) => withSecret(fromBase64(text), rsaPair),
    keyIdOf: rsaKeyId,
  },
}

/** The pair of an age identity. */
export function exchangePair(identity: X25519Identity | MlKem768X25519Identity): ExchangePair {
  return {
    kind: 'exchange',
    algorithm: identity.kind === 'X25519' ? 'x25519' : 'mlkem768x25519',
    identity,
    publicText: identity.recipient().toString(),
    secretText: () => identity.toString(),
  }
}

/** The pair of a signing key. */
export function signaturePair(signingKey: SigningKey): SignaturePair {
  return {
    kind: 'signature',
    algorithm: signingKey.signer.suite,
    signingKey,
    publicText: toBase64(signingKey.signer.publicBytes),
    secretText: () => withSecret(signingKey.secretBytes(), toBase64),
  }
}

/**
 * The pair of an RSA private key.
 *
 * @param pkcs8 DER of the unencrypted PKCS#8 key, copied
 * @throws ContainerError CONTAINER_KEY if it is not RSA of 384 to 16384 bits in canonical DER
 */
export function rsaPair(pkcs8: Uint8Array): RsaPair {
  const key = importDer(() => createPrivateKey({ key: asBuffer(pkcs8), format: 'der', type: 'pkcs8' }))
  checkRsa(key)
  const again = key.export({ format: 'der', type: 'pkcs8' })
  const canonical = equalBytes(again, pkcs8)
  wipe(again)
  if (!canonical) throw new ContainerError('CONTAINER_KEY', 'RSA key: not in canonical DER')
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const kept = Uint8Array.from(pkcs8)
  return {
    kind: 'rsa',
    algorithm: 'rsa',
    pkcs8: kept,
    publicText: toBase64(spki),
    secretText: () => toBase64(kept),
  }
}

/** A new pair from the platform's random generator, of any algorithm that is used for sealing. */
export function generateKeyPair(algorithm: ExchangeAlgorithm | SuiteName): ExchangePair | SignaturePair {
  if (algorithm === 'x25519') return exchangePair(X25519Identity.generate())
  if (algorithm === 'mlkem768x25519') return exchangePair(MlKem768X25519Identity.generate())
  return signaturePair(SigningKey.generate(algorithm))
}

/** Clears what of a pair can be cleared; it must not be used again. */
export function wipePair(pair: KeyPair): void {
  if (pair.kind === 'signature') pair.signingKey.wipe()
  if (pair.kind === 'rsa') wipe(pair.pkcs8)
}

function signatureKind(suite: SuiteName, profile: Profile): KeyKind {
  return {
    uses: ['signature'],
    profile,
    fromSecretText: (text) =>
      withSecret(fromBase64(text), (secret) => signaturePair(SigningKey.fromSecretBytes(suite, secret))),
    keyIdOf: (text) => SignerKey.fromBytes(suite, fromBase64(text)).keyId,
  }
}

function exchangeKeyId(recipient: Recipient): Uint8Array {
  return labelledHash('strongroom exchange v1\n', utf8Encode(recipient.toString()))
}

function rsaKeyId(text: string): Uint8Array {
  const spki = fromBase64(text)
  const key = importDer(() => createPublicKey({ key: asBuffer(spki), format: 'der', type: 'spki' }))
  checkRsa(key)
  if (!equalBytes(key.export({ format: 'der', type: 'spki' }), spki)) {
    throw new ContainerError('CONTAINER_KEY', 'RSA public key: not in canonical DER')
  }
  return labelledHash('strongroom rsa v1\n', spki)
}

function labelledHash(label: string, bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(label).update(bytes).digest())
}

function importDer(read: () => KeyObject): KeyObject {
  try {
    return read()
  } catch (cause) {
    throw new ContainerError('CONTAINER_KEY', 'RSA key: not readable', { cause })
  }
}

function checkRsa(key: KeyObject): void {
  const bits = key.asymmetricKeyType === 'rsa' ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 0
  if (bits < RSA_BITS.min || bits > RSA_BITS.max) {
    const message = `expected an RSA key of ${RSA_BITS.min} to ${RSA_BITS.max} bits, got ${bits}`
    throw new ContainerError('CONTAINER_KEY', message)
  }
}

/** Uses a secret once and wipes it. */
function withSecret<T>(secret: Uint8Array, use: (secret: Uint8Array) => T): T {
  try {
    return use(secret)
  } finally {
    wipe(secret)
  }
}

/** A view, not a copy: the platform's DER reader takes no other type. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
