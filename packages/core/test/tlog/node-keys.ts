import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import {
  noteSigner,
  noteVerifier,
  SIGNATURE_TYPES,
  verifierKey,
  type NoteSigner,
  type NoteVerifier,
  type SignatureTypeName,
  type VerifierKey,
  type VerifyRaw,
} from '@strongroom/core/tlog'

/** SHA-256 of Node, as the layer takes it. */
export function sha256(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

/** Signature checks of Node, as the layer takes them. */
export const verifyRaw: VerifyRaw = (algorithm, publicKey, message, signature) => {
  const key = createPublicKey({
    key: Buffer.from(publicKey),
    format: 'raw-public',
    asymmetricKeyType: algorithm,
  })
  return verify(null, message, key, signature)
}

/** A key of a log or witness with both its halves. */
export interface TestKey {
  readonly key: VerifierKey
  readonly signer: NoteSigner
  readonly verifier: NoteVerifier
}

/** A key from a seed of 32 bytes, or of 32 times one byte. */
export function testKey(
  name: string,
  type: SignatureTypeName,
  seed: number | Uint8Array,
  now = 1_679_315_147,
): TestKey {
  const { algorithm } = SIGNATURE_TYPES[type]
  const privateKey = createPrivateKey({
    key: typeof seed === 'number' ? Buffer.alloc(32, seed) : Buffer.from(seed),
    format: algorithm === 'ed25519' ? 'raw-private' : 'raw-seed',
    asymmetricKeyType: algorithm,
  })
  const publicKey = createPublicKey(privateKey).export({ format: 'raw-public' })
  const key = verifierKey(sha256, name, type, new Uint8Array(publicKey))
  const signer = noteSigner(key, {
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
    now: () => now,
  })
  return { key, signer, verifier: noteVerifier(key, verifyRaw) }
}
