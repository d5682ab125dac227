import type {
  AdmissionErrorCode,
  ConfigErrorCode,
  CustodianErrorCode,
  LogErrorCode,
  SetupErrorCode,
  StoreErrorCode,
} from '@strongroom/authority'
import type { AgeErrorCode } from '@strongroom/core/age'
import type { BytesErrorCode } from '@strongroom/core/bytes'
import type { ClientErrorCode } from '@strongroom/core/client'
import type { ContainerErrorCode } from '@strongroom/core/container'
import type { CryptoApiErrorCode } from '@strongroom/core/cryptoapi'
import type { KeyBlobErrorCode } from '@strongroom/core/keyblob'
import type { ProtocolErrorCode } from '@strongroom/core/protocol'
import type { SealErrorCode } from '@strongroom/core/seal'
import type { TlogErrorCode } from '@strongroom/core/tlog'
import { AUTHORITY_ROWS } from './authority-rows.ts'
import type { CliErrorCode } from './cli-error.ts'
import { CLIENT_ROWS } from './client-rows.ts'
import { CRYPTO_API_ROWS } from './crypto-api-rows.ts'
import { CUSTODIAN_ROWS } from './custodian-rows.ts'
import { PROTOCOL_ROWS } from './protocol-rows.ts'
import { TLOG_ROWS } from './tlog-rows.ts'

/** Exit statuses by name; `docs/errors.md` tells people what they mean. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  noKey: 3,
  notAuthentic: 4,
  notSigned: 5,
  unknownSigner: 6,
  io: 7,
  exists: 8,
  locked: 9,
  superseded: 10,
  inputChanged: 11,
  noContainer: 12,
  unsupported: 13,
  unreachable: 14,
  refused: 15,
  noReceipt: 16,
  alarm: 17,
  waiting: 18,
  interrupted: 130,
} as const

/** Every code that an error can carry. */
export type ErrorCode =
  | AdmissionErrorCode
  | AgeErrorCode
  | BytesErrorCode
  | ClientErrorCode
  | CliErrorCode
  | ConfigErrorCode
  | ContainerErrorCode
  | CryptoApiErrorCode
  | CustodianErrorCode
  | KeyBlobErrorCode
  | LogErrorCode
  | ProtocolErrorCode
  | SealErrorCode
  | SetupErrorCode
  | StoreErrorCode
  | TlogErrorCode

/** What a code means for whoever typed the command. */
export interface ExitRow {
  readonly code: ErrorCode
  /** A value of `EXIT`. */
  readonly exit: number
  readonly meaning: string
  /** The hint, unless the place where it happened knows a better one. */
  readonly remedy: string
}

/** A row of a table of codes: a name in `EXIT`, what the code means, and what to do about it. */
export type Row = readonly [exit: keyof typeof EXIT, meaning: string, remedy: string]

const CHANGED = 'do not trust this copy; fetch the file again from where it came or from a backup'
const OTHER_KEY = 'name the container with --container NAME, or give the identity with --identity FILE'
const SHOW_SIGNER =
  'if you trust that signer, ask for their public card and run: strongroom signer add NAME CARD'
const NOT_A_KEY = 'a recipient is age1…, age1pq1…, an alias or a file of them; an identity is in a file'
const REPORT = 'please report it with the command that shows it'
const AGE_MANUAL = 'strongroom inspect FILE shows what can be said about it'
const MIX =
  'make a second container with --profile classic for classic recipients, and seal for each group apart'
const FORCE = 'add --force to replace it, or choose another output with --output FILE'
const CONTAINERS = 'strongroom container list shows which there are; strongroom init makes the first'
const SESSION_KEYS = 'strongroom key list shows which there are; strongroom key new NAME makes one'

/**
 * The one table of codes. Several layers use the same word for the same thing: it is one row.
 * `docs/errors.md` repeats it for people, and a test compares the two.
 */
