import { AUDIT_KINDS, auditFormOf, withAudit, writeAuditFile, type AuditQuery } from '@strongroom/authority'
import { toHex, utf8Decode } from '@strongroom/core/bytes'
import type { AuditStatement } from '@strongroom/core/client'
import { AUTHORITY_OPTIONS, authorityOf, timeText } from '../../authority/authority-options.ts'
import { usage } from '../../cli-error.ts'
import { defineCommand, type OptionTable, type OptionValues } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { count } from '../../quantities.ts'

const QUERY_OPTIONS = {
  ...AUTHORITY_OPTIONS,
  tenant: { flags: '--tenant <name>', kind: 'value', description: 'of one tenant' },
  client: { flags: '--client <id>', kind: 'value', description: 'about one client' },
  kind: { flags: '--kind <kind>', kind: 'value', description: 'of one kind', choices: AUDIT_KINDS },
  from: { flags: '--from <day>', kind: 'value', description: 'logged then or later: 2026-12-31' },
  to: { flags: '--to <day>', kind: 'value', description: 'logged before that day' },
} as const satisfies OptionTable

/** So many are listed; an export has all. */
const MOST_LISTED = 1_000

/** Finds statements of the log. */
export const authorityAuditSearch = defineCommand({
  options: QUERY_OPTIONS,
  notes: [
    'To hand statements to somebody who believes nobody: strongroom authority audit export. To check all that is kept here:',
    'strongroom authority fsck.',
  ],
  examples: [
    { line: 'strongroom authority audit search -f vault --kind release', purpose: 'list all releases' },
    {
      line: 'strongroom authority audit search -f vault --kind approval --json',
      purpose: 'with what was signed, a line for each',
    },
  ],
  async run(context, _operands, values) {
    const { terminal } = context
    await withAudit(authorityOf(context, values), queryOf(values), async ({ rows }) => {
      const listed: AuditStatement[] = []
      let more = false
      for await (const row of rows) {
        terminal.record(recordOf(row))
        more = listed.length === MOST_LISTED
        if (more && !terminal.json) break
        if (!more) listed.push(row)
      }
      terminal.table(
        ['leaf', 'kind', 'tenant', 'client', 'logged', 'digest'],
        listed.map(({ index, kind, tenant, client, received, digest }) => [
          String(index),
          kind,
          tenant,
          client,
          timeText(received),
          toHex(digest).slice(0, 16),
        ]),
      )
      if (listed.length === 0) terminal.note('there is no such statement')
      if (more) terminal.note(`these are the first ${MOST_LISTED}: search for less, or export them`)
    })
  },
})

/** Writes statements with their proofs to a file. */
export const authorityAuditExport = defineCommand({
  operands: [
    {
      name: '<file>',
      description: 'a new file, .json or .csv; beside .csv another is written, .csv.proof',
      completes: 'file',
    },
  ],
  options: {
    statements: {
      flags: '--statements',
      kind: 'flag',
      description: 'with the statements themselves, whose signatures can be checked then too',
    },
    ...QUERY_OPTIONS,
  },
  notes: [
    'Each statement comes with the proof that it is in the tree of the checkpoint: whoever gets the file, and knows the fingerprint of',
    'the authority, checks it years later without asking anybody. The statements have names and descriptions in them that are not',
    'sealed, and nothing that opens a deposit.',
  ],
  examples: [
    {
      line: 'strongroom authority audit export releases.json -f vault --kind release --statements',
      purpose: 'all releases, for an auditor',
    },
    {
      line: 'strongroom authority audit export year.csv -f vault --from 2026-01-01 --to 2027-01-01',
      purpose: 'a year, for a spreadsheet',
    },
  ],
  async run(context, [file = ''], values) {
    const form = auditFormOf(file)
    if (!form) throw usage(`${displayName(file)}: expected a name that ends with .json or .csv`)
    await withAudit(authorityOf(context, values), queryOf(values), async (audit) => {
      const { statements } = values
      const written = await writeAuditFile(file, audit, { form, statements })
      context.terminal.record({ file, form, statements: written, of: audit.size, included: statements })
      context.terminal.done(
        displayName(file),
        `${count(written, 'statement')} of ${audit.size}, with proofs; strongroom authority audit verify checks it`,
      )
    })
  },
})

function queryOf({ tenant, client, kind, from, to }: OptionValues<typeof QUERY_OPTIONS>): AuditQuery {
  return {
    ...(tenant !== undefined && { tenant }),
    ...(client !== undefined && { client }),
    ...(kind !== undefined && { kind: kind as NonNullable<AuditQuery['kind']> }),
    ...(from !== undefined && { from: dayOf('--from', from) }),
    ...(to !== undefined && { to: dayOf('--to', to) }),
  }
}

function recordOf({ digest, received, proof, statement, ...row }: AuditStatement) {
  // A deposit is no JSON; its digest is that of its bytes.
  const said: unknown = row.kind === 'deposit' || !statement ? null : JSON.parse(utf8Decode(statement))
  return {
    ...row,
    digest: toHex(digest),
    received: timeText(received),
    proof: proof.map(toHex),
    statement: said,
  }
}

function dayOf(option: string, text: string): number {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (ms >= 0) return ms
  throw usage(`${option}: expected a day like 2026-12-31, got ${displayName(text)}`)
}
