import { fromHex, toHex } from '@strongroom/core/bytes'
import { checkUrl, parseFingerprint } from '@strongroom/core/protocol'
import { usage } from '../../cli-error.ts'
import { defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { CUSTODIAN_OPTIONS, digestOption, withFolder } from './custodian-options.ts'

/** Tells a custodian what its people have compared. */
export const custodianTrust = defineCommand({
  operands: [{ name: '[fingerprint]', description: 'the fingerprint of the authority, as it was read out' }],
  options: {
    ...CUSTODIAN_OPTIONS,
    charter: {
      flags: '--charter <digest>',
      kind: 'value',
      description: 'the first charter of a tenant: its digest, as its administrator says it',
    },
    url: {
      flags: '--url <address>',
      kind: 'value',
      description: 'where the authority is, for a custodian with a network',
    },
  },
  notes: [
    'The fingerprint is set once and never changed: a custodian that could be told another one could be told a wrong one. The address is',
    'no secret and proves nothing; it may change.',
    '',
    'A custodian releases nothing of a tenant whose first charter nobody compared. Its digest names the charter, and so the tenant and all',
    'its people: compare it with the administrator by voice or on paper, not by what the server says.',
  ],
  examples: [
    {
      line: 'strongroom custodian trust SHA256:bYn5… --folder custody --url https://a.example',
      purpose: 'when the authority was made with the card of this custodian',
    },
    {
      line: 'strongroom custodian trust --charter 5fb9… --folder custody',
      purpose: 'when a tenant has its first charter',
    },
  ],
  async run(context, [fingerprint], values) {
    const { charter, url } = values
    if (fingerprint === undefined && charter === undefined && url === undefined) {
      throw usage('nothing to trust: give a fingerprint, --charter or --url')
    }
    const trust = {
      ...(fingerprint !== undefined && { identity: checkedFingerprint(fingerprint) }),
      ...(charter !== undefined && { charter: fromHex(digestOption('--charter', charter)) }),
      ...(url !== undefined && { url: checkUrl(url) }),
    }
    await withFolder(context, values, (folder) => {
      folder.trust(trust)
      const { identity, url: address, charters } = folder.settings
      const { terminal } = context
      terminal.record({ folder: folder.path, identity, url: address, charters: charters.map(toHex) })
      terminal.done(displayName(folder.path), `trusts ${identity ?? 'no authority yet'}`)
    })
  },
})

function checkedFingerprint(text: string): string {
  parseFingerprint(text, 'fingerprint')
  return text
}
