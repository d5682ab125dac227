import { copyOf } from '../bytes/index.ts'
import { logPolicyOf, type EpochChain } from '../protocol/index.ts'
import {
  keyLabel,
  openNote,
  signatureTime,
  TlogError,
  verifyCheckpoint,
  type LogPolicy,
  type TreeHead,
  type WitnessPolicy,
} from '../tlog/index.ts'
import { nodeMeans, verifyRaw } from './node-verify.ts'

/** A checkpoint of an authority's log that was verified. */
export interface LogHead extends TreeHead {
  /** The signed note, verbatim. */
  readonly note: Uint8Array
  readonly origin: string
  /** When the log says that it signed, in milliseconds since 1970: the time of its ML-DSA-44 signature. */
  readonly signedMs: number
}

/**
 * Verifies a checkpoint under the log keys of one of the authority's epochs, the latest first: docs/spec/log.md, "Verifying a
 * checkpoint".
 *
 * @throws TlogError as `verifyCheckpoint` does under the latest epoch
 */
export function verifyHead(note: Uint8Array, chain: EpochChain, witnesses?: WitnessPolicy): LogHead {
  let refusal: TlogError | undefined
  for (const policy of policiesOf(chain, witnesses)) {
    try {
      const { size, root, origin } = verifyCheckpoint(note, policy)
      return { note: copyOf(note), size, root, origin, signedMs: signedMsOf(note, policy) }
    } catch (error) {
      if (!(error instanceof TlogError)) throw error
      refusal ??= error
    }
  }
  throw refusal ?? new TypeError('a chain has an epoch')
}

/** The policies of all epochs that differ in the keys of the log; mostly there is one. */
function* policiesOf(chain: EpochChain, witnesses?: WitnessPolicy): Generator<LogPolicy> {
  const tried = new Set<string>()
  for (const { payload } of chain.epochs.toReversed()) {
    const keys = payload.log.keys.join('\n')
    if (!tried.has(keys))
      yield logPolicyOf(payload, { ...nodeMeans, verifyRaw, ...(witnesses && { witnesses }) })
    tried.add(keys)
  }
}

/** Every key of the log signed, and one of them signs with the time: docs/spec/log.md, "Checkpoints". */
function signedMsOf(note: Uint8Array, { keys }: LogPolicy): number {
  const timed = new Set(keys.filter(({ timestamped }) => timestamped === true).map(keyLabel))
  const signature = openNote(note, keys).verified.find((one) => timed.has(keyLabel(one)))
  return 1000 * ((signature && signatureTime(signature.signature)) ?? 0)
}
