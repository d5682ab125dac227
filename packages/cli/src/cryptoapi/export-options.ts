import { usage } from '../cli-error.ts'
import type { OptionTable, OptionValues } from '../command.ts'
import { SIGNATURE_CHECK_OPTIONS, SIGNATURE_HASH_OPTION } from './detached-signature.ts'
import { EXPORT_FORMS, type PairForm, type SessionKeyForm } from './export-forms.ts'
import { KEY_OUTPUT_OPTIONS } from './key-output.ts'
import { USE_OPTION } from './pair-use.ts'
import { PRIVATE_KEY_OPTIONS } from './private-keys.ts'

const PAIR = 'Key pairs:'
const SESSION_KEY = 'Session keys:'

/** Options that only mean something for a key pair. */
const PAIR_OPTIONS = {
  use: {
    ...USE_OPTION,
    description: `${USE_OPTION.description}; exchange unless told or known`,
    group: PAIR,
  },
  keyId: {
    flags: '--key-id <fingerprint>',
    kind: 'value',
    description: 'which pair of the container, if there are several: SHA256:… or the start of it',
    group: PAIR,
  },
  protection: {
    flags: '--protection <protection>',
    kind: 'value',
    description:
      'of a PVK file or PKCS#8 key: strong, a password; weak, one of which 40 bits count (PVK alone); none',
    choices: ['strong', 'weak', 'none'],
    group: PAIR,
  },
  newPasswordFile: {
    flags: '--new-password-file <file>',
    kind: 'value',
    description: 'read the password of what is written from the only line of a file; asked for otherwise',
    completes: 'file',
    group: PAIR,
  },
} as const satisfies OptionTable

/** Options that only mean something for a session key. */
const SESSION_KEY_OPTIONS = {
  for: {
    flags: '--for <file>',
    kind: 'value',
    description: 'whose exchange key a SIMPLEBLOB is made for: PUBLICKEYBLOB or PEM',
    completes: 'file',
    group: SESSION_KEY,
  },
  oaep: {
    flags: '--oaep',
    kind: 'flag',
    description: 'pad it with OAEP (CRYPT_OAEP); many old programs only read PKCS #1 v1.5',
    group: SESSION_KEY,
  },
  sourceOaep: {
    flags: '--source-oaep',
    kind: 'flag',
    description: 'the SIMPLEBLOB that is read is padded with OAEP',
    group: SESSION_KEY,
  },
  signature: {
    flags: '--signature <file>',
    kind: 'value',
    description: 'verify this signature over the blob first, and open nothing that is not signed',
    completes: 'file',
    group: 'Signature:',
  },
  ...SIGNATURE_CHECK_OPTIONS,
  hash: SIGNATURE_HASH_OPTION,
} as const satisfies OptionTable

/** All options of `strongroom cryptoapi export`. */
export const EXPORT_OPTIONS = {
  to: {
    flags: '--to <form>',
    kind: 'value',
    description: 'what to write; public-blob unless told, of a session key simple-blob',
    choices: [...EXPORT_FORMS.keys()],
  },
  sessionKey: {
    flags: '--session-key <file>',
    kind: 'value',
    description: 'convert this session key (SIMPLEBLOB or PLAINTEXTKEYBLOB) instead of a key pair',
    completes: 'file',
  },
  ...KEY_OUTPUT_OPTIONS,
  ...PAIR_OPTIONS,
  ...SESSION_KEY_OPTIONS,
  ...PRIVATE_KEY_OPTIONS,
} as const satisfies OptionTable

/** The values of `EXPORT_OPTIONS`. */
export type ExportValues = OptionValues<typeof EXPORT_OPTIONS>

/** What is to be written, and of what. */
export type ExportPlan =
  | { readonly of: 'pair'; readonly name: string; readonly form: PairForm }
  | {
      readonly of: 'session key'
      readonly name: string
      readonly form: SessionKeyForm
      readonly path: string
    }

/**
 * What the options ask for.
 *
 * @throws CliError USAGE for options that do not belong together
 */
export function exportPlan(values: ExportValues): ExportPlan {
  const { sessionKey: path } = values
  const name = values.to ?? (path === undefined ? 'public-blob' : 'simple-blob')
  const form = formOf(name)
  if (path === undefined) {
    if (form.of !== 'pair')
      throw usage(`--to ${name} is for session keys`, 'name one with --session-key FILE')
    refuse(values, SESSION_KEY_OPTIONS, 'session keys')
    return { of: form.of, name, form }
  }
  if (form.of !== 'session key') throw usage(`--to ${name} is for key pairs`, 'leave --session-key out')
  refuse(values, PAIR_OPTIONS, 'key pairs')
  checkSessionKey(values, name)
  return { of: form.of, name, form, path }
}

function formOf(name: string): PairForm | SessionKeyForm {
  const form = EXPORT_FORMS.get(name)
  if (form) return form
  throw usage(`--to: expected one of ${[...EXPORT_FORMS.keys()].join(', ')}`)
}

/** Nobody shall believe that an option had an effect. */
function refuse(values: ExportValues, table: OptionTable, what: string): void {
  const given = new Map<string, unknown>(Object.entries(values))
  for (const [name, { flags }] of Object.entries(table)) {
    const value = given.get(name)
    if (value === undefined || value === false) continue
    throw usage(`${flags.split(' ')[0]} is for ${what}`, 'leave it out, or give what it belongs to')
  }
}

function checkSessionKey(values: ExportValues, name: string): void {
  if (name === 'simple-blob' && values.for === undefined) {
    throw usage('a SIMPLEBLOB is made for somebody’s public key', 'name it with --for FILE')
  }
  if (name !== 'simple-blob' && (values.for !== undefined || values.oaep)) {
    throw usage(`--for and --oaep belong to --to simple-blob, not to ${name}`, 'leave them out')
  }
  if ((values.signature === undefined) !== (values.signer === undefined)) {
    throw usage('--signature and --signer belong together', 'name the signature and the key of who made it')
  }
}
