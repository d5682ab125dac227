import { authorityStatus, SetupError, type AuthorityStatus, type Configuration } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { defineCommand, type Context } from '../../command.ts'
import { formatBytes } from '../../quantities.ts'
import {
  AUTHORITY_OPTIONS,
  authorityOf,
  counted,
  dayText,
  timeText,
} from '../../authority/authority-options.ts'

const DAY_MS = 86_400_000
/** So long before the end of the last epoch somebody is reminded: the identity key has to be fetched. */
const REMINDER_MS = 60 * DAY_MS

/** Shows how an authority is. */
export const authorityStatusCommand = defineCommand({
  options: AUTHORITY_OPTIONS,
  notes: [
    'Looks at the database and at what this node has signed; the service may run or not. Exits with 4 if the database does not have',
    'what was signed: then nothing new is taken, and strongroom authority fsck lists what is missing.',
  ],
  examples: [
    { line: 'strongroom authority status --folder vault', purpose: 'see whether all is well' },
    { line: 'strongroom authority status --folder vault --json', purpose: 'for monitoring' },
  ],
  async run(context, _operands, values) {
    const configuration = authorityOf(context, values)
    const now = Date.now()
    const status = await authorityStatus(configuration, now)
    context.terminal.record(recordOf(configuration, status, now))
    tell(context, configuration, status, now)
    if (status.behind !== undefined) {
      context.failures.report(new SetupError('SETUP_BEHIND', status.behind))
    }
  },
})

function tell(
  { terminal }: Context,
  configuration: Configuration,
  status: AuthorityStatus,
  now: number,
): void {
  const { database, log, tenants, epochs } = status
  const sum = (of: 'clients' | 'suspended' | 'deposits' | 'bytes') =>
    tenants.reduce((total, tenant) => total + tenant[of], 0)
  terminal.heading(configuration.name)
  terminal.fields([
    ['fingerprint', configuration.identity],
    ['address', configuration.url],
    ['tenants', String(tenants.length)],
    ['clients', `${sum('clients')}${sum('suspended') > 0 ? `, ${sum('suspended')} of them suspended` : ''}`],
    ['deposits', `${sum('deposits')}, ${formatBytes(sum('bytes'))}`],
    ['log', counted(log.size, 'statement')],
    ['checkpoint', checkpointText(log, now)],
    ['epoch', epochText(status)],
    ['database', `${ENGINES[database.engine]} ${database.version}, ${formatBytes(database.bytes)}`],
  ])
  const last = epochs.at(-1)
  if (last && last.notAfter - now < REMINDER_MS) {
    terminal.warning(`the last epoch ends on ${dayText(last.notAfter)}`)
    terminal.hint('fetch the identity key, and run: strongroom authority epoch new --identity FILE')
  }
}

const ENGINES = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const

function checkpointText({ size, checkpoint }: AuthorityStatus['log'], now: number): string {
  if (!checkpoint) return 'none'
  const missing = size - checkpoint.size
  const age = ageText(now - checkpoint.signed)
  return `signed ${age} ago${missing > 0 ? `; ${counted(missing, 'statement')} not in it yet` : ''}`
}

/** `3 days`, `5 hours`, `12 minutes`, `7 seconds`: the largest unit. */
function ageText(ms: number): string {
  const units = [
    ['day', DAY_MS],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const
  const [unit, length] = units.find(([, least]) => ms >= least) ?? units[3]
  const count = Math.max(0, Math.floor(ms / length))
  return counted(count, unit)
}

function epochText({ epochs }: AuthorityStatus): string {
  const inUse = epochs.find((epoch) => epoch.inUse)
  return inUse ? `${inUse.number} of ${epochs.length}, until ${dayText(inUse.notAfter)}` : 'none is in use'
}

function recordOf({ name, url, identity }: Configuration, status: AuthorityStatus, now: number) {
  const { log, epochs, tenants, behind, ...rest } = status
  const { checkpoint } = log
  return {
    name,
    url,
    identity,
    ...rest,
    tenants: tenants.map((tenant) => ({ ...tenant, created: timeText(tenant.created) })),
    log: {
      ...log,
      checkpoint: checkpoint
        ? {
            size: checkpoint.size,
            signed: timeText(checkpoint.signed),
            ageSeconds: Math.max(0, Math.round((now - checkpoint.signed) / 1000)),
          }
        : null,
    },
    behind: behind ?? null,
    epochs: epochs.map(({ number, standing, inUse, custodian, notBefore, notAfter, digest }) => ({
      number,
      standing,
      inUse,
      custodian,
      notBefore: timeText(notBefore),
      notAfter: timeText(notAfter),
      digest: toHex(digest),
    })),
  }
}
