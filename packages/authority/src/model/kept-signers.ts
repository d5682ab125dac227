import { SignerKey } from '@strongroom/core/container'
import type { Verify, VerifyLater } from '@strongroom/core/protocol'

/** Keys that are kept ready: to make one of ML-DSA-65 takes longer than to verify with it. Some 10 KiB each. */
const MOST_KEYS = 1_024

/** Verification of signatures that keeps the keys of the signers that it saw last. */
export interface KeptSigners {
  readonly verify: Verify
  /** By the platform's threads. */
  readonly verifyLater: VerifyLater
}

/** @throws what `SignerKey.parse` throws: both do, for a text that is no signer */
export function keptSigners(): KeptSigners {
  const keys = new Map<string, SignerKey>()
  const keyOf = (signer: string) => {
    const key = keys.get(signer) ?? SignerKey.parse(signer)
    keys.delete(signer)
    keys.set(signer, key)
    const [oldest] = keys.keys()
    if (keys.size > MOST_KEYS && oldest !== undefined) keys.delete(oldest)
    return key
  }
  return {
    verify: (signer, message, signature) => keyOf(signer).verify(message, signature),
    verifyLater: async (signer, message, signature) => keyOf(signer).verifyInPool(message, signature),
  }
}
