import {
  CustodianError,
  custodianWire,
  patientWire,
  rewrapAll,
  type RewrappedEpoch,
} from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { defineCommand } from '../../command.ts'
import { wholeNumber } from '../../authority/authority-options.ts'
import { count } from '../../quantities.ts'
import { CONNECTION_OPTIONS, withConnection } from './connection.ts'
import { CUSTODIAN_OPTIONS, CUSTODY_OPTIONS, withFolder, withKeys } from './custodian-options.ts'

/** What a batch that is on its way is given. */
const GRACE_MS = 60_000
const MOST_UNOPENED = 999_999_999

/** Wraps deposits of earlier epochs for the key of the last one. */
export const custodianRewrap = defineCommand({
  options: {
    ...CUSTODIAN_OPTIONS,
    unopened: {
      flags: '--unopened <number>',
      kind: 'value',
      description: 'give up so many deposits that open with no key: just as many as it said',
    },
    ...CONNECTION_OPTIONS,
    ...CUSTODY_OPTIONS,
  },
  graceMs: GRACE_MS,
  notes: [
    'After a new epoch with a new exchange key: opens every deposit of earlier epochs, compares it with what its owner promised, and wraps its',
    'session key for the new exchange key. The authority keeps the result beside the deposit, and releases use it from then on.',
    '',
    'It may be killed at any moment and goes on where it was. When all deposits of an epoch are wrapped, by the log and not by what the',
    'authority says, it certifies that: from then on the authority takes no deposit of that epoch, and strongroom custodian retire may destroy',
    'its key. Deposits that do not open are listed, and keep the key, until a person gives them up with --unopened: the certificate says how',
    'many they are. Each is one that could not be released today either; tell its owner first, who may still have the file and its keys.',
    '',
    'The container needs both keys: strongroom custodian rotate, or take-over if the custodian is another one than before.',
  ],
  examples: [
    {
      line: 'strongroom custodian rewrap --folder custody',
      purpose: 'after a rotation, until all is complete',
    },
    {
      line: 'strongroom custodian rewrap --folder custody --unopened 2',
      purpose: 'give up the two that do not open',
    },
    {
      line: 'strongroom custodian rewrap --folder custody --json',
      purpose: 'what became of each epoch, for programs',
    },
  ],
  async run(context, _, values) {
    const { terminal, signal } = context
    const unopened =
      values.unopened === undefined ? 0 : wholeNumber('--unopened', values.unopened, MOST_UNOPENED)
    await withFolder(context, values, async (folder) => {
      const epochs = await withConnection(context, folder, values, ({ url, transport }) =>
        withKeys(context, values, folder, async (keys) => {
          try {
            return await rewrapAll(folder, keys, patientWire(custodianWire(url, transport, keys)), {
              now: Date.now,
              signal,
              unopened,
              onProgress: ({ from, to, wrapped }) =>
                terminal.status(`epoch ${from} to ${to}: ${count(wrapped, 'deposit')} wrapped`),
            })
          } finally {
            terminal.status(undefined)
          }
        }),
      )
      terminal.record({ epochs: epochs.map(recordOf) })
      if (epochs.length === 0)
        terminal.note('nothing to wrap: all deposits are for the key of the last epoch')
      for (const epoch of epochs) {
        terminal.done(
          `epoch ${epoch.from}`,
          `${count(epoch.wrapped, 'deposit')} wrapped for epoch ${epoch.to}, ${standing(epoch)}`,
        )
        for (const id of epoch.failed) terminal.warning(`deposit ${toHex(id)} does not open`)
        for (const id of epoch.unopened) terminal.warning(`deposit ${toHex(id)} was given up`)
      }
      signal.throwIfAborted()
      const failed = epochs.flatMap((epoch) => epoch.failed)
      if (failed.length > 0) {
        const message = `${count(failed.length, 'deposit')} could not be wrapped: the key of their epoch stays`
        throw new CustodianError('CUSTODIAN_DEPOSITS', message, { digests: failed })
      }
    })
  },
})

const standing = ({ completed, failed }: RewrappedEpoch): string => {
  if (completed) return 'complete'
  return failed.length > 0 ? `${failed.length} do not open` : 'not complete yet'
}

function recordOf({ from, to, wrapped, failed, unopened, completed }: RewrappedEpoch) {
  return { from, to, wrapped, failed: failed.map(toHex), unopened: unopened.map(toHex), completed }
}
