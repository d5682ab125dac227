import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { toHex } from '../bytes/index.ts'
import { SignerKey } from '../container/index.ts'
import type { Sha256 } from '../merkle/index.ts'
import type { VerifyMeans } from '../protocol/index.ts'
import type { NoteAlgorithm, VerifyRaw } from '../tlog/index.ts'

/** Keys that are kept ready: an authority has three, a witness one. Making an ML-DSA key takes longer than to verify with it. */
const KEPT_KEYS = 64

/** SHA-256 of Node over the concatenation of the parts: 32 bytes. */
export const sha256: Sha256 = (...parts) => {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return new Uint8Array(digest.digest())
}

const signers = new Map<string, SignerKey>()

/**
 * Verification of statements with Node's cryptography, as `core/protocol` takes it. `verify` throws what `SignerKey.parse` throws
 * for a text that is no signer; a signature that is malformed is not valid.
 */
export const nodeMeans: VerifyMeans = {
  sha256,
  verify: (signer, message, signature) =>
    kept(signers, signer, () => SignerKey.parse(signer)).verify(message, signature),
}

const logKeys = new Map<string, KeyObject | null>()

const answers = new Map<string, boolean>()

/**
 * Checks of signatures of logs and witnesses. A public key that is none makes every signature invalid.
 *
 * The receipts of one request have one checkpoint: what was asked before is not computed again.
 */
export const verifyRaw: VerifyRaw = (algorithm, publicKey, message, signature) => {
  const name = `${algorithm} ${toHex(publicKey)}`
  const question = `${name} ${toHex(sha256(message))} ${toHex(sha256(signature))}`
  return kept(answers, question, () => {
    const key = kept(logKeys, name, () => publicKeyOf(algorithm, publicKey))
    return key !== null && verify(null, message, key, signature)
  })
}

function publicKeyOf(asymmetricKeyType: NoteAlgorithm, bytes: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(bytes), format: 'raw-public', asymmetricKeyType })
  } catch {
    return null
  }
}

/** The value of that name, made once as long as it is kept; the one that was not asked for the longest goes. */
function kept<T>(values: Map<string, T>, name: string, make: () => T): T {
  const known = values.get(name)
  const value = known === undefined ? make() : known
  values.delete(name)
  values.set(name, value)
  const [oldest] = values.keys()
  if (values.size > KEPT_KEYS && oldest !== undefined) values.delete(oldest)
  return value
}
