import type {
  AdmissionErrorCode,
  ConfigErrorCode,
  LogErrorCode,
  SetupErrorCode,
  StoreErrorCode,
} from '@strongroom/authority'
import type { Row } from './exit-codes.ts'

const RESTORE =
  'strongroom authority fsck says what is wrong; docs/operating.md, "Backup and restore", how to go on'
const SERVER = 'look whether the database server runs, and whether its address is right'
const RUN_AGAIN = 'run it again; what was done is not done twice'
const OTHER_BACKUP = 'do not restore from this copy; take another backup'
const TENANTS = 'strongroom authority tenant list shows which there are'

/** What the errors of a backup authority mean for whoever runs it: a part of the table in `exit-codes.ts`. */
export const AUTHORITY_ROWS = {
  CONFIG_NOT_FOUND: [
    'noContainer',
    'there is no authority in that folder',
    'name its folder with --folder, or make one with strongroom authority init',
  ],
  CONFIG_FORMAT: [
    'unsupported',
    'authority.json or a variable has something that is no setting',
    'docs/authority-configuration.md lists all settings',
  ],
  SETUP_EXISTS: [
    'exists',
    'something lies where the authority is to be made',
    'choose another folder or file',
  ],
  SETUP_BUSY: [
    'io',
    'another process of the authority runs in the same folder',
    'stop it first; to serve with several nodes, give each a folder of its own',
  ],
  SETUP_LISTEN: [
    'io',
    'the service cannot listen where it is to',
    'choose another place in authority.json; of two authorities on one machine, each has a port for metrics.listen, or null',
  ],
  SETUP_IDENTITY: [
    'unknownSigner',
    'not the identity key of this authority',
    'strongroom authority status shows the fingerprint that is needed',
  ],
  SETUP_CUSTODIAN: [
    'unsupported',
    'a card without the keys that a custodian must have',
    'make it of a pq container: strongroom container export --container NAME',
  ],
  SETUP_EPOCH: [
    'usage',
    'an epoch that does not follow from the one before',
    'strongroom authority epoch list shows what there is',
  ],
  SETUP_TERMS: [
    'usage',
    'a policy that is no terms document',
    'docs/spec/recovery.md, "Terms", has its members: one line of canonical JSON, without a line feed at the end',
  ],
  SETUP_CHARTER: [
    'usage',
    'a charter that breaks the rules or the terms, or does not follow from the one before',
    'docs/spec/recovery.md has the rules; strongroom authority charter show what is in force',
  ],
  SETUP_COURIER: [
    'usage',
    'what was carried from or to the custodian is not what the log asks for',
    'strongroom authority requests shows how the request stands',
  ],
  SETUP_NAME: [
    'usage',
    'a name that a tenant or an invitation cannot have',
    'a tenant has 1 to 64 of a to z, 0 to 9 and hyphens; an invitation one line of at most 128 bytes',
  ],
  SETUP_TENANT: ['usage', 'there is no tenant of that name, or one already', TENANTS],
  SETUP_CLIENT: [
    'usage',
    'there is no client of that id',
    'strongroom authority client list shows which there are',
  ],
  SETUP_CONTACT: [
    'usage',
    'no mail address, or nobody is told there',
    'strongroom authority contact list shows who is told',
  ],
  SETUP_NOT_EMPTY: [
    'exists',
    'the database has something in it',
    'name a new database in authority.json, or empty this one if nobody needs it',
  ],
  SETUP_BEHIND: ['notAuthentic', 'the database does not have what the authority has signed', RESTORE],
  SETUP_FINDINGS: ['notAuthentic', 'the check found differences', RESTORE],
  BACKUP_FORMAT: [
    'notAuthentic',
    'no backup of an authority, or one that was cut short or changed',
    OTHER_BACKUP,
  ],
  BACKUP_CONTENT: [
    'notAuthentic',
    'statements that are not those that the authority signed',
    'run strongroom authority fsck where it came from; do not restore from it',
  ],
  LOG_KEYS: [
    'unsupported',
    'the file of the log’s keys is missing, malformed or not named by any epoch',
    'restore the file from where you keep a copy of it',
  ],
  LOG_SIGNED_FILE: [
    'unsupported',
    'the file that says what was signed is malformed or of another log',
    'restore it from this machine’s disk, never from a backup of another time; without it nobody notices a loss',
  ],
  LOG_READ_ONLY: ['notAuthentic', 'nothing is appended: the database does not have what was signed', RESTORE],
  STORE_UNAVAILABLE: ['unreachable', 'the database cannot be reached, or is busy', SERVER],
  STORE_UNCERTAIN: ['unreachable', 'the connection was lost while something was committed', RUN_AGAIN],
  STORE_FULL: ['io', 'no space left for the database; nothing was changed', 'make room, then run it again'],
  STORE_BEHIND: ['notAuthentic', 'the database does not have what this node has signed', RESTORE],
  STORE_CORRUPT: ['notAuthentic', 'the database contradicts itself', RESTORE],
  STORE_BROKEN: [
    'io',
    'the disk failed under the database',
    'look at the disk, then start again; restore a backup if it does not come back',
  ],
  STORE_SCHEMA: [
    'unsupported',
    'the database is not there, has no tables, or those of another version',
    'look at database in authority.json; after an upgrade, docs/operating.md, "Upgrade"',
  ],
  STORE_ORIGIN: [
    'unknownSigner',
    'the database is that of another authority',
    'look at database in authority.json',
  ],
  STORE_ROLE: [
    'unsupported',
    'the database role may do more than it should, so that tenants are not kept apart',
    'use a role of its own for nodes: docs/operating.md, "PostgreSQL"',
  ],
  STORE_UNSAFE: [
    'unsupported',
    'the database is set up to lose what it acknowledged',
    'turn fsync, full_page_writes and synchronous_commit on',
  ],
  STORE_CLOSED: [
    'internal',
    'the database was used after it was closed',
    'please report it with the command that shows it',
  ],
  ADMISSION_BLOB: ['unsupported', 'a key blob that is no deposit', OTHER_BACKUP],
  ADMISSION_EPOCH: [
    'superseded',
    'a deposit for an epoch that is not in use',
    'the client deposits it again by itself',
  ],
  ADMISSION_CLIENT: [
    'unsupported',
    'a deposit of a client that may not write',
    'strongroom authority client list shows who is suspended',
  ],
} as const satisfies Record<
  AdmissionErrorCode | ConfigErrorCode | LogErrorCode | SetupErrorCode | StoreErrorCode,
  Row
>
