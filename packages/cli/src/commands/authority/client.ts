import { listClients, setClientState } from '@strongroom/authority'
import { defineCommand, type Command } from '../../command.ts'
import { formatBytes } from '../../quantities.ts'
import { AUTHORITY_OPTIONS, authorityOf, dayText, timeText } from '../../authority/authority-options.ts'

/** Lists clients. */
export const authorityClientList = defineCommand({
  options: {
    ...AUTHORITY_OPTIONS,
    tenant: { flags: '--tenant <name>', kind: 'value', description: 'those of one tenant; all unless told' },
  },
  examples: [
    { line: 'strongroom authority client list --folder vault', purpose: 'see who enrolled, and when' },
    { line: 'strongroom authority client list --folder vault --tenant research', purpose: 'of one tenant' },
  ],
  async run(context, _operands, values) {
    const { terminal } = context
    const clients = await listClients(authorityOf(context, values), values.tenant)
    terminal.record(clients.map((client) => ({ ...client, received: timeText(client.received) })))
    if (clients.length === 0) terminal.note('no client has enrolled yet')
    else {
      terminal.table(
        ['client', 'tenant', 'calls itself', 'invited as', 'enrolled', 'deposits', 'size', ''],
        clients.map(({ client, tenant, name, invited, received, deposits, bytes, state }) => [
          client,
          tenant,
          name,
          invited,
          dayText(received),
          String(deposits),
          formatBytes(bytes),
          state === 'active' ? '' : state,
        ]),
      )
    }
  },
})

/** Lets a client deposit nothing any more. */
export const authorityClientSuspend = changing('suspended', {
  notes: [
    'A client that is suspended can deposit nothing. What it has deposited stays, and it can still look at it.',
    'Suspend the client of a computer that was lost: whoever has it has the client’s key.',
  ],
  examples: [
    {
      line: 'strongroom authority client suspend c-1c4b1f0d8a2e9b7c6d5e4f30 --folder vault',
      purpose: 'after a computer was lost',
    },
    { line: 'strongroom authority client list --folder vault', purpose: 'find its id' },
  ],
})

/** Lets it deposit again. */
export const authorityClientResume = changing('active', {
  notes: ['The client can deposit again. What it kept meanwhile it sends by itself.'],
  examples: [
    {
      line: 'strongroom authority client resume c-1c4b1f0d8a2e9b7c6d5e4f30 --folder vault',
      purpose: 'after the computer was found again',
    },
    { line: 'strongroom authority client list --folder vault', purpose: 'see who is suspended' },
  ],
})

function changing(state: 'active' | 'suspended', texts: Pick<Command, 'notes' | 'examples'>): Command {
  return defineCommand({
    operands: [{ name: '<client>', description: 'its id, as strongroom authority client list shows it' }],
    options: AUTHORITY_OPTIONS,
    ...texts,
    async run(context, [client = ''], values) {
      const tenant = await setClientState(authorityOf(context, values), client, state)
      context.terminal.record({ client, tenant, state })
      context.terminal.done(client, state === 'active' ? 'may deposit again' : 'may deposit nothing')
    },
  })
}
