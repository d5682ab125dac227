import type { DepositStatus } from '@strongroom/core/client'
import { AUTHORITY_OPTIONS, chosenAuthorities, type ChosenAuthority } from '../../client/authority-choice.ts'
import { deliver, patience } from '../../client/delivery.ts'
import { askLevels } from '../../client/levels.ts'
import { standingOf, type Standing } from '../../client/standing.ts'
import { attemptText, standingFields, standingRecord } from '../../client/standing-text.ts'
import { CliError } from '../../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { OWNER_OPTIONS } from '../../owner.ts'
import { count } from '../../quantities.ts'

const OPTIONS = {
  all: { flags: '-a, --all', kind: 'flag', description: 'list deposits that are safe too' },
  check: {
    flags: '--check',
    kind: 'flag',
    description: 'fail if anything waits, was refused, or is not proved: for scripts',
  },
  verify: { flags: '--verify', kind: 'flag', description: 'verify every receipt again' },
  levels: {
    flags: '--levels',
    kind: 'flag',
    description: 'ask the authority now how many deposits the custodian has not opened yet',
  },
  offline: { flags: '--offline', kind: 'flag', description: 'ask nobody, and send nothing' },
  ...AUTHORITY_OPTIONS,
  ...OWNER_OPTIONS,
} as const

type Values = OptionValues<typeof OPTIONS>

/** `strongroom status`. */
export const status = defineCommand({
  options: OPTIONS,
  notes: [
    'Says of every backup authority that you enrolled with what is safe there: what has a receipt that was verified. What',
    'waits is sent once more first, for a few seconds at most, unless you say --offline.',
    '',
    'Level 2 means that the custodian opened a deposit and found the key that was committed to. A receipt says that the',
    'deposit is kept and was validly signed, level 0. How many are below level 2 the authority says: strongroom monitor and',
    '--levels ask it, with your keys, and this shows what it said the last time.',
  ],
  examples: [
    { line: 'strongroom status', purpose: 'what is safe, what waits, and why' },
    { line: 'strongroom status --check -q || mail -s backup me', purpose: 'for a job at night' },
    { line: 'strongroom status --all --verify --offline', purpose: 'every receipt, verified again' },
  ],
  run: async (context, _operands, values) => {
    for (const [i, chosen] of chosenAuthorities(context, values).entries()) {
      if (i > 0) context.terminal.line()
      await showOne(context, chosen, values)
    }
  },
})

async function showOne(context: Context, chosen: ChosenAuthority, values: Values): Promise<void> {
  const { folder } = chosen
  if (!values.offline && folder.outbox.list().length > 0) {
    await deliver(context, chosen, { timeoutMs: patience(folder) })
  }
  if (values.levels && !values.offline) await askLevels(context, chosen, values)
  const standing = standingOf(folder, Date.now(), values)
  // Who only wants to know whether all is well hears nothing if it is.
  if (!values.check || !context.terminal.quiet) tell(context, standing)
  if (values.check) report(context, standing)
}

function tell({ terminal }: Context, standing: Standing): void {
  terminal.record(standingRecord(standing))
  terminal.heading(`${standing.state.name}  ${displayName(standing.state.epochs.authority)}`)
  terminal.fields(standingFields(standing))
  for (const one of standing.listed) terminal.line(`  ${nameOf(one)}  ${attemptText(one)}`)
}

function nameOf({ label, path, id }: DepositStatus): string {
  return displayName(label ?? path ?? `deposit ${id.slice(0, 16)}`)
}

/** One failure for what was refused and one for what lacks a receipt: the exit status is that of the graver. */
function report({ failures }: Context, { state, summary }: Standing): void {
  const { refused, waiting, remake, unproved, damaged } = summary.counts
  if (refused > 0) {
    failures.report(new CliError('AUTHORITY_REFUSED', `${state.name} refused ${count(refused, 'deposit')}`))
  }
  const without = waiting + remake + unproved + damaged
  if (without === 0) return
  failures.report(
    new CliError('NO_RECEIPT', `${count(without, 'deposit')} at ${state.name} without a receipt`),
  )
}