const ROWS = {
  // The command line itself
  USAGE: [
    'usage',
    'the command line asks for something that is not possible',
    'strongroom --help lists the commands',
  ],
  ALIAS: ['usage', 'a recipient that is no key, alias or file', NOT_A_KEY],
  NO_PASSPHRASE: [
    'locked',
    'a passphrase is needed and there is nobody to ask',
    'use --passphrase-file FILE',
  ],
  WRONG_PASSPHRASE: [
    'locked',
    'the passphrase does not open the file, or its header was damaged',
    'try again; nobody can open it without the passphrase it was sealed with',
  ],
  CONFIG: ['unsupported', 'config.json has something that is no setting', 'correct the file or delete it'],
  KEYRING: [
    'locked',
    'the keyring of the system is not there or refused',
    'unlock the keyring, or protect the container with a passphrase',
  ],
  INTERRUPTED: ['interrupted', 'stopped by Ctrl-C or a signal', 'nothing half-done was left; run it again'],
  INTERNAL: ['internal', 'a mistake in strongroom itself', REPORT],

  // Files
  NOT_AGE: [
    'unsupported',
    'not an age file at all',
    'strongroom opens files that strongroom or age encrypted',
  ],
  HEADER: ['unsupported', 'begins like an age file, but its header is malformed', CHANGED],
  NO_KEY: ['noKey', 'none of your keys opens it', OTHER_KEY],
  NOT_AUTHENTIC: ['notAuthentic', 'somebody changed or exchanged something in it', CHANGED],
  NOT_SIGNED: [
    'notSigned',
    'encrypted, but sealed by nobody',
    'add --allow-unsigned to open it without knowing who wrote it',
  ],
  UNKNOWN_SIGNER: [
    'unknownSigner',
    'sealed by somebody you do not know, or not proved to be you',
    SHOW_SIGNER,
  ],
  SEAL_PRIVATE: ['noKey', 'the seal is private and none of your keys reads it', OTHER_KEY],
  SEAL_FORMAT: ['unsupported', 'a seal that this version of strongroom cannot read', CHANGED],
  SUPERSEDED: [
    'superseded',
    'an older version than one you have already seen',
    'look for the newer one, or add --allow-superseded if you want this one',
  ],
  EXISTS: ['exists', 'the output exists, or is an age file that --force does not replace', FORCE],
  SYMLINK: ['exists', 'the output is a symbolic link', 'name the file it points to, or remove the link'],
  UNSUPPORTED: [
    'unsupported',
    'not a regular file or folder, or an output would replace an input',
    'name a regular file or a folder',
  ],
  INPUT_CHANGED: [
    'inputChanged',
    'the input changed while it was read, or after it was sealed',
    'nothing was written; run it again when nobody writes to the file',
  ],
  IO: ['io', 'the system refused to read or write', 'look at the path, the permissions and the space left'],
  CANCELLED: ['interrupted', 'stopped on request', 'nothing half-done was left; run it again'],
  RECIPIENTS: ['usage', 'recipients that cannot stand together, or none', MIX],
  BUSY: ['io', 'another process is rewriting the same file', 'run it again when the other one has finished'],
  LIMIT: [
    'usage',
    'a name, description or range outside the limits',
    'a name or description has at most 1,024 bytes',
  ],

  // Named session keys
  KEY_NAME: ['usage', 'not a name for a session key', 'use letters, digits, dots, hyphens and underscores'],
  KEY_EXISTS: [
    'exists',
    'a session key of that name exists',
    'choose another name, or delete that key first',
  ],
  KEY_MISSING: ['noContainer', 'there is no session key of that name', SESSION_KEYS],

  // Key containers
  CONTAINER_FORMAT: [
    'unsupported',
    'a container, card or list of aliases that is malformed',
    'the message says where; restore the file from a backup or correct the line',
  ],
  CONTAINER_LOCKED: [
    'locked',
    'the passphrase is wrong, or the container is damaged',
    'try again; if you are sure of the passphrase, restore the container from a backup',
  ],
  CONTAINER_KEY: ['unsupported', 'a key that is malformed or does not fit what it is used for', NOT_A_KEY],
  CONTAINER_NAME: [
    'usage',
    'not a name for a container or an alias',
    'use letters, digits, dots, hyphens and underscores',
  ],
  CONTAINER_NOT_FOUND: ['noContainer', 'there is no container, signer or alias of that name', CONTAINERS],
  CONTAINER_EXISTS: [
    'exists',
    'a container, signer or alias of that name exists',
    'choose another name, or remove that one first',
  ],
  CONTAINER_PERMISSIONS: [
    'io',
    'a file with keys can be used by others, or is no regular file',
    'take the permissions of others away with chmod',
  ],
  CONTAINER_SECRET: [
    'locked',
    'a passphrase is missing, empty, or given for a container without one',
    'strongroom container list shows how each container is protected',
  ],

  // age
  HEADER_INCOMPLETE: ['unsupported', 'ends inside its header', CHANGED],
  HEADER_SYNTAX: ['unsupported', 'not an age header', CHANGED],
  HEADER_VERSION: ['unsupported', 'an age file of another version than v1', AGE_MANUAL],
  HEADER_TOO_LARGE: ['unsupported', 'a header of unreasonable size', AGE_MANUAL],
  HEADER_MAC: ['notAuthentic', 'the header was changed after it was made', CHANGED],
  NO_MATCH: ['noKey', 'none of your keys opens it', OTHER_KEY],
  STANZA: ['unsupported', 'a malformed recipient stanza', CHANGED],
  SCRYPT_NOT_ALONE: ['unsupported', 'a password beside other recipients, which age forbids', AGE_MANUAL],
  SCRYPT_WORK: ['unsupported', 'a password that would take unreasonable work to try', AGE_MANUAL],
  MIXED_RECIPIENTS: ['usage', 'post-quantum and classic recipients together', MIX],
  NO_RECIPIENTS: ['usage', 'nobody to seal for', 'name a recipient with --recipient'],
  PAYLOAD: ['notAuthentic', 'the content was changed, cut short or extended', CHANGED],
  PAYLOAD_LENGTH: ['notAuthentic', 'a length that no age file has', CHANGED],
  ARMOR: ['unsupported', 'armored, but not as age does it', CHANGED],
  KEY: ['unsupported', 'a recipient or identity that cannot be read', NOT_A_KEY],

  // Bytes
  BYTES_TRUNCATED: ['unsupported', 'ends too early', CHANGED],
  BYTES_TRAILING: ['unsupported', 'goes on where it should end', CHANGED],
  BYTES_ENCODING: ['unsupported', 'text that is not in its one right form', NOT_A_KEY],
  BYTES_RANGE: ['internal', 'a number that does not fit its field', REPORT],

  // CryptoAPI
  ...CRYPTO_API_ROWS,

  // Transparency logs
  ...TLOG_ROWS,

  // The backup authority
  ...PROTOCOL_ROWS,
  ...CLIENT_ROWS,

  // Running a backup authority
  ...AUTHORITY_ROWS,

  // The custodian of one
  ...CUSTODIAN_ROWS,
} as const satisfies Record<ErrorCode, Row>

