import { concat, toHex, utf8Encode } from '../bytes/index.ts'
import type { Sha256 } from '../merkle/index.ts'
import { parseCheckpoint } from './checkpoint.ts'
import {
  checkLength,
  decodeText,
  fromDecimal,
  hashLine,
  readHashLine,
  splitAtEmptyLine,
  toDecimal,
} from './line-texts.ts'
import { checkProofHashes } from './log-proof.ts'
import { MAX_NOTE_BYTES, parseNote } from './signed-note.ts'
import { readAs, TlogError } from './tlog-error.ts'

/** What a log asks a witness to sign: C2SP tlog-witness, "add-checkpoint". Nothing of it is verified. */
export interface AddCheckpoint {
  /** The size of the last checkpoint that the witness signed for this log, as far as the log knows; 0 for none. */
  readonly oldSize: number
  /** The consistency proof from there. */
  readonly proof: readonly Uint8Array[]
  /** The signed note. */
  readonly checkpoint: Uint8Array
  /** The origin in it: whose state the witness has to look up. */
  readonly origin: string
}

/** The body of a request with the longest checkpoint. */
export const MAX_ADD_CHECKPOINT_BYTES = MAX_NOTE_BYTES + 4096

const OLD = 'old '

/** Writes the body of a request. @throws TlogError TLOG_WITNESS, TLOG_RANGE, TLOG_LIMIT */
export function encodeAddCheckpoint(request: Omit<AddCheckpoint, 'origin'>): Uint8Array {
  const { oldSize, proof, checkpoint } = request
  checkProofHashes(proof.length)
  originOf(checkpoint)
  const lines = [
    OLD + toDecimal('old tree size', oldSize),
    ...proof.map((hash) => hashLine('TLOG_WITNESS', hash)),
  ]
  return concat(utf8Encode(`${lines.join('\n')}\n\n`), checkpoint)
}

/**
 * Reads the body of a request; a witness answers 400 to what is refused here.
 *
 * @throws TlogError TLOG_WITNESS, TLOG_LIMIT
 */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  checkLength('request', body.length, MAX_ADD_CHECKPOINT_BYTES)
  const { lines, rest } = splitAtEmptyLine('TLOG_WITNESS', body)
  const [first = '', ...others] = lines
  if (!first.startsWith(OLD)) throw new TlogError('TLOG_WITNESS', 'expected a line with the old tree size')
  checkProofHashes(others.length)
  return {
    oldSize: fromDecimal('TLOG_WITNESS', 'old tree size', first.slice(OLD.length)),
    proof: others.map((line) => readHashLine('TLOG_WITNESS', line)),
    checkpoint: rest.slice(),
    origin: originOf(rest),
  }
}

function originOf(checkpoint: Uint8Array): string {
  checkLength('note', checkpoint.length, MAX_NOTE_BYTES)
  return readAs(
    'TLOG_WITNESS',
    'expected a checkpoint behind the empty line',
    () => parseCheckpoint(parseNote(checkpoint).text).origin,
  )
}

/** The body of the answer 409, and its content type: the size that the witness has signed. */
export const SIZE_CONTENT_TYPE = 'text/x.tlog.size'

/** The size of the last checkpoint that the witness signed, for the answer 409. @throws TlogError TLOG_RANGE */
export function encodeSizeAnswer(size: number): Uint8Array {
  return utf8Encode(`${toDecimal('tree size', size)}\n`)
}

/** Reads the answer 409. @throws TlogError TLOG_WITNESS, TLOG_LIMIT */
export function parseSizeAnswer(body: Uint8Array): number {
  checkLength('answer', body.length, 32)
  const text = decodeText('TLOG_WITNESS', body)
  if (!text.endsWith('\n')) throw new TlogError('TLOG_WITNESS', 'expected a line feed after the tree size')
  return fromDecimal('TLOG_WITNESS', 'tree size', text.slice(0, -1))
}

/** The name of a log below the monitoring prefix of a witness: SHA-256 of the origin in hex. */
export function originHash(sha256: Sha256, origin: string): string {
  return toHex(sha256(utf8Encode(origin)))
}
