import { addTenant, listTenants } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { usage } from '../../cli-error.ts'
import { type Context, defineCommand } from '../../command.ts'
import { unlock } from '../../owner.ts'
import { PASSPHRASE_OPTIONS } from '../../passphrase.ts'
import { formatBytes } from '../../quantities.ts'
import { AUTHORITY_OPTIONS, authorityOf, dayText, timeText } from '../../authority/authority-options.ts'
import { containerFile, FIRST_CHARTER_OPTIONS, firstCharterOf } from '../../authority/first-charter.ts'

/** Adds a tenant. */
export const authorityTenantAdd = defineCommand({
  operands: [{ name: '<name>', description: '1 to 64 of a to z, 0 to 9 and hyphens' }],
  options: {
    ...AUTHORITY_OPTIONS,
    identity: {
      flags: '--identity <file>',
      kind: 'value',
      description: 'the container of the identity key, which signs its first charter',
      completes: 'file',
      group: 'Recovery:',
    },
    ...FIRST_CHARTER_OPTIONS,
    ...PASSPHRASE_OPTIONS,
  },
  notes: [
    'Tenants are kept apart: no client of one finds anything of another, and on PostgreSQL the database itself sees to it.',
    'With --identity it has its first charter at once, as the first tenant has; else charter new makes it later. The custodian of the',
    'authority is that of all tenants.',
    '',
    'A tenant cannot be renamed or removed: its name stands in what its clients signed.',
  ],
  examples: [
    { line: 'strongroom authority tenant add research --folder vault', purpose: 'keep a department apart' },
    {
      line: 'strongroom authority tenant add lab --identity id.container --officer bo=bo.card …',
      purpose: 'and say who decides about recovery there',
    },
    {
      line: 'strongroom authority invite Carol --tenant research --folder vault',
      purpose: 'then let somebody in there',
    },
  ],
  async run(context, [name = ''], values) {
    const configuration = authorityOf(context, values)
    const { identity: path } = values
    const charter = firstCharterOf(values)
    if ((path === undefined) !== (charter === undefined)) {
      throw usage('a charter needs --identity FILE, and either --personal or some --officer ID=CARD')
    }
    // Before anything is added: a wrong passphrase leaves no tenant behind, and neither does a bad charter.
    const identity = path === undefined ? undefined : await unlock(context, values, containerFile(path))
    try {
      const beginning = charter && identity && { ...charter, identity }
      const digest = await addTenant(configuration, name, Date.now(), beginning)
      tellAdded(context, name, digest && toHex(digest))
    } finally {
      identity?.wipe()
    }
  },
})

function tellAdded({ terminal }: Context, tenant: string, charter: string | undefined): void {
  terminal.record({ tenant, charter: charter ?? null })
  terminal.done(tenant, charter === undefined ? 'added' : `added, with its first charter, ${charter}`)
  if (charter === undefined) {
    terminal.note('nobody decides about recovery there yet: strongroom authority charter new')
    return
  }
  terminal.note('compare the charter with whoever has the custodian: strongroom custodian trust --charter')
}

/** Lists tenants. */
export const authorityTenantList = defineCommand({
  options: AUTHORITY_OPTIONS,
  examples: [
    { line: 'strongroom authority tenant list --folder vault', purpose: 'see what each has stored' },
    { line: 'strongroom authority tenant list --folder vault --json', purpose: 'for programs' },
  ],
  async run(context, _operands, values) {
    const { terminal } = context
    const tenants = await listTenants(authorityOf(context, values), Date.now())
    terminal.record(tenants.map((tenant) => ({ ...tenant, created: timeText(tenant.created) })))
    terminal.table(
      ['tenant', 'clients', 'suspended', 'invitations', 'deposits', 'size', 'since'],
      tenants.map(({ tenant, clients, suspended, invitations, deposits, bytes, created }) => [
        tenant,
        String(clients),
        String(suspended),
        String(invitations),
        String(deposits),
        formatBytes(bytes),
        dayText(created),
      ]),
    )
  },
})
