import { equalBytes } from '@strongroom/core/bytes'
import type { Verify, VerifyLater } from '@strongroom/core/protocol'

/** A signature to verify. */
export interface SignedMessage {
  /** The text form of the public key. */
  readonly signer: string
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Verifies signatures elsewhere, before what they stand under is judged here.
 *
 * @param signed nobody changes its arrays afterwards: they are what the answer knows
 * @returns knows what was verified, and nothing else: whatever other question it is asked, a signature that it did not verify is not
 *   valid. So what is admitted with it was verified, whoever asks what
 */
export async function verifiedAhead(
  later: VerifyLater,
  ...signed: readonly SignedMessage[]
): Promise<Verify> {
  const all = signed.map(async (one) => {
    return (await later(one.signer, one.message, one.signature)) ? [one] : []
  })
  const valid = (await Promise.all(all)).flat()
  return (signer, message, signature) =>
    valid.some((it) => it.signer === signer && same(it.message, message) && same(it.signature, signature))
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || equalBytes(one, other)
}

/** The same verification, of so many signatures at a time; the others wait in their order. */
export function atMost(most: number, later: VerifyLater): VerifyLater {
  const waiting: (() => void)[] = []
  let running = 0
  return async (signer, message, signature) => {
    if (running < most) running++
    else await new Promise<void>((begin) => waiting.push(begin))
    try {
      return await later(signer, message, signature)
    } finally {
      // Whoever waited for the longest takes this one's place.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
