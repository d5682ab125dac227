import { ByteReader, ByteWriter } from '../bytes/index.ts'
import { checkCount } from './line-texts.ts'
import type { NoteAlgorithm } from './signature-types.ts'
import { TlogError } from './tlog-error.ts'
import type { VerifierKey } from './verifier-key.ts'

/** Tells whether a signature in a note is one of a certain key. */
export interface NoteVerifier {
  readonly name: string
  readonly keyHash: number
  /** Whether its signatures begin with a time, as those of witnesses do. */
  readonly timestamped?: boolean
  /**
   * @param message the UTF-8 of the note's text
   * @param signature what stands behind the key ID in the signature line, of any length
   */
  verify(message: Uint8Array, signature: Uint8Array): boolean
}

/** Makes the signatures of a certain key. */
export interface NoteSigner {
  readonly name: string
  readonly keyHash: number
  /** @param message the UTF-8 of the note's text */
  sign(message: Uint8Array): Uint8Array
}

/** Whether `signature` is one of `publicKey` over `message`; both have the lengths of the algorithm. */
export type VerifyRaw = (
  algorithm: NoteAlgorithm,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean

/** What a signer needs besides its public key. */
export interface SigningMeans {
  /** Signs a message with the private key, in the algorithm of the key's type. */
  readonly sign: (message: Uint8Array) => Uint8Array
  /** The clock, in POSIX seconds; asked once a signature, and only by types with a time. */
  readonly now: () => number
}

const TIMESTAMP_BYTES = 8

/**
 * The verifier of a key. A signature that is malformed, or of a type that covers checkpoints only while the note is none,
 * is not valid; nothing is thrown.
 *
 * A time above 2^53 - 1 is not valid either: C2SP lets a verifier refuse times in the future.
 */
export function noteVerifier(key: VerifierKey, verifyRaw: VerifyRaw): NoteVerifier {
  const { name, keyHash, type, publicKey } = key
  return {
    name,
    keyHash,
    timestamped: type.timestamped,
    verify(text, signature) {
      const time = type.timestamped ? signatureTime(signature) : 0
      const raw = type.timestamped ? signature.subarray(TIMESTAMP_BYTES) : signature
      if (time === undefined || raw.length !== type.signatureLength) return false
      const message = messageOrNothing(() => type.message({ text, name, time }))
      return message !== undefined && verifyRaw(type.algorithm, publicKey, message, raw)
    },
  }
}

/**
 * The signer of a key.
 *
 * Its `sign` throws TlogError TLOG_CHECKPOINT or TLOG_LIMIT for what its type cannot sign, TLOG_RANGE for a clock that is
 * no whole number of seconds.
 */
export function noteSigner(key: VerifierKey, means: SigningMeans): NoteSigner {
  const { name, keyHash, type } = key
  return {
    name,
    keyHash,
    sign(text) {
      const time = type.timestamped ? checkCount('time', means.now()) : 0
      const signature = means.sign(type.message({ text, name, time }))
      if (!type.timestamped) return signature
      return new ByteWriter(TIMESTAMP_BYTES + signature.length).u64(time).bytes(signature).toBytes()
    },
  }
}

/** The POSIX seconds at the start of a signature with a time; undefined if it is too short or the time too great. */
export function signatureTime(signature: Uint8Array): number | undefined {
  if (signature.length < TIMESTAMP_BYTES) return undefined
  const time = Number(new ByteReader(signature).u64())
  return Number.isSafeInteger(time) ? time : undefined
}

function messageOrNothing(make: () => Uint8Array): Uint8Array | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof TlogError) return undefined
    throw error
  }
}
