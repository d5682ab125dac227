import { usage } from '../cli-error.ts'
import type { Context, OptionTable } from '../command.ts'
import { loadConfig } from '../config.ts'
import type { SealDepositValues, SealDeposits, Sealing } from './seal-deposits.ts'

const GROUP = 'Backup authority:'

/** How commands that seal deposit the keys of their files. Nothing else of a client is loaded before there is an authority. */
export const SEAL_DEPOSIT_OPTIONS = {
  authority: {
    flags: '--authority <name>',
    kind: 'value',
    description: 'deposit at this backup authority instead of the default one',
    completes: 'authority',
    group: GROUP,
  },
  noDeposit: { flags: '--no-deposit', kind: 'flag', description: 'deposit nothing', group: GROUP },
  requireReceipt: {
    flags: '--require-receipt',
    kind: 'flag',
    description: 'fail unless there is a verified receipt for every file; --remove-input waits for it',
    group: GROUP,
  },
  retention: {
    flags: '--retention <class>',
    kind: 'value',
    description: 'how long keys are to be kept, a class of the authority’s policy; standard unless told',
    group: GROUP,
  },
  plainDescription: {
    flags: '--plain-description',
    kind: 'flag',
    description: 'let the authority read the description; it is sealed unless told',
    group: GROUP,
  },
} as const satisfies OptionTable

interface Values extends SealDepositValues {
  readonly noDeposit: boolean
}

/**
 * Gets ready to deposit what will be sealed.
 *
 * @returns undefined where there is no authority, or nothing is to be deposited
 * @throws CliError USAGE for options that exclude each other; what `SealDeposits.open` throws
 */
export async function openSealDeposits(
  context: Context,
  values: Values,
  sealing: Sealing,
): Promise<SealDeposits | undefined> {
  if (values.noDeposit) {
    if (values.requireReceipt)
      throw usage('--no-deposit and --require-receipt exclude each other', 'give one of them')
    return undefined
  }
  if (
    values.authority === undefined &&
    loadConfig(context.folders.configFile).defaultAuthority === undefined
  ) {
    if (!values.requireReceipt) return undefined
    throw usage(
      'there is no backup authority to give a receipt',
      'strongroom enroll takes the invitation of one',
    )
  }
  const { SealDeposits } = await import('./seal-deposits.ts')
  return await SealDeposits.open(context, values, sealing)
}
