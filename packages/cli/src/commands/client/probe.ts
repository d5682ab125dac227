import { toHex } from '@strongroom/core/bytes'
import type { ProbeVerdict } from '@strongroom/core/client'
import { AUTHORITY_OPTIONS, chosenAuthority } from '../../client/authority-choice.ts'
import { findTargets, forget, type ProbeTarget } from '../../client/probe-targets.ts'
import { probeAll, type Probed } from '../../client/probing.ts'
import { CliError, usage } from '../../cli-error.ts'
import { type Context, defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { openContainer, OWNER_OPTIONS } from '../../owner.ts'
import { formatTime } from '../../quantities.ts'

/** `strongroom probe`. */
export const probe = defineCommand({
  operands: [{ name: '[path...]', description: 'sealed files, or folders with them', completes: 'file' }],
  options: {
    key: {
      flags: '-k, --key <name>',
      kind: 'list',
      description: 'ask about the deposit of this session key of yours',
      completes: 'session-key',
    },
    serial: {
      flags: '--serial <digits>',
      kind: 'list',
      description: 'ask about the deposits with this serial number',
    },
    all: { flags: '--all', kind: 'flag', description: 'ask about all deposits that were made from here' },
    wait: { flags: '-w, --wait', kind: 'flag', description: 'wait until the custodian has answered' },
    ...AUTHORITY_OPTIONS,
    ...OWNER_OPTIONS,
  },
  notes: [
    'Level 2 says that the custodian opened a deposit once. A probe asks whether it opens today: the custodian answers with a',
    'proof that nobody makes without the session key, and this computer, which has that key in your file, compares.',
    '',
    'A custodian answers in its next round, one without a network never. Run the command again, or add --wait: a probe is asked',
    'once. It waits for seven days, and counts against what you may probe in a day.',
    '',
    'Where there is no key here to compare with, because the file is gone or a SIMPLEBLOB was deposited, you have the signed word',
    'of the custodian. What was derived from a password holds no key, and is not asked about.',
  ],
  examples: [
    { line: 'strongroom probe report.pdf.age', purpose: 'asks, or fetches the answer' },
    { line: 'strongroom probe --key backups --wait', purpose: 'the deposit of a session key' },
    { line: 'strongroom probe --all', purpose: 'everything that was deposited from here' },
  ],
  run: async (context, paths, values) => {
    const { key, serial, all, wait } = values
    if (paths.includes('-')) throw usage('a probe is about a file with a name', 'name the file')
    if (paths.length + key.length + serial.length === 0 && !all) {
      throw usage('there is nothing to ask about', 'name files, or --key, --serial or --all')
    }
    const chosen = chosenAuthority(context, values)
    const container = await openContainer(context, values)
    const targets: ProbeTarget[] = []
    try {
      targets.push(...(await findTargets(context, paths, { key, serial, all }, { chosen, container })))
      const probed = await probeAll(context, chosen, targets, { container, waits: wait })
      for (const target of targets) tell(context, chosen.folder.name, target, probed)
      tellUnproved(context, chosen.folder.name, probed)
    } finally {
      forget(targets)
      container.wipe()
    }
  },
})

const TEXTS: Readonly<Record<ProbeVerdict, string>> = {
  opens: 'opens',
  said: 'opens, as the custodian says: there is no key here to compare',
  closed: 'does NOT open',
  wrong: 'does NOT open: the answer was made without its key',
}

/** Where one deposit stands. */
function tell(
  context: Context,
  authority: string,
  { id, name }: ProbeTarget,
  probed: readonly Probed[],
): void {
  const { terminal, failures } = context
  const about = probed.find(({ probe: { ids } }) => ids.some((other) => toHex(other) === id))
  if (!about || about.outcome.state === 'unproved') return
  const { probe: asked, outcome } = about
  const record = { input: name, authority, deposit: id, probe: toHex(asked.digest) }
  if (outcome.state !== 'answered') {
    const expired = outcome.state === 'expired'
    terminal.record({ ...record, verdict: outcome.state, at: null, evidence: null })
    const message = expired ? 'nobody answered for seven days' : `asked ${formatTime(asked.payload.created)}`
    const hint = expired
      ? 'ask the administrator whether the custodian has a network; then run it again'
      : 'run it again later, or add --wait; a custodian without a network answers none'
    failures.report(new CliError('PROBE_WAITS', `${displayName(name)}: ${message}`, { hint }))
    return
  }
  const verdict = outcome.findings.find((finding) => toHex(finding.id) === id)?.verdict ?? 'closed'
  const evidence = outcome.evidence ?? null
  terminal.record({ ...record, verdict, at: new Date(outcome.atMs).toISOString(), evidence })
  const text = `${TEXTS[verdict]}, ${formatTime(outcome.atMs)}`
  if (verdict === 'opens' || verdict === 'said') {
    terminal.done(displayName(name), text)
    return
  }
  const hint = `the evidence is in ${displayName(evidence ?? '')}; deposit the key again while you have it`
  failures.report(new CliError('PROBE_FAILED', `${displayName(name)}: ${text}`, { hint }))
}

/** Answers that prove nothing. */
function tellUnproved({ failures }: Context, authority: string, probed: readonly Probed[]): void {
  for (const { probe: asked, outcome } of probed) {
    if (outcome.state !== 'unproved') continue
    const message = `${authority}: the answer to probe ${toHex(asked.digest)} proves nothing: ${outcome.message}`
    const hint = `the evidence is in ${displayName(outcome.evidence)}: keep it, and ask the administrator`
    failures.report(new CliError('PROBE_FAILED', message, { hint }))
  }
}
