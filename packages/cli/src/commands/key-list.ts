import { formatSerial, KeyBlobError, parseKeyBlob, SessionKeyStore } from '@strongroom/core/keyblob'
import { SealError } from '@strongroom/core/seal'
import { CliError } from '../cli-error.ts'
import { type Context, defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { namesIn } from '../listing.ts'
import { loadNamedKey, SESSION_KEY_SUFFIX } from '../named-keys.ts'
import { formatTime } from '../quantities.ts'
import {
  hasContainer,
  KEY_READER_OPTIONS,
  mustAsk,
  openReader,
  withReader,
  type FileReader,
  type ReaderValues,
} from '../reader.ts'
import { sealRecord, sealSentence } from '../seal-text.ts'

/** `strongroom key list`. */
export const keyList = defineCommand({
  options: KEY_READER_OPTIONS,
  notes: [
    'Who made a session key, and when, is read from its blob and verified, if your container opens without asking or',
    'its passphrase is brought along. Otherwise what lies in the folder is listed, and nothing of it is proved.',
  ],
  examples: [
    { line: 'strongroom key list', purpose: 'all session keys' },
    { line: 'strongroom key list --json', purpose: 'the same for programs' },
  ],
  run: async (context, _operands, values) => {
    const { terminal, failures, folders } = context
    const reader = await readerWithoutAsking(context, values)
    const store = new SessionKeyStore(folders.sessionKeys)
    const rows: string[][] = []
    for (const name of namesIn(folders.sessionKeys, SESSION_KEY_SUFFIX)) {
      try {
        const stanzas = parseKeyBlob(store.exportBlob(name)).stanzas.map(({ type }) => type)
        const recipients = stanzas.filter((type) => !type.startsWith('strongroom/')).length
        const { maker, made, record } = reader ? proofOf(context, name, reader) : UNPROVED
        terminal.record({ name, recipients, stanzas, ...record })
        rows.push([String(recipients), maker, made, displayName(name)])
      } catch (error) {
        failures.report(error, name)
      }
    }
    reader?.wipe()
    if (rows.length > 0) terminal.table(['recipients', 'made by', 'made on', 'name'], rows)
    else if (failures.status === 0) terminal.note('there is no session key yet: strongroom key new NAME')
  },
})

interface KeyProof {
  readonly maker: string
  readonly made: string
  readonly record: object
}

const UNPROVED: KeyProof = { maker: 'not verified', made: '', record: { verified: false } }

/** What a blob proves. One that proves nothing is listed all the same, with the reason. */
function proofOf(context: Context, name: string, reader: FileReader): KeyProof {
  try {
    const key = loadNamedKey(context, name, reader)
    const { seal } = key
    key.wipe()
    const made = formatTime(seal.metadata.createdMs)
    return { maker: seal.signerName, made, record: { verified: true, ...sealRecord(seal) } }
  } catch (error) {
    if (!(error instanceof KeyBlobError || error instanceof SealError)) throw error
    const { code, message } = error
    return { ...UNPROVED, record: { verified: false, problem: { code, message } } }
  }
}

/** A list asks nobody for a passphrase; nor does it fail because a keyring is locked. */
async function readerWithoutAsking(context: Context, values: ReaderValues): Promise<FileReader | undefined> {
  if (mustAsk(context, values)) return undefined
  if (values.identity.length === 0 && !hasContainer(context, values)) return undefined
  try {
    return await openReader(context, values)
  } catch (error) {
    if (error instanceof CliError && error.code === 'KEYRING') return undefined
    throw error
  }
}

/** `strongroom key show`. */
export const keyShow = defineCommand({
  operands: [{ name: '<name>', description: 'the session key', completes: 'session-key' }],
  options: KEY_READER_OPTIONS,
  examples: [
    { line: 'strongroom key show archive-2026', purpose: 'who made it, and that it is genuine' },
    { line: 'strongroom key show --signer me archive-2026', purpose: 'only if you made it' },
  ],
  run: async (context, [name = ''], values) => {
    const { terminal } = context
    const seal = await withReader(context, values, (reader) => {
      const key = loadNamedKey(context, name, reader)
      key.wipe()
      return key.seal
    })
    terminal.record(sealRecord(seal))
    terminal.heading(displayName(name))
    terminal.fields([
      ['verified', sealSentence(seal)],
      ['made by', seal.signerName],
      ['made on', formatTime(seal.metadata.createdMs)],
      ['serial number', formatSerial(seal.serial)],
      ['signed with', seal.signer.fingerprint],
    ])
  },
})
