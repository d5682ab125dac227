import { checkBundle, type Knowledge } from '@strongroom/authority'
import { parseFingerprint } from '@strongroom/core/protocol'
import { usage } from '../../cli-error.ts'
import { defineCommand } from '../../command.ts'
import { bundleFields, bundleRecord } from './bundle-text.ts'
import { bundleIn, CUSTODIAN_OPTIONS, withFolder } from './custodian-options.ts'

/** Checks a bundle without a key. */
export const custodianVerify = defineCommand({
  operands: [{ name: '<bundle>', description: 'the bundle of a request or charter', completes: 'file' }],
  options: {
    ...CUSTODIAN_OPTIONS,
    identity: {
      flags: '--identity <fingerprint>',
      kind: 'value',
      description: 'check without a custodian’s folder, with the fingerprint of the authority alone',
    },
  },
  notes: [
    'Says every check that passed, or the first that did not. It needs no passphrase and opens nothing, and remembers nothing.',
    'With --identity everybody can do it: officers before they approve, auditors afterwards. Only the custodian’s own folder knows what the log',
    'was when it was seen last, and what was released.',
  ],
  examples: [
    { line: 'strongroom custodian verify request.bundle', purpose: 'before it is opened' },
    {
      line: 'strongroom custodian verify request.bundle --identity SHA256:bYn5…',
      purpose: 'for somebody who is not the custodian',
    },
  ],
  async run(context, [path = ''], values) {
    const { identity, folder } = values
    if (identity !== undefined && folder !== undefined) {
      throw usage('--identity and --folder exclude each other', 'give one of them')
    }
    const bundle = bundleIn(path)
    const knowledge =
      identity === undefined
        ? await withFolder(context, values, (own) => own.knowledge())
        : knowingOnly(identity)
    const checked = checkBundle(bundle, knowledge, Date.now())
    const { terminal } = context
    terminal.record(bundleRecord(checked))
    terminal.heading('every check passed')
    terminal.fields(bundleFields(checked))
  },
})

function knowingOnly(identity: string): Knowledge {
  parseFingerprint(identity, '--identity')
  const nothing = new Set<string>()
  return {
    identity,
    signers: [],
    freshness: Number.MAX_SAFE_INTEGER,
    sightings: [],
    read: 0,
    charters: new Map(),
    spent: nothing,
    releases: nothing,
    codes: nothing,
    named: nothing,
  }
}
