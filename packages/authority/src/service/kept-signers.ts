import { SignerKey } from '@strongroom/core/container'
import type { Verify } from '@strongroom/core/protocol'

/** Keys that are kept ready: to make one of ML-DSA-65 takes longer than to verify with it. Some 10 KiB each. */
const MOST_KEYS = 1_024

/** Verification of signatures that keeps the keys of the signers that it saw last. */
export function keptSigners(): Verify {
  const keys = new Map<string, SignerKey>()
  return (signer, message, signature) => {
    const key = keys.get(signer) ?? SignerKey.parse(signer)
    keys.delete(signer)
    keys.set(signer, key)
    const [oldest] = keys.keys()
    if (keys.size > MOST_KEYS && oldest !== undefined) keys.delete(oldest)
    return key.verify(message, signature)
  }
}
