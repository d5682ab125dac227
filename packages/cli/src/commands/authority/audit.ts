import { writeFileSync } from 'node:fs'
import { AUDIT_KINDS, auditStatements, type Audit, type AuditQuery } from '@strongroom/authority'
import { usage } from '../../cli-error.ts'
import { defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { AUTHORITY_OPTIONS, authorityOf, timeText } from '../../authority/authority-options.ts'

const FIELDS = ['index', 'kind', 'digest', 'tenant', 'client', 'received', 'proof'] as const

/** Finds statements of the log. */
export const authorityAudit = defineCommand({
  options: {
    ...AUTHORITY_OPTIONS,
    tenant: { flags: '--tenant <name>', kind: 'value', description: 'of one tenant' },
    client: { flags: '--client <id>', kind: 'value', description: 'about one client' },
    kind: { flags: '--kind <kind>', kind: 'value', description: 'of one kind', choices: AUDIT_KINDS },
    from: { flags: '--from <day>', kind: 'value', description: 'logged then or later: 2026-12-31' },
    to: { flags: '--to <day>', kind: 'value', description: 'logged before that day' },
    csv: {
      flags: '--csv <file>',
      kind: 'value',
      description: 'write them to a file, a line for each, and the checkpoint beside it',
      completes: 'file',
    },
  },
  notes: [
    'Each statement comes with the proof that it is in the tree of the checkpoint: whoever gets them needs to believe nobody.',
    'To check all that is kept: strongroom authority fsck.',
  ],
  examples: [
    {
      line: 'strongroom authority audit -f vault --kind release --json',
      purpose: 'all releases, with proofs',
    },
    {
      line: 'strongroom authority audit -f vault --from 2026-01-01 --csv year.csv',
      purpose: 'for a spreadsheet',
    },
  ],
  async run(context, _operands, values) {
    const { terminal } = context
    const { tenant, client, kind, from, to, csv } = values
    const query: AuditQuery = {
      ...(tenant !== undefined && { tenant }),
      ...(client !== undefined && { client }),
      ...(kind !== undefined && { kind: kind as NonNullable<AuditQuery['kind']> }),
      ...(from !== undefined && { from: dayOf('--from', from) }),
      ...(to !== undefined && { to: dayOf('--to', to) }),
    }
    const audit = await auditStatements(authorityOf(context, values), query)
    const { checkpoint, rows } = audit
    terminal.record({
      checkpoint,
      statements: rows.map((row) => ({ ...row, received: timeText(row.received) })),
    })
    if (csv !== undefined) {
      writeFileSync(csv, csvOf(audit), { flag: 'wx' })
      writeFileSync(`${csv}.checkpoint`, checkpoint, { flag: 'wx' })
      return terminal.done(displayName(csv), `${rows.length} statements, with their proofs`)
    }
    terminal.table(
      ['leaf', 'kind', 'tenant', 'client', 'logged', 'digest'],
      rows.map((row) => [
        String(row.index),
        row.kind,
        row.tenant,
        row.client,
        timeText(row.received),
        row.digest.slice(0, 16),
      ]),
    )
  },
})

function dayOf(option: string, text: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (ms >= 0) return ms
  throw usage(`${option}: expected a day like 2026-12-31, got ${displayName(text)}`)
}

/** RFC 4180. No field has a comma, a quote or a line feed: names and hexadecimal digits. */
function csvOf({ rows }: Audit): string {
  const lines = rows.map(({ index, kind, digest, tenant, client, received, proof }) =>
    [index, kind, digest, tenant, client, timeText(received), proof.join(' ')].join(','),
  )
  return [FIELDS.join(','), ...lines, ''].join('\r\n')
}
