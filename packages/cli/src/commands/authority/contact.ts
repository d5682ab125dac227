import { addContact, listContacts, removeContact, type Configuration } from '@strongroom/authority'
import { usage } from '../../cli-error.ts'
import { defineCommand, type Context, type OptionTable, type OptionValues } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { AUTHORITY_OPTIONS, authorityOf } from '../../authority/authority-options.ts'

const TENANT_OPTIONS = {
  ...AUTHORITY_OPTIONS,
  tenant: { flags: '--tenant <name>', kind: 'value', description: 'of which tenant; default unless told' },
} as const satisfies OptionTable

const OPTIONS = {
  ...TENANT_OPTIONS,
  mail: { flags: '--mail <address>', kind: 'value', description: 'a mail address' },
  webhook: {
    flags: '--webhook',
    kind: 'flag',
    description: 'the program that notices.webhook in authority.json names',
  },
  client: {
    flags: '--client <id>',
    kind: 'value',
    description: 'whose owner it is; without it, the people who decide in the tenant',
  },
} as const satisfies OptionTable

/** The name of the one webhook that a configuration has. */
const WEBHOOK = 'webhook'

/** Says where somebody is told. */
export const authorityContactAdd = defineCommand({
  options: OPTIONS,
  notes: [
    'Without contacts nobody hears of a request. The owner of a client gets a link with which they cancel one; those who',
    'decide hear of every request in their tenant, and have no link.',
    '',
    'The service sends mail by notices.mail in authority.json, and tells a program by notices.webhook.',
  ],
  examples: [
    {
      line: 'strongroom authority contact add --mail desk@example.org -f vault',
      purpose: 'tell the people of a tenant',
    },
    {
      line: 'strongroom authority contact add --client c-cea133761cb1039b6b303895 --mail a@example.org',
      purpose: 'tell the owner of a client',
    },
  ],
  async run(context, _operands, values) {
    const configuration = authorityOf(context, values)
    const contact = contactOf(values)
    await addContact(configuration, contact)
    context.terminal.record(contact)
    context.terminal.done(displayName(contact.address), 'is told from now on')
    warnUnset(context, configuration, contact.channel)
  },
})

/** Tells somebody no more. */
export const authorityContactRemove = defineCommand({
  options: OPTIONS,
  examples: [
    {
      line: 'strongroom authority contact remove --mail desk@example.org -f vault',
      purpose: 'when somebody leaves',
    },
    {
      line: 'strongroom authority contact remove --client c-cea133761cb1039b6b303895 --mail a@example.org',
      purpose: 'when an address changes',
    },
  ],
  async run(context, _operands, values) {
    const contact = contactOf(values)
    await removeContact(authorityOf(context, values), contact)
    context.terminal.record(contact)
    context.terminal.done(displayName(contact.address), 'is told no more')
  },
})

/** Lists where somebody is told. */
export const authorityContactList = defineCommand({
  options: TENANT_OPTIONS,
  examples: [
    { line: 'strongroom authority contact list -f vault', purpose: 'see who hears of a request' },
    { line: 'strongroom authority contact list -f vault --json', purpose: 'for programs' },
  ],
  async run(context, _operands, values) {
    const { terminal } = context
    const { tenant = 'default' } = values
    const contacts = await listContacts(authorityOf(context, values), tenant)
    terminal.record(contacts)
    if (contacts.length === 0) {
      terminal.note(`nobody in ${tenant} hears of a request`)
      terminal.hint('strongroom authority contact add --help says how to tell them')
      return
    }
    terminal.table(
      ['who', 'by', 'where'],
      contacts.map(({ client, channel, address }) => [
        client === '' ? 'who decides' : client,
        channel,
        displayName(address),
      ]),
    )
  },
})

/** @throws CliError USAGE */
function contactOf({ mail, webhook, client = '', tenant = 'default' }: OptionValues<typeof OPTIONS>) {
  if ((mail === undefined) !== webhook) throw usage('expected either --mail ADDRESS or --webhook')
  const [channel, address] = mail === undefined ? (['webhook', WEBHOOK] as const) : (['mail', mail] as const)
  return { tenant, client, channel, address }
}

function warnUnset({ terminal }: Context, { notices }: Configuration, channel: 'mail' | 'webhook'): void {
  if (notices?.[channel]) return
  terminal.warning(`notices.${channel} is not set: nothing is sent until it is`)
  terminal.hint('docs/authority-configuration.md says what stands there; restart the service after it')
}
