import { invite } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { defineCommand } from '../../command.ts'
import { AUTHORITY_OPTIONS, authorityOf, timeText, wholeNumber } from '../../authority/authority-options.ts'

const DEFAULT_DAYS = 7
const MOST_DAYS = 365

/** Makes an invitation. */
export const authorityInvite = defineCommand({
  operands: [{ name: '<name>', description: 'for whom it is: your own note, which no client sees' }],
  options: {
    ...AUTHORITY_OPTIONS,
    tenant: {
      flags: '--tenant <name>',
      kind: 'value',
      description: 'the tenant that the client will belong to; default unless told',
    },
    days: { flags: '--days <number>', kind: 'value', description: 'how long it can be used; 7 unless told' },
  },
  notes: [
    'An invitation lets one client enrol, once. Until then it is a secret: whoever has it first is let in.',
    'Hand it over in person or by a way that you trust, and look at strongroom authority client list afterwards.',
    'It is shown once. The authority keeps only what it takes to recognise it.',
  ],
  examples: [
    {
      line: 'strongroom authority invite "Alice, archive" --folder vault',
      purpose: 'let somebody in, within a week',
    },
    {
      line: 'strongroom authority invite Bob --folder vault --days 1 --quiet',
      purpose: 'print the invitation and nothing else',
    },
  ],
  async run(context, [name = ''], values) {
    const { terminal } = context
    const { tenant = 'default', days } = values
    const validDays = days === undefined ? DEFAULT_DAYS : wholeNumber('--days', days, MOST_DAYS)
    const made = await invite(authorityOf(context, values), {
      tenant,
      name,
      days: validDays,
      now: Date.now(),
    })
    const expires = timeText(made.expires)
    terminal.record({ invitation: made.text, tenant, name, expires, id: toHex(made.id) })
    terminal.line(made.text)
    terminal.note(`for ${name}, of the tenant ${tenant}; it can be used once, until ${expires}`)
  },
})
