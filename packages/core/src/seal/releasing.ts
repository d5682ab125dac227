import type { Metadata, Serial } from '../keyblob/index.ts'
import type { Staged } from './stage.ts'

/** A file whose seal is finished, and that nobody sees yet. */
export interface FinishedSeal {
  /** Index of the job. */
  readonly job: number
  readonly serial: Serial
  /** 32 bytes. */
  readonly sealId: Uint8Array
  /** What the seal says: name, version, description. */
  readonly metadata: Metadata
  readonly plaintextBytes: number
  readonly sealedBytes: number
  /** age's file key, 16 bytes. It is wiped when the call is over: who needs it longer makes a copy. */
  readonly sessionKey: Uint8Array
}

/** What may come between the seal of a file and its name. */
export interface Releasing {
  /**
   * Called with files that are finished but for their names. None of them appears, and no result is told by which
   * an input might be removed, before what it returns is fulfilled; if it fails, none appears at all. So whatever it
   * makes durable, such as a deposit of the session keys, is there for every file that is: who is killed
   * between the two leaves keys of files that never were, not files without their keys.
   */
  readonly beforeRelease?: ((seals: readonly FinishedSeal[]) => Promise<void> | void) | undefined
}

/** What is told about a staged file. */
export function finishedSeal(job: number, staged: Staged): FinishedSeal {
  const { draft, serial, metadata, plaintextBytes, sealedBytes, sessionKey } = staged
  return { job, serial, sealId: draft.sealId, metadata, plaintextBytes, sealedBytes, sessionKey }
}
