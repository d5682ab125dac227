import type { TlogErrorCode } from '@strongroom/core/tlog'
import type { Row } from './exit-codes.ts'

const OTHER_COPY = 'do not rely on this copy; fetch it again from where it came'
const ALARM = 'keep it as evidence, and ask the people who run the log'
const REPORT = 'please report it with the command that shows it'

/** What the errors of transparency logs mean for whoever typed a command: a part of the table in `exit-codes.ts`. */
export const TLOG_ROWS = {
  TLOG_NOTE: ['unsupported', 'not a signed note', OTHER_COPY],
  TLOG_KEY: [
    'unsupported',
    'a key of a log or witness that cannot be read or used',
    'a key is NAME+HASH+KEY, as its owner hands it out, and stands in a list once',
  ],
  TLOG_CHECKPOINT: ['unsupported', 'a signed note, but not the checkpoint of a log', OTHER_COPY],
  TLOG_ORIGIN: ['unknownSigner', 'a checkpoint of another log', 'look whether it is the log that you mean'],
  TLOG_SIGNATURE: ['notAuthentic', 'a signature of a known key that is not valid', OTHER_COPY],
  TLOG_UNSIGNED: [
    'unknownSigner',
    'a key that must sign did not',
    'look whether the keys are the right ones',
  ],
  TLOG_UNWITNESSED: [
    'notSigned',
    'fewer witnesses signed than you ask for',
    'try again later: witnesses sign after the log',
  ],
  TLOG_TILE: ['unsupported', 'not a tile of a log', OTHER_COPY],
  TLOG_ENTRY: ['unsupported', 'not an entry of a log', OTHER_COPY],
  TLOG_PROOF: ['unsupported', 'not the proof file of a log', OTHER_COPY],
  TLOG_WITNESS: ['unsupported', 'not what a witness is asked, or not what it answers', OTHER_COPY],
  TLOG_MISMATCH: ['notAuthentic', 'not in the log, or the log shows two different histories', ALARM],
  TLOG_RANGE: ['internal', 'a place that a log does not have', REPORT],
  TLOG_LIMIT: ['unsupported', 'more than is read of a log', OTHER_COPY],
} as const satisfies Record<TlogErrorCode, Row>
