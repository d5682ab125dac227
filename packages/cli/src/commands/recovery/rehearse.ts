import { CliError } from '../../cli-error.ts'
import { AUTHORITY_OPTIONS, chosenAuthority } from '../../client/authority-choice.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { OWNER_OPTIONS } from '../../owner.ts'
import { formatSeconds } from '../../quantities.ts'
import { goOn, type GoneOn } from '../../recovery/go-on.ts'
import { beginRehearsal, openRehearsal, type Rehearsal } from '../../recovery/rehearsal.ts'
import { wipeKeys } from '../../recovery/recovered.ts'

const OPTIONS = {
  codeFile: {
    flags: '--code-file <file>',
    kind: 'value',
    description: 'spend a recovery code on it, where the charter asks for evidence; - is standard input',
    completes: 'file',
  },
  wait: { flags: '-w, --wait', kind: 'flag', description: 'wait until it is decided' },
  ...AUTHORITY_OPTIONS,
  ...OWNER_OPTIONS,
} as const

/** `strongroom rehearse`. */
export const rehearse = defineCommand({
  options: OPTIONS,
  notes: [
    'Deposits a key that opens nothing, and asks for it back as if everything were lost: officers are asked and have to answer,',
    'the waiting time passes, the custodian has to release it. What comes back is compared with what was deposited. So you',
    'know whether keys could be recovered today, and how long it would take. Somebody of the charter runs it, and does not',
    'count: it asks in the class third-party.',
    '',
    'Run it again to go on; the exit status is 18 as long as it waits.',
  ],
  examples: [
    { line: 'strongroom rehearse', purpose: 'begins, or looks how far it is' },
    { line: 'strongroom rehearse --wait --json', purpose: 'for a job once a quarter' },
  ],
  run: async (context, _operands, values) => {
    const chosen = chosenAuthority(context, values)
    const rehearsal = openRehearsal(context, chosen) ?? (await beginRehearsal(context, chosen, values))
    const { folder, container } = rehearsal
    const lock = folder.lock()
    try {
      const gone = await going(context, rehearsal, values)
      wipeKeys(gone.keys)
      tell(context, rehearsal, gone)
      folder.finish()
    } finally {
      lock.release()
      container.wipe()
    }
  },
})

async function going(
  context: Context,
  { folder, container }: Rehearsal,
  { wait }: OptionValues<typeof OPTIONS>,
): Promise<GoneOn> {
  try {
    return await goOn(context, folder, { container, wait })
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'RECOVERY_WAITS')) throw error
    throw new CliError('RECOVERY_WAITS', `could we recover today? not proved yet: ${error.message}`, {
      cause: error,
      hint: 'run strongroom rehearse again later, or add --wait; ask the officers who did not answer',
    })
  }
}

function tell({ terminal }: Context, { folder }: Rehearsal, { judged }: GoneOn): void {
  const { released } = folder.load()
  if (!released) return
  const seconds = (released.releasedMs - released.requestedMs) / 1000
  const answers = (judged?.verdicts ?? []).flatMap(({ act, statement: { payload } }) =>
    act === 'approval' && 'person' in payload
      ? [{ person: payload.person, seconds: Math.max(0, payload.created - released.requestedMs) / 1000 }]
      : [],
  )
  terminal.record({ request: folder.id, couldRecover: true, seconds, answers })
  for (const { person, seconds: after } of answers)
    terminal.line(`  ${person} answered after ${formatSeconds(after)}`)
  terminal.line(`could we recover today? yes, in ${formatSeconds(seconds)}`)
}
