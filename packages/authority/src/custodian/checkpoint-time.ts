import {
  keyLabel,
  parseNote,
  signatureTime,
  type LogPolicy,
  type VerifiedCheckpoint,
} from '@strongroom/core/tlog'

/** When a checkpoint was signed, by the clocks of those who signed it: milliseconds since 1970. */
export interface SignedTimes {
  /** It was then at the earliest: what waited until then has waited. */
  readonly earliest: number
  /** It was then at the latest: what waits from then on waits long enough. */
  readonly latest: number
}

/**
 * The times of a checkpoint that was verified: docs/spec/recovery.md, "What the custodian checks", steps 3 and 6. Of the log's own
 * ML-DSA-44 signature; where there are witnesses, what a quorum of them says, so that neither the log nor a few of them can lie.
 */
export function signedTimes(
  note: Uint8Array,
  { cosignatures }: Pick<VerifiedCheckpoint, 'cosignatures'>,
  { keys, witnesses }: Pick<LogPolicy, 'keys' | 'witnesses'>,
): SignedTimes {
  const log = logTime(note, keys)
  if (!witnesses) return { earliest: log, latest: log }
  const named = Map.groupBy(
    // A witness that says 0 says nothing.
    cosignatures.filter(({ time }) => time !== undefined && time > 0),
    ({ name }) => name,
  )
  const times = [...named.values()].map((own) => own.map(({ time }) => (time ?? 0) * 1000))
  const early = times.map((own) => Math.min(...own)).toSorted((one, other) => other - one)
  const late = times.map((own) => Math.max(...own)).toSorted((one, other) => one - other)
  const last = witnesses.quorum - 1
  return { earliest: early[last] ?? 0, latest: late[last] ?? Number.MAX_SAFE_INTEGER }
}

function logTime(note: Uint8Array, keys: LogPolicy['keys']): number {
  const timed = new Set(keys.filter(({ timestamped }) => timestamped === true).map(keyLabel))
  // Every signature of such a key is valid: the note was verified.
  const own = parseNote(note).signatures.filter((signature) => timed.has(keyLabel(signature)))
  return Math.max(0, ...own.map(({ signature }) => signatureTime(signature) ?? 0)) * 1000
}
