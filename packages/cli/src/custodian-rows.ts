import type { CustodianErrorCode } from '@strongroom/authority'
import type { Row } from './exit-codes.ts'

const MAKE_ANEW = 'ask for the bundle again; if it is refused again, look into the authority’s log'
const ALARM = 'release nothing; compare with what officers, auditors and witnesses see of the log'
const ASK_ANEW = 'the requester has to ask again'
const PEOPLE = 'strongroom custodian verify BUNDLE says who approved, and when'
const OWN_COPY =
  'restore the folder from its newest copy; strongroom custodian recover reads from the log what it lacks'
const SHARES = 'ask its holder to read it again, or use another share'

/** What the errors of a custodian mean for whoever holds its keys: a part of the table in `exit-codes.ts`. */
export const CUSTODIAN_ROWS = {
  BUNDLE_FORMAT: ['unsupported', 'no bundle, or one that was cut short', MAKE_ANEW],
  BUNDLE_IDENTITY: ['unknownSigner', 'a bundle of another authority', MAKE_ANEW],
  BUNDLE_EPOCHS: ['alarm', 'epochs that do not follow from those seen before', ALARM],
  BUNDLE_CUSTODIAN: [
    'noKey',
    'the last epoch names another custodian',
    'take it to the custodian of the last epoch: strongroom authority epoch list',
  ],
  BUNDLE_TERMS: ['notAuthentic', 'terms that are not those of the last epoch', MAKE_ANEW],
  BUNDLE_CHECKPOINT: ['notAuthentic', 'a checkpoint that the log did not sign', MAKE_ANEW],
  BUNDLE_UNWITNESSED: [
    'notAuthentic',
    'fewer witnesses signed the log than the terms ask for',
    'wait until they have signed, and ask for the bundle again',
  ],
  BUNDLE_FUTURE: [
    'notAuthentic',
    'signed later than it is by this clock',
    'set the clock of this computer, if it is slow',
  ],
  BUNDLE_STALE: [
    'superseded',
    'the log was signed too long ago',
    'ask for the bundle again, and set the clock',
  ],
  BUNDLE_RANGE: ['notAuthentic', 'entries that do not lead to the checkpoint', MAKE_ANEW],
  BUNDLE_BEHIND: ['alarm', 'a log that has fewer entries than it had', ALARM],
  BUNDLE_GAP: [
    'unsupported',
    'the entries begin behind what this custodian saw last',
    'ask for a bundle from the size on that strongroom custodian status shows',
  ],
  BUNDLE_FORKED: ['alarm', 'another log than the one seen last', ALARM],
  BUNDLE_PROOF: ['notAuthentic', 'a proof that does not lead to the checkpoint', MAKE_ANEW],
  BUNDLE_TWICE: ['notAuthentic', 'a statement that the log has twice', ALARM],
  BUNDLE_STATEMENT: [
    'notAuthentic',
    'a statement that is not signed as it must be, or not in the order of the log',
    MAKE_ANEW,
  ],
  BUNDLE_NOT_LOGGED: ['notAuthentic', 'a statement that is not shown to be in the log', MAKE_ANEW],
  BUNDLE_INCOMPLETE: ['notAuthentic', 'statements that could forbid the release are left out', MAKE_ANEW],
  BUNDLE_FORGOTTEN: ['superseded', 'the log has releases that this folder has forgotten', OWN_COPY],
  BUNDLE_SUBJECT: ['notAuthentic', 'no request or charter, or not among the entries', MAKE_ANEW],
  BUNDLE_CHARTERS: ['alarm', 'charters that do not follow from those seen before', ALARM],
  BUNDLE_TENANT: [
    'unknownSigner',
    'a tenant that this custodian has not seen before',
    'compare the digest of its first charter with its administrator, then strongroom custodian trust --charter DIGEST',
  ],
  BUNDLE_RECEIPT: ['notAuthentic', 'a receipt that does not hold, or is missing', MAKE_ANEW],
  BUNDLE_OWNER: ['notAuthentic', 'not the enrolment of the owner', MAKE_ANEW],
  BUNDLE_FOREIGN: ['refused', 'made for another authority or tenant', ASK_ANEW],
  BUNDLE_OTHER_CHARTER: ['refused', 'not under the charter that was in force', ASK_ANEW],
  BUNDLE_PROPOSAL: ['refused', 'a charter that cannot follow the one in force', 'propose it anew'],
  BUNDLE_SUBJECT_FUTURE: ['refused', 'created after it was logged', ASK_ANEW],
  BUNDLE_VALIDITY: ['refused', 'valid for longer than the charter allows', ASK_ANEW],
  BUNDLE_EXPIRED: ['refused', 'expired', ASK_ANEW],
  BUNDLE_REQUESTER: ['refused', 'the requester is nobody of the charter', ASK_ANEW],
  BUNDLE_CONTAINER: ['refused', 'the new container is signed for by somebody of the charter', ASK_ANEW],
  BUNDLE_CLIENT_KEY: ['refused', 'evidence: not the key of the owner', ASK_ANEW],
  BUNDLE_RECOVERY_CODE: ['refused', 'evidence: not a recovery code that the owner has now', ASK_ANEW],
  BUNDLE_VETTING: ['refused', 'evidence: not vouched for by an officer, or not in time', ASK_ANEW],
  BUNDLE_CODE_SPENT: ['refused', 'evidence: a code that was used before', ASK_ANEW],
  BUNDLE_EVIDENCE: ['refused', 'less evidence than the charter asks for', ASK_ANEW],
  BUNDLE_APPROVALS: ['refused', 'fewer approvals than the charter asks for', PEOPLE],
  BUNDLE_WAITING: ['refused', 'the waiting time is not over', 'try again when it is'],
  BUNDLE_DECIDED: ['refused', 'rejected or cancelled', ASK_ANEW],
  BUNDLE_SPENT: ['refused', 'released already', 'strongroom custodian open gives the same release again'],
  BUNDLE_DEPOSITS: ['notAuthentic', 'deposits that are not those of the request', MAKE_ANEW],
  CUSTODIAN_NOT_FOUND: [
    'noContainer',
    'there is no custodian in that folder',
    'name its folder with --folder, or make one with strongroom custodian init',
  ],
  CUSTODIAN_EXISTS: ['exists', 'something lies where the custodian is to be made', 'choose another folder'],
  CUSTODIAN_STATE: ['unsupported', 'a file of the custodian is damaged', OWN_COPY],
  CUSTODIAN_BUSY: ['io', 'another process of the custodian runs in the same folder', 'stop it first'],
  CUSTODIAN_TRUST: [
    'unknownSigner',
    'not told which authority to trust, or told another than before',
    'strongroom custodian trust FINGERPRINT, once; another authority has another custodian',
  ],
  CUSTODIAN_KEY: [
    'noKey',
    'the container does not hold the keys that are needed',
    'strongroom custodian status shows which it holds',
  ],
  CUSTODIAN_DEPOSITS: [
    'notAuthentic',
    'deposits that do not open, or hold another key than was promised',
    'ask again without them, and tell their owner',
  ],
  CUSTODIAN_RELEASE: [
    'unsupported',
    'no release that this custodian made',
    'strongroom custodian open makes it, from the bundle of a request',
  ],
  CUSTODIAN_HIDDEN: ['alarm', 'the authority does not show every deposit that its log has', ALARM],
  CUSTODIAN_NEEDED: [
    'refused',
    'the key of an epoch that is still needed',
    'strongroom custodian rewrap, until it says that the epoch is complete',
  ],
  SHARE_FORMAT: ['usage', 'no share, or one that was mistyped', SHARES],
  SHARE_OTHER: ['usage', 'a share of another key, or made at another time', SHARES],
  SHARE_TWICE: ['usage', 'a share that was given before', 'go on with another share'],
  SHARE_WRONG: ['locked', 'a share that is not what was handed out', SHARES],
  SHARES_FEW: ['locked', 'fewer shares than are needed', 'strongroom custodian status says how many'],
} as const satisfies Record<CustodianErrorCode, Row>
