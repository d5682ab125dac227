import { bringKeys, bringRelease, fetchBundle } from '@strongroom/authority'
import { fromHex } from '@strongroom/core/bytes'
import { readRegularFile, writeFileAtomically } from '@strongroom/core/container'
import { LIMITS, RECOVERY_LIMITS } from '@strongroom/core/protocol'
import { AUTHORITY_OPTIONS, authorityOf } from '../../authority/authority-options.ts'
import { usage } from '../../cli-error.ts'
import { defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'

const REQUEST = {
  name: '<request>',
  description: 'the digest of the request or charter: 64 hexadecimal digits',
} as const
const NOTE =
  'Whoever carries the file need not be trusted: the custodian checks all that is in it, and the log what comes back.'

/** Writes a bundle. */
export const authorityCourierBundle = defineCommand({
  operands: [REQUEST],
  options: {
    ...AUTHORITY_OPTIONS,
    output: {
      flags: '-o, --output <file>',
      kind: 'value',
      description: 'where to write it; DIGEST.bundle unless told',
      completes: 'file',
    },
    seen: {
      flags: '--seen <leaves>',
      kind: 'value',
      description:
        'how many leaves the custodian has read: strongroom custodian status; all entries unless told',
    },
  },
  notes: [NOTE, 'Made again after the release is in the log, the bundle has its receipt, for hand-out.'],
  examples: [
    {
      line: 'strongroom authority courier bundle 5fb9… --folder vault -o request.bundle',
      purpose: 'for strongroom custodian open',
    },
    {
      line: 'strongroom authority courier bundle 5fb9… --folder vault --seen 1234 -o small.bundle',
      purpose: 'without the entries that the custodian has read',
    },
  ],
  async run(context, [request = ''], values) {
    const subject = digestOf(request)
    const { output = `${request.slice(0, 16)}.bundle`, seen = '0' } = values
    if (!/^\d{1,15}$/.test(seen)) {
      throw usage(`--seen: expected a number of leaves, got ${displayName(seen)}`)
    }
    const wanted = { subject, seen: Number(seen), now: Date.now() }
    const bytes = await fetchBundle(authorityOf(context, values), wanted)
    writeFileAtomically(output, bytes, { overwrite: true })
    context.terminal.record({ output, bytes: bytes.length })
    context.terminal.done(displayName(output), 'to be taken to the custodian')
  },
})

/** Brings a release back. */
export const authorityCourierRelease = defineCommand({
  operands: [{ name: '<file>', description: 'what custodian open wrote', completes: 'file' }],
  options: AUTHORITY_OPTIONS,
  notes: [NOTE],
  examples: [
    {
      line: 'strongroom authority courier release request.release --folder vault',
      purpose: 'so that everybody can see it',
    },
    {
      line: 'strongroom authority courier release charter.release -f vault',
      purpose: 'with which a charter comes into force',
    },
  ],
  async run(context, [file = ''], values) {
    const { bytes } = readRegularFile(file, LIMITS.envelopeBytes, 'release')
    await bringRelease(authorityOf(context, values), bytes, Date.now())
    context.terminal.record({ logged: true })
    context.terminal.done(displayName(file), 'is in the log')
  },
})

/** Brings key blobs back. */
export const authorityCourierKeys = defineCommand({
  operands: [REQUEST, { name: '<file>', description: 'what custodian hand-out wrote', completes: 'file' }],
  options: AUTHORITY_OPTIONS,
  notes: [NOTE, 'Nobody but the requester can open them.'],
  examples: [
    {
      line: 'strongroom authority courier keys 5fb9… request.keys --folder vault',
      purpose: 'the requester fetches them with strongroom recover',
    },
    { line: 'strongroom authority courier keys 5fb9… request.keys --json', purpose: 'for programs' },
  ],
  async run(context, [request = '', file = ''], values) {
    const { bytes: blobs } = readRegularFile(file, RECOVERY_LIMITS.bundleBytes, 'key blobs')
    await bringKeys(authorityOf(context, values), { subject: digestOf(request), blobs, now: Date.now() })
    context.terminal.record({ kept: true })
    context.terminal.done(displayName(file), 'kept for the requester')
  },
})

function digestOf(text: string): Uint8Array {
  if (/^[0-9a-f]{64}$/.test(text)) return fromHex(text)
  throw usage(`expected the 64 hexadecimal digits of a request, got ${displayName(text)}`)
}
