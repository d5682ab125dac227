import { readFileSync } from 'node:fs'
import {
  listEpochs,
  newEpoch,
  readCustodianCard,
  validFor,
  type Configuration,
  type EpochSummary,
} from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { MAX_CONTAINER_BYTES, parseContainer, readRegularFile } from '@strongroom/core/container'
import { usage } from '../../cli-error.ts'
import { defineCommand } from '../../command.ts'
import { unlock } from '../../owner.ts'
import { PASSPHRASE_OPTIONS } from '../../passphrase.ts'
import {
  AUTHORITY_OPTIONS,
  authorityOf,
  dayText,
  timeText,
  wholeNumber,
} from '../../authority/authority-options.ts'

const DEFAULT_DAYS = 730
const MOST_DAYS = 36_500
const DAY_MS = 86_400_000

/** Signs the next epoch. */
export const authorityEpochNew = defineCommand({
  options: {
    ...AUTHORITY_OPTIONS,
    identity: {
      flags: '--identity <file>',
      kind: 'value',
      description: 'the container of the identity key, brought here for this',
      completes: 'file',
      group: 'Keys:',
    },
    custodian: {
      flags: '--custodian <card>',
      kind: 'value',
      description: 'the public card of another custodian; the same one unless told',
      completes: 'file',
      group: 'Keys:',
    },
    policy: {
      flags: '--policy <file>',
      kind: 'value',
      description: 'other terms than those of the last epoch (docs/spec/recovery.md)',
      completes: 'file',
    },
    days: {
      flags: '--days <number>',
      kind: 'value',
      description: 'how long it is valid after the end of the last one; 730 unless told',
    },
    ...PASSPHRASE_OPTIONS,
  },
  notes: [
    'Clients deposit under the epoch that began last. The new one begins at once and must end after the one before it.',
    'With the same custodian nothing else changes. With another exchange key, that one opens what is deposited from now on, and the one',
    'before what was deposited until now: it must be kept until strongroom custodian rewrap has certified that nothing needs it.',
    '',
    'New terms are kept with the epoch. Charters that were made before stay in force; what is decided from then on keeps them too.',
    '',
    'Bring the identity key for this and take it away again. The service may run meanwhile.',
  ],
  examples: [
    {
      line: 'strongroom authority epoch new --folder vault --identity /media/usb/identity.container',
      purpose: 'go on for two years more',
    },
    {
      line: 'strongroom authority epoch new -f vault --identity identity.container --custodian new.card',
      purpose: 'change the custodian',
    },
  ],
  async run(context, _operands, values) {
    const configuration = authorityOf(context, values)
    const { identity: path, custodian: card, policy, days } = values
    if (path === undefined) throw usage('--identity is needed', 'name the container of the identity key')
    const wantedDays = days === undefined ? DEFAULT_DAYS : wholeNumber('--days', days, MOST_DAYS)
    const custodian = card === undefined ? undefined : readCustodianCard(readFileSync(card, 'utf8'))
    const locked = parseContainer(readRegularFile(path, MAX_CONTAINER_BYTES, 'container').bytes)
    const now = Date.now()
    const validity = { ...validFor(1, now), notAfter: await endAfter(configuration, wantedDays, now) }
    const identity = await unlock(context, values, locked)
    try {
      const epoch = await newEpoch(configuration, {
        identity,
        validity,
        ...(custodian && { custodian }),
        ...(policy !== undefined && { terms: new Uint8Array(readFileSync(policy)) }),
        now,
      })
      context.terminal.record(recordOf(epoch))
      context.terminal.done(`epoch ${epoch.number}`, `signed and logged, until ${dayText(epoch.notAfter)}`)
    } finally {
      identity.wipe()
    }
  },
})

/** Lists epochs. */
export const authorityEpochList = defineCommand({
  options: AUTHORITY_OPTIONS,
  examples: [
    {
      line: 'strongroom authority epoch list --folder vault',
      purpose: 'see when the next one must be signed',
    },
    { line: 'strongroom authority epoch list --folder vault --json', purpose: 'with their digests' },
  ],
  async run(context, _operands, values) {
    const epochs = await listEpochs(authorityOf(context, values), Date.now())
    context.terminal.record(epochs.map(recordOf))
    context.terminal.table(
      ['epoch', 'from', 'until', 'is', 'custodian'],
      epochs.map(({ number, notBefore, notAfter, standing, inUse, custodian }) => [
        String(number),
        dayText(notBefore),
        dayText(notAfter),
        inUse ? IN_USE[standing] : NOT_IN_USE[standing],
        custodian,
      ]),
    )
  },
})

type Standing = EpochSummary['standing']

const IN_USE: Readonly<Record<Standing, string>> = {
  future: 'not begun',
  current: 'in use',
  grace: 'in use, over',
  over: 'over',
}
const NOT_IN_USE: Readonly<Record<Standing, string>> = {
  future: 'not begun',
  current: 'replaced',
  grace: 'replaced',
  over: 'over',
}

/** So many days after the end of the last epoch, or after now if that is over. */
async function endAfter(configuration: Configuration, days: number, now: number): Promise<number> {
  const last = (await listEpochs(configuration, now)).at(-1)
  return validFor(days, Math.max(last?.notAfter ?? now, now)).notBefore + days * DAY_MS
}

function recordOf({
  number,
  notBefore,
  notAfter,
  standing,
  inUse,
  custodian,
  exchange,
  digest,
}: EpochSummary) {
  return {
    number,
    notBefore: timeText(notBefore),
    notAfter: timeText(notAfter),
    standing,
    inUse,
    custodian,
    exchange,
    digest: toHex(digest),
  }
}
