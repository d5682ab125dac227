import { addTenant, listTenants } from '@strongroom/authority'
import { defineCommand } from '../../command.ts'
import { formatBytes } from '../../quantities.ts'
import { AUTHORITY_OPTIONS, authorityOf, dayText, timeText } from '../../authority/authority-options.ts'

/** Adds a tenant. */
export const authorityTenantAdd = defineCommand({
  operands: [{ name: '<name>', description: '1 to 64 of a to z, 0 to 9 and hyphens' }],
  options: AUTHORITY_OPTIONS,
  notes: [
    'Tenants are kept apart: no client of one finds anything of another, and on PostgreSQL the database itself sees to it.',
    'A tenant cannot be renamed or removed: its name stands in what its clients signed.',
  ],
  examples: [
    { line: 'strongroom authority tenant add research --folder vault', purpose: 'keep a department apart' },
    {
      line: 'strongroom authority invite Carol --tenant research --folder vault',
      purpose: 'then let somebody in there',
    },
  ],
  async run(context, [name = ''], values) {
    await addTenant(authorityOf(context, values), name, Date.now())
    context.terminal.record({ tenant: name })
    context.terminal.done(name, 'added')
  },
})

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
