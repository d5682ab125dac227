import type { ClientErrorCode } from '@strongroom/core/client'
import type { Row } from './exit-codes.ts'

const LATER = 'look at the connection; what waits in the outbox goes later, with strongroom deposit --flush'
const WAITING = 'strongroom status shows what waits and why; strongroom deposit --flush tries again'
const ADMINISTRATOR = 'ask the administrator of the authority'
const EVIDENCE =
  'do not deposit anything more there; keep what you have as evidence, and ask people you trust'

/** What the command says itself about a backup authority. */
export type AuthorityCode =
  | 'AUTHORITY_REFUSED'
  | 'AUTHORITY_UNAVAILABLE'
  | 'NO_RECEIPT'
  | 'ALARM'
  | 'RECOVERY_WAITS'
  | 'PROBE_FAILED'
  | 'PROBE_WAITS'

/** What the errors of a client of a backup authority mean: a part of the table in `exit-codes.ts`. */
export const CLIENT_ROWS = {
  CLIENT_UNREACHABLE: ['unreachable', 'the backup authority did not answer, or not in time', LATER],
  CLIENT_TLS: [
    'unknownSigner',
    'whoever answered is not proved to be the host of that address',
    'name its certificate with --ca FILE when you enroll, if it is one that the system does not know',
  ],
  CLIENT_PROBLEM: ['refused', 'the backup authority said why not', ADMINISTRATOR],
  CLIENT_ANSWER: [
    'unsupported',
    'an answer that is not one of a backup authority',
    'look whether the address is right, whether a proxy or a login page stands between, and at the clock of this computer',
  ],
  CLIENT_ALARM: ['alarm', 'the backup authority contradicts what it signed', EVIDENCE],
  CLIENT_STATE: [
    'unsupported',
    'a file that strongroom keeps about an authority is damaged',
    'restore it from a backup of your data folder',
  ],
  CLIENT_BUSY: [
    'io',
    'another process is at work with the same authority',
    'run it again when the other one has finished',
  ],
  CLIENT_EPOCH: [
    'superseded',
    'made for an epoch of the authority that is not accepted any more',
    'strongroom deposit FILE deposits it again, for the epoch that is in use',
  ],
  CLIENT_NOT_ENROLLED: [
    'noContainer',
    'there is no backup authority of that name here',
    'strongroom enroll takes the invitation of an administrator; strongroom status lists the authorities',
  ],
  CLIENT_DEPOSIT: [
    'unsupported',
    'not something that can be deposited in this way',
    'strongroom deposit --help shows what can',
  ],
  CLIENT_NOT_OPENED: [
    'noKey',
    'a deposit that does not open: made for another key, or changed',
    'name the container with --container NAME, or fetch the deposit again',
  ],
  CLIENT_CODE: [
    'usage',
    'no recovery code, or one that was mistyped',
    'type the whole code as it stands on the sheet; blanks, lines and small letters do not matter',
  ],
  CLIENT_RECOVERY: [
    'refused',
    'a recovery that was denied, cancelled or expired, or has nothing to ask for',
    'ask an officer of the tenant why; then make a new request with another code',
  ],
  CLIENT_EXPORT: [
    'notAuthentic',
    'an export of an audit that is not as it was written, or of another authority',
    'do not rely on this copy; fetch it again from where it came, or ask for a new one',
  ],
  RECOVERY_WAITS: [
    'waiting',
    'a recovery that was asked for and not released yet',
    'run strongroom recover again later, or add --wait; nothing is lost meanwhile',
  ],
  PROBE_FAILED: [
    'alarm',
    'a deposit does not open today, or nobody proved that it does',
    'deposit the key again while you have it, keep the evidence, and ask the administrator',
  ],
  PROBE_WAITS: [
    'waiting',
    'a probe that the custodian has not answered yet',
    'run strongroom probe again later, or add --wait; a custodian without a network answers none',
  ],
  AUTHORITY_REFUSED: ['refused', 'the backup authority refuses it', ADMINISTRATOR],
  AUTHORITY_UNAVAILABLE: ['unreachable', 'the backup authority can take nothing at present', LATER],
  NO_RECEIPT: ['noReceipt', 'a deposit has no receipt that was verified', WAITING],
  ALARM: ['alarm', 'the log of the backup authority is not what it was', EVIDENCE],
} as const satisfies Record<ClientErrorCode | AuthorityCode, Row>
