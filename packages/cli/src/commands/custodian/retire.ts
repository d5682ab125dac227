import {
  custodianWire,
  destroyKey,
  keysOfContainer,
  patientWire,
  provedRetirable,
  type RetirableKey,
} from '@strongroom/authority'
import { usage } from '../../cli-error.ts'
import { wholeNumber } from '../../authority/authority-options.ts'
import { defineCommand } from '../../command.ts'
import { confirm } from '../../confirmation.ts'
import { count } from '../../quantities.ts'
import { changeKeys } from './changed-keys.ts'
import { CONNECTION_OPTIONS, withConnection } from './connection.ts'
import { CUSTODIAN_OPTIONS, CUSTODY_OPTIONS, withFolder } from './custodian-options.ts'

const MOST_EPOCHS = 0xffffffff

/** Destroys the exchange key of an epoch that nothing needs any more. */
export const custodianRetire = defineCommand({
  options: {
    ...CUSTODIAN_OPTIONS,
    epoch: { flags: '--epoch <number>', kind: 'value', description: 'the epoch whose exchange key is to go' },
    force: { flags: '--force', kind: 'flag', description: 'do not ask' },
    ...CONNECTION_OPTIONS,
    ...CUSTODY_OPTIONS,
  },
  notes: [
    'Destroys the key only if it is proved that nothing needs it: this custodian has wrapped every deposit of that epoch and of those before it',
    'for a later one, the log has the certificates, and no deposit came behind them. Else it refuses, and strongroom custodian rewrap has',
    'to be run first. RSA keys stay: what they open is enclosed in deposits, and they open nothing without the session key.',
    '',
    'Copies of the folder from before still have the key. Destroy them, and make a new break-glass copy.',
  ],
  examples: [
    { line: 'strongroom custodian retire --epoch 1 --folder custody', purpose: 'asks first' },
    { line: 'strongroom custodian retire --epoch 1 --force --json', purpose: 'for scripts' },
  ],
  async run(context, _, values) {
    if (values.epoch === undefined) throw usage('--epoch is needed', 'strongroom custodian retire --epoch 1')
    const epoch = wholeNumber('--epoch', values.epoch, MOST_EPOCHS)
    const { terminal } = context
    await withFolder(context, values, async (folder) => {
      const { result: retired } = await withConnection(context, folder, values, ({ url, transport }) =>
        changeKeys(context, values, folder, async (container) => {
          const wire = patientWire(custodianWire(url, transport, keysOfContainer(container)))
          const proved = await provedRetirable(folder, wire, epoch, Date.now())
          const what = `the exchange key of epoch ${proved.epochs.join(', ')}`
          if (!values.force)
            await confirm(context, `Destroy ${what}? ${reasonOf(proved)}, and nobody has it afterwards`)
          destroyKey(container, proved)
          return proved
        }),
      )
      const { exchange, epochs, deposits, unopened } = retired
      terminal.record({ folder: folder.path, epochs, exchange, deposits, unopened })
      terminal.done(
        `epoch ${epochs.join(', ')}`,
        `its exchange key is destroyed, ${count(deposits, 'deposit')} open with later ones`,
      )
      terminal.note('copies of the folder from before still have it: destroy them, and make a new one')
    })
  },
})

const reasonOf = ({ unopened }: RetirableKey): string =>
  unopened === 0
    ? 'Nothing needs it'
    : `Nothing needs it but ${count(unopened, 'deposit')} that it does not open either`
