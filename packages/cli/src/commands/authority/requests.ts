import { listRequests } from '@strongroom/authority'
import { RECOVERY_PHASES, type RecoveryPhase } from '@strongroom/core/protocol'
import { defineCommand } from '../../command.ts'
import { AUTHORITY_OPTIONS, authorityOf, timeText } from '../../authority/authority-options.ts'

/** Lists requests for recovery. */
export const authorityRequests = defineCommand({
  options: {
    ...AUTHORITY_OPTIONS,
    tenant: { flags: '--tenant <name>', kind: 'value', description: 'those of one tenant; all unless told' },
    state: {
      flags: '--state <state>',
      kind: 'value',
      description: 'those in that state; open: not decided',
      choices: ['open', ...Object.keys(RECOVERY_PHASES)],
    },
  },
  notes: ['The operator sees them, and decides nothing: officers approve, the custodian releases.'],
  examples: [
    { line: 'strongroom authority requests --folder vault --state open', purpose: 'see what is asked for' },
    { line: 'strongroom authority requests --folder vault --json', purpose: 'for programs' },
  ],
  async run(context, _operands, values) {
    const { terminal } = context
    const { tenant, state } = values
    const wanted = {
      now: Date.now(),
      ...(tenant !== undefined && { tenant }),
      ...(state !== undefined && { state: state as RecoveryPhase | 'open' }),
    }
    const found = await listRequests(authorityOf(context, values), wanted)
    terminal.record(
      found.map((row) => ({
        ...row,
        received: timeText(row.received),
        releasableFrom: timeText(row.releasableFrom),
        expires: timeText(row.expires),
      })),
    )
    if (found.length === 0) return terminal.note('nobody has asked for anything')
    terminal.table(
      ['request', 'tenant', 'of', 'client', 'state', 'approved by', 'not before', 'until'],
      found.map((row) => [
        row.digest.slice(0, 16),
        row.tenant,
        row.kind,
        row.client ?? '',
        row.phase,
        `${row.persons.length} of ${row.approvals} ${row.persons.join(' ')}`.trim(),
        timeText(row.releasableFrom),
        timeText(row.expires),
      ]),
    )
  },
})
