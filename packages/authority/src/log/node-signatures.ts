import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import type { NoteAlgorithm, VerifyRaw } from '@strongroom/core/tlog'

/** The form in which node:crypto takes a private key of 32 bytes. */
const SEED_FORMATS = { ed25519: 'raw-private', 'ml-dsa-44': 'raw-seed' } as const satisfies Record<
  NoteAlgorithm,
  string
>

/** A key that signs for a log. */
export interface RawSigner {
  readonly publicKey: Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
}

/** The key of a seed of 32 bytes, which is copied. */
export function rawSigner(algorithm: NoteAlgorithm, seed: Uint8Array): RawSigner {
  const format = SEED_FORMATS[algorithm]
  const key = createPrivateKey({ key: Buffer.from(seed), format, asymmetricKeyType: algorithm })
  return {
    publicKey: new Uint8Array(createPublicKey(key).export({ format: 'raw-public' })),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  }
}

/** Checks of signatures of logs and witnesses. A public key that is none makes every signature invalid. */
export const verifyRaw: VerifyRaw = (algorithm, publicKey, message, signature) => {
  const key = publicKeyOf(algorithm, publicKey)
  return key !== undefined && verify(null, message, key, signature)
}

function publicKeyOf(asymmetricKeyType: NoteAlgorithm, bytes: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(bytes), format: 'raw-public', asymmetricKeyType })
  } catch {
    return undefined
  }
}
