import { parseCheckpoint, type Checkpoint } from './checkpoint.ts'
import { signatureTime, type NoteVerifier } from './note-keys.ts'
import { openNote } from './opened-note.ts'
import { keyLabel, type NoteSignature } from './signed-note.ts'
import { TlogError } from './tlog-error.ts'

/** Whose checkpoints are accepted. */
export interface LogPolicy {
  /** The origin line that a checkpoint must have. */
  readonly origin: string
  /** The keys of the log. Each must have signed: a hybrid of two algorithms holds while one of them does. */
  readonly keys: readonly NoteVerifier[]
  readonly witnesses?: WitnessPolicy
}

/** How many witnesses must have signed too. */
export interface WitnessPolicy {
  /** Keys of one name are one witness, which is counted if any of them signed. */
  readonly keys: readonly NoteVerifier[]
  /** How many names are enough. */
  readonly quorum: number
}

/** A valid signature of a witness. */
export interface Cosignature {
  readonly name: string
  readonly keyHash: number
  /**
   * POSIX seconds: when the witness had seen no greater tree; 0 if it does not say. Undefined for types without a time.
   */
  readonly time: number | undefined
}

// Held by this module alone: nobody else can make a VerifiedCheckpoint.
const MADE_BY_VERIFICATION = Symbol('verified')

/** A checkpoint that was verified under a policy. Only `verifyCheckpoint` makes one: to hold it is the proof. */
export class VerifiedCheckpoint implements Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
  readonly extensions: readonly string[]
  /** The signed text. */
  readonly text: string
  /** The valid signatures of witnesses that the policy knows, one a key. */
  readonly cosignatures: readonly Cosignature[]

  constructor(
    token: typeof MADE_BY_VERIFICATION,
    text: string,
    checkpoint: Checkpoint,
    cosignatures: readonly Cosignature[],
  ) {
    if (token !== MADE_BY_VERIFICATION) {
      throw new TypeError('a checkpoint is verified by verifyCheckpoint alone')
    }
    this.origin = checkpoint.origin
    this.size = checkpoint.size
    this.root = checkpoint.root
    this.extensions = checkpoint.extensions
    this.text = text
    this.cosignatures = cosignatures
  }
}

/**
 * Verifies a checkpoint: docs/spec/log.md, "Verifying a checkpoint". The steps are the specification's.
 *
 * @throws TlogError TLOG_NOTE, TLOG_LIMIT, TLOG_SIGNATURE, TLOG_UNSIGNED, TLOG_CHECKPOINT, TLOG_ORIGIN,
 *   TLOG_UNWITNESSED, TLOG_KEY for a policy without keys or with one key twice
 */
export function verifyCheckpoint(note: Uint8Array, policy: LogPolicy): VerifiedCheckpoint {
  if (policy.keys.length === 0) throw new TlogError('TLOG_KEY', 'a policy without a key accepts nothing')
  const witnesses = policy.witnesses?.keys ?? []
  const { text, verified } = openNote(note, [...policy.keys, ...witnesses])
  checkAllSigned(policy.keys, verified)
  const checkpoint = parseCheckpoint(text)
  if (checkpoint.origin !== policy.origin) throw new TlogError('TLOG_ORIGIN', 'a checkpoint of another log')
  const cosignatures = cosignaturesOf(witnesses, verified)
  checkQuorum(policy.witnesses?.quorum ?? 0, cosignatures)
  return new VerifiedCheckpoint(MADE_BY_VERIFICATION, text, checkpoint, cosignatures)
}

function checkAllSigned(keys: readonly NoteVerifier[], verified: readonly NoteSignature[]): void {
  const signed = new Set(verified.map(keyLabel))
  const missing = keys.map(keyLabel).find((key) => !signed.has(key))
  if (missing !== undefined) {
    throw new TlogError('TLOG_UNSIGNED', 'a key of the log did not sign the checkpoint', { key: missing })
  }
}

function cosignaturesOf(
  witnesses: readonly NoteVerifier[],
  verified: readonly NoteSignature[],
): readonly Cosignature[] {
  const timed = new Map(witnesses.map((witness) => [keyLabel(witness), witness.timestamped === true]))
  return verified.flatMap((signature) => {
    const timestamped = timed.get(keyLabel(signature))
    if (timestamped === undefined) return []
    const time = timestamped ? signatureTime(signature.signature) : undefined
    return [{ name: signature.name, keyHash: signature.keyHash, time }]
  })
}

function checkQuorum(quorum: number, cosignatures: readonly Cosignature[]): void {
  const names = new Set(cosignatures.map(({ name }) => name)).size
  // A quorum that is no number would be reached by anything if it were compared the other way round.
  if (!(names >= quorum)) {
    throw new TlogError('TLOG_UNWITNESSED', `expected ${quorum} witnesses, got ${names}`)
  }
}
