import { readFileSync } from 'node:fs'
import { writeFileAtomically, type KeyContainer } from '@strongroom/core/container'
import { KeyBlobError, NamedSessionKey, SessionKeyStore, type VerifiedSeal } from '@strongroom/core/keyblob'
import { exportKeyBlob } from '@strongroom/core/seal'
import { type Context, defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { loadNamedKey } from '../named-keys.ts'
import { openContainer, OWNER_OPTIONS } from '../owner.ts'
import { count } from '../quantities.ts'
import { KEY_READER_OPTIONS, readerOf, withReader, type FileReader } from '../reader.ts'
import { RECIPIENT_OPTIONS, resolveRecipients } from '../recipients.ts'
import { sealRecord } from '../seal-text.ts'

const NAME = { name: '<name>', description: 'the session key', completes: 'session-key' } as const
/** `strongroom key new`. */
export const keyNew = defineCommand({
  operands: [{ name: '<name>', description: 'letters, digits, dots, hyphens and underscores' }],
  options: {
    description: { flags: '-d, --description <text>', kind: 'value', description: 'say what it is for' },
    ...RECIPIENT_OPTIONS,
    ...OWNER_OPTIONS,
  },
  notes: [
    'A session key opens every file that is sealed under it, so that a key for a whole archive can be handed on or',
    'kept in one place. It lies on the disk as a key blob, encrypted for you and signed by you, and is verified each',
    'time before it is used.',
  ],
  examples: [
    {
      line: 'strongroom key new archive-2026',
      purpose: 'then: strongroom seal --key archive-2026 report.pdf',
    },
    { line: 'strongroom key new team -r bob', purpose: 'a key that bob can use too' },
  ],
  run: async (context, [name = ''], values) => {
    const { terminal, folders } = context
    const container = await openContainer(context, values)
    try {
      const recipients = resolveRecipients(context, container, {
        named: values.recipient,
        self: !values.noSelf,
      })
      const { description } = values
      const signingKey = container.signingKey()
      storeOf(context).create({ name, description, recipients, signingKey, nowMs: Date.now() })
      remember(context, container, name)
      const { fingerprint } = signingKey.signer
      terminal.record({ name, recipients: recipients.length, fingerprint, folder: folders.sessionKeys })
      terminal.done(name, `made, for ${count(recipients.length, 'recipient')}`)
    } finally {
      container.wipe()
    }
  },
})

/** `strongroom key export`. */
export const keyExport = defineCommand({
  operands: [
    {
      name: '<name>',
      description: 'the session key, or with --file a sealed file',
      completes: 'session-key',
    },
  ],
  options: {
    file: { flags: '--file', kind: 'flag', description: 'export the key blob of a sealed file: its header' },
    output: {
      flags: '-o, --output <file>',
      kind: 'value',
      description: 'write there instead of standard output',
      completes: 'file',
    },
    force: { flags: '-f, --force', kind: 'flag', description: 'replace the output if it exists' },
  },
  notes: ['A key blob is encrypted for its recipients and signed: it is as safe to keep as a sealed file.'],
  examples: [
    {
      line: 'strongroom key export archive-2026 > archive-2026.keyblob',
      purpose: 'a copy for another place',
    },
    { line: 'strongroom key export --file report.pdf.age -o report.keyblob', purpose: 'for open --key-blob' },
  ],
  run: async (context, [name = ''], { file, output, force }) => {
    const blob = file ? await exportKeyBlob(name) : storeOf(context).exportBlob(name)
    if (output === undefined) return context.terminal.raw(blob)
    writeFileAtomically(output, blob, { overwrite: force })
    context.terminal.done(displayName(output), 'written')
  },
})

/** `strongroom key import`. */
export const keyImport = defineCommand({
  operands: [
    { name: '<name>', description: 'the name it was made under' },
    { name: '<file>', description: 'the key blob, or - for standard input', completes: 'file' },
  ],
  options: {
    force: { flags: '-f, --force', kind: 'flag', description: 'replace the session key of that name' },
    ...KEY_READER_OPTIONS,
  },
  notes: [
    'It is verified before it is taken in: you or a known signer made it, under that name, and it is not older than',
    'one that was here before. To seal under what somebody else made, strongroom seal needs --key-signer.',
  ],
  examples: [
    { line: 'strongroom key import archive-2026 archive-2026.keyblob', purpose: 'brings a copy back' },
    { line: 'strongroom key import --signer bob team team.keyblob', purpose: 'only if bob made it' },
  ],
  run: async (context, [name = '', path = ''], values) => {
    const blob = Uint8Array.from(readFileSync(path === '-' ? 0 : path))
    const seal = await withReader(context, values, (reader) =>
      takeIn(context, name, blob, values.force, reader),
    )
    context.terminal.record({ name, imported: true, ...sealRecord(seal) })
    context.terminal.done(name, `verified and imported, made by ${seal.signerName}`)
  },
})

/** `strongroom key delete`. */
export const keyDelete = defineCommand({
  operands: [NAME],
  options: { force: { flags: '-f, --force', kind: 'flag', description: 'do not ask' } },
  notes: [
    'Files that were sealed under it stay open to you and their other recipients, but no longer through it.',
  ],
  examples: [
    { line: 'strongroom key delete archive-2026', purpose: 'asks first' },
    { line: 'strongroom key delete archive-2026 --force', purpose: 'for scripts' },
  ],
  run: async (context, [name = ''], { force }) => {
    const { terminal } = context
    const store = storeOf(context)
    store.exportBlob(name)
    const { confirm } = await import('../confirmation.ts')
    if (!force) await confirm(context, `Delete the session key ${displayName(name)}?`)
    store.remove(name)
    terminal.record({ removed: name })
    terminal.done(name, 'deleted')
  },
})

function takeIn(
  context: Context,
  name: string,
  blob: Uint8Array,
  overwrite: boolean,
  { identities, signers, ledger, allowSuperseded }: FileReader,
): VerifiedSeal {
  const key = NamedSessionKey.open(name, blob, identities, signers)
  key.wipe()
  if (!allowSuperseded) ledger.check(key.seal)
  storeOf(context).importBlob(name, blob, { identities, signers, overwrite })
  ledger.record(key.seal)
  return key.seal
}

/** So that an older blob of that name is noticed from now on. One that is for others alone is of no use here. */
function remember(context: Context, container: KeyContainer, name: string): void {
  const reader = readerOf(context, { signer: undefined, allowSuperseded: false }, container)
  try {
    loadNamedKey(context, name, reader).wipe()
  } catch (error) {
    if (error instanceof KeyBlobError && error.code === 'NO_KEY') return
    storeOf(context).remove(name)
    throw error
  }
}

function storeOf({ folders }: Context): SessionKeyStore {
  return new SessionKeyStore(folders.sessionKeys)
}
