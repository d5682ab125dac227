import { lastSeen, setName, signersOf } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { SignerKey } from '@strongroom/core/container'
import { defineCommand } from '../../command.ts'
import { CUSTODIAN_OPTIONS, timeText, withFolder } from './custodian-options.ts'

/** Shows what a custodian remembers. */
export const custodianStatus = defineCommand({
  options: CUSTODIAN_OPTIONS,
  notes: ['Needs no passphrase: what the container says of itself is proved only when it is unlocked.'],
  examples: [
    { line: 'strongroom custodian status --folder custody', purpose: 'what it saw last, and released' },
    { line: 'strongroom custodian status --json', purpose: 'the same for programs' },
  ],
  async run(context, _, values) {
    await withFolder(context, values, (folder) => {
      const { memory } = folder
      const locked = folder.container()
      const shares = folder.shares(locked)
      const seen = lastSeen(memory)
      const all = folder.all()
      const handed = all.filter(({ subject }) => folder.releases.receipt(subject) !== undefined).length
      const [signer] = signersOf(locked.info).map((text) => SignerKey.parse(text).fingerprint)
      const { identity, freshness, url, charters } = folder.settings
      const { terminal } = context
      const custody = shares ? `${shares.threshold} of ${shares.checks.length} shares` : locked.protection
      terminal.record({
        folder: folder.path,
        identity,
        signer: signer ?? null,
        custody,
        shares: shares
          ? { set: setName(shares), threshold: shares.threshold, count: shares.checks.length }
          : null,
        freshness,
        url,
        read: memory.read,
        seen: seen ? { size: seen.size, root: toHex(seen.root), at: timeText(seen.at) } : null,
        tenants: memory.charters.map(({ tenant, number, first }) => ({
          tenant,
          charter: number,
          first: toHex(first),
        })),
        named: charters.map(toHex),
        releases: { made: all.length, handedOut: handed, forgotten: folder.memory.recovered.length },
      })
      terminal.heading(identity === null ? 'custodian of no authority yet' : `custodian of ${identity}`)
      terminal.fields([
        ['signer', signer ?? 'none'],
        ['key opens with', custody],
        ['log seen', seen ? `${seen.size} leaves, ${timeText(seen.at)}` : 'never'],
        ['log read', `${memory.read} leaves`],
        ['tenants', memory.charters.map(({ tenant }) => tenant).join(', ') || 'none'],
        ['released', `${all.length}, ${handed} of them handed out`],
      ])
    })
  },
})