/** The table, row by row. */
export const EXIT_ROWS: readonly ExitRow[] = Object.entries(ROWS).map(([code, [exit, meaning, remedy]]) => ({
  // The keys of the table are codes: `satisfies` says so.
  code: code as ErrorCode,
  exit: EXIT[exit],
  meaning,
  remedy,
}))

const BY_CODE = new Map<string, ExitRow>(EXIT_ROWS.map((row) => [row.code, row]))
const IO_ROW = rowOf('IO')
const INTERNAL_ROW = rowOf('INTERNAL')
/** The errors whose `code` is one of ours; anything else with a code comes from the system. */
const OUR_ERRORS = new Set([
  'AdmissionError',
  'AgeError',
  'BytesError',
  'CliError',
  'ConfigError',
  'ClientError',
  'ContainerError',
  'CryptoApiError',
  'CustodianError',
  'KeyBlobError',
  'LogError',
  'SealError',
  'SetupError',
  'StoreError',
  'TlogError',
  'ProtocolError',
])

/** The row of an error: its code's, IO for errors of the system, INTERNAL for whatever was not foreseen. */
export function exitRow(error: unknown): ExitRow {
  if (!(error instanceof Error) || !('code' in error)) return INTERNAL_ROW
  if (OUR_ERRORS.has(error.name)) return BY_CODE.get(String(error.code)) ?? INTERNAL_ROW
  return 'syscall' in error ? IO_ROW : INTERNAL_ROW
}

function rowOf(code: ErrorCode): ExitRow {
  const [exit, meaning, remedy] = ROWS[code]
  return { code, exit: EXIT[exit], meaning, remedy }
}
