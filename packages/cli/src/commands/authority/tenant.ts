import { addTenant, listTenants, newCharter } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { MAX_CONTAINER_BYTES, parseContainer, readRegularFile } from '@strongroom/core/container'
import { usage } from '../../cli-error.ts'
import { defineCommand } from '../../command.ts'
import { unlock } from '../../owner.ts'
import { PASSPHRASE_OPTIONS } from '../../passphrase.ts'
import { formatBytes } from '../../quantities.ts'
import { AUTHORITY_OPTIONS, authorityOf, dayText, timeText } from '../../authority/authority-options.ts'
import { personOf } from './charter.ts'

const lockedAt = (path: string) =>
  parseContainer(readRegularFile(path, MAX_CONTAINER_BYTES, 'container').bytes)

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
    personal: {
      flags: '--personal',
      kind: 'flag',
      description: 'one person owns everything: a recovery code and time decide',
      group: 'Recovery:',
    },
    officer: {
      flags: '--officer <id=card>',
      kind: 'list',
      description: 'somebody who decides, and their public card; three at least',
      completes: 'file',
      group: 'Recovery:',
    },
    ...PASSPHRASE_OPTIONS,
  },
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
    const configuration = authorityOf(context, values)
    const { identity: path, personal, officer } = values
    const wanted = path !== undefined
    if (wanted ? personal === officer.length > 0 : personal || officer.length > 0) {
      throw usage('a charter needs --identity FILE, and either --personal or some --officer ID=CARD')
    }
    const plan = personal ? ('personal' as const) : officer.map(personOf)
    // Before anything is added: a wrong passphrase leaves no tenant behind.
    const identity = wanted ? await unlock(context, values, lockedAt(path)) : undefined
    try {
      await addTenant(configuration, name, Date.now())
      const digest =
        identity && (await newCharter(configuration, { identity, tenant: name, plan, now: Date.now() }))
      context.terminal.record({ tenant: name, charter: digest ? toHex(digest) : null })
      context.terminal.done(name, digest ? `added, with its first charter, ${toHex(digest)}` : 'added')
    } finally {
      identity?.wipe()
    }
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
