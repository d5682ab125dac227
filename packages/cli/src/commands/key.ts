import { readFileSync } from 'node:fs'
import { writeFileAtomically } from '@strongroom/core/container'
import { formatSerial, parseKeyBlob, SessionKeyStore } from '@strongroom/core/keyblob'
import { exportKeyBlob } from '@strongroom/core/seal'
import { type Context, defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { namesIn } from '../listing.ts'
import { openContainer, OWNER_OPTIONS } from '../owner.ts'
import { count } from '../quantities.ts'
import { openReader, READER_OPTIONS, SESSION_KEY_SUFFIX } from '../reader.ts'
import { RECIPIENT_OPTIONS, resolveRecipients } from '../recipients.ts'
import { sealRecord, sealSentence } from '../seal-text.ts'

const NAME = { name: '<name>', description: 'the session key', completes: 'session-key' } as const
const { allowSuperseded: _, ...KEYS } = READER_OPTIONS

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
    const recipients = resolveRecipients(context, container, {
      named: values.recipient,
      self: !values.noSelf,
    })
    const { description } = values
    const signingKey = container.signingKey()
    storeOf(context).create({ name, description, recipients, signingKey, nowMs: Date.now() })
    container.wipe()
    terminal.record({ name, recipients: recipients.length, folder: folders.sessionKeys })
    terminal.done(name, `made, for ${count(recipients.length, 'recipient')}`)
  },
})

/** `strongroom key list`. */
export const keyList = defineCommand({
  options: {},
  notes: ['What lies in the folder, unverified; strongroom key show verifies one.'],
  examples: [
    { line: 'strongroom key list', purpose: 'all session keys' },
    { line: 'strongroom key list --json', purpose: 'the same for programs' },
  ],
  run: async (context) => {
    const { terminal, failures, folders } = context
    const rows: string[][] = []
    for (const name of namesIn(folders.sessionKeys, SESSION_KEY_SUFFIX)) {
      try {
        const types = parseKeyBlob(storeOf(context).exportBlob(name)).stanzas.map(({ type }) => type)
        const recipients = types.filter((type) => !type.startsWith('strongroom/'))
        terminal.record({ name, recipients: recipients.length, stanzas: types })
        rows.push([String(recipients.length), name])
      } catch (error) {
        failures.report(error, name)
      }
    }
    if (rows.length > 0) terminal.table(['recipients', 'name'], rows)
    else if (failures.status === 0) terminal.note('there is no session key yet: strongroom key new NAME')
  },
})

/** `strongroom key show`. */
export const keyShow = defineCommand({
  operands: [NAME],
  options: KEYS,
  examples: [
    { line: 'strongroom key show archive-2026', purpose: 'who made it, and that it is genuine' },
    { line: 'strongroom key show --signer me archive-2026', purpose: 'only if you made it' },
  ],
  run: async (context, [name = ''], values) => {
    const { terminal } = context
    const { identities, signers } = await openReader(context, { ...values, allowSuperseded: true })
    const key = storeOf(context).load(name, identities, signers)
    const { seal } = key
    key.wipe()
    terminal.record(sealRecord(seal))
    terminal.heading(displayName(name))
    terminal.fields([
      ['verified', sealSentence(seal)],
      ['serial number', formatSerial(seal.serial)],
      ['signed with', seal.signer.fingerprint],
    ])
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
    ...KEYS,
  },
  notes: ['It is verified before it is taken in: you or a known signer made it, under that name.'],
  examples: [
    { line: 'strongroom key import archive-2026 archive-2026.keyblob', purpose: 'brings a copy back' },
    { line: 'strongroom key import --signer bob team team.keyblob', purpose: 'only if bob made it' },
  ],
  run: async (context, [name = '', path = ''], values) => {
    const blob = Uint8Array.from(readFileSync(path === '-' ? 0 : path))
    const { identities, signers } = await openReader(context, { ...values, allowSuperseded: true })
    storeOf(context).importBlob(name, blob, { identities, signers, overwrite: values.force })
    context.terminal.record({ name, imported: true })
    context.terminal.done(name, 'verified and imported')
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

function storeOf({ folders }: Context): SessionKeyStore {
  return new SessionKeyStore(folders.sessionKeys)
}
