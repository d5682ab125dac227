import { setTimeout } from 'node:timers/promises'
import { ClientError, monitorAuthority, type MonitorReport } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import {
  AUTHORITY_OPTIONS,
  chosenAuthorities,
  enrolledKey,
  type ChosenAuthority,
} from '../../client/authority-choice.ts'
import { connectedTo } from '../../client/connection.ts'
import { wireOf } from '../../client/delivery.ts'
import { durationOf } from '../../client/duration.ts'
import { noteLevels } from '../../client/levels.ts'
import { CliError } from '../../cli-error.ts'
import { type Context, defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { openContainer, OWNER_OPTIONS } from '../../owner.ts'
import { count, formatSeconds, formatTime } from '../../quantities.ts'

const TIMEOUT_MS = 300_000

/** `strongroom monitor`. */
export const monitor = defineCommand({
  options: {
    every: {
      flags: '--every <time>',
      kind: 'value',
      description: 'look again after that time, as in 1h, until it is stopped; once unless told',
    },
    stalledAfter: {
      flags: '--stalled-after <time>',
      kind: 'value',
      description: 'raise an alarm if the log signed nothing for so long, as in 7d',
    },
    ...AUTHORITY_OPTIONS,
    ...OWNER_OPTIONS,
  },
  notes: [
    'Looks whether the log of each authority is still the one that it signed before: in receipts, and the last time it was',
    'looked at. It must have grown from what it was, its epochs must go on, and every statement in your name must be one',
    'that this computer knows. A few tiles of the log are read for that, however long it is. It also asks how many deposits',
    'the custodian has not opened yet, which strongroom status shows from then on.',
    '',
    'An alarm leaves a file of evidence, which convicts a log that was forked by its own signatures. It is raised again until',
    'somebody has done something about it. Deposits of another computer with the same keys are not known here.',
  ],
  examples: [
    { line: 'strongroom monitor', purpose: 'look once' },
    { line: 'strongroom monitor --every 1h', purpose: 'go on looking' },
    {
      line: 'strongroom monitor --stalled-after 7d -q',
      purpose: 'for a job at night: silent if all is well',
    },
  ],
  run: async (context, _operands, values) => {
    const everyMs = values.every === undefined ? undefined : durationOf(values.every, '--every')
    const stalledAfterMs =
      values.stalledAfter === undefined ? undefined : durationOf(values.stalledAfter, '--stalled-after')
    const authorities = chosenAuthorities(context, values)
    const container = await openContainer(context, values)
    try {
      for (;;) {
        for (const chosen of authorities) await look(context, chosen, container, { stalledAfterMs, everyMs })
        if (everyMs === undefined || !(await waited(context, everyMs))) return
      }
    } finally {
      container.wipe()
    }
  },
})

interface Looking {
  readonly stalledAfterMs: number | undefined
  readonly everyMs: number | undefined
}

/** Who goes on looking is told when nobody answers, and looks again. */
async function look(
  context: Context,
  chosen: ChosenAuthority,
  container: KeyContainer,
  { stalledAfterMs, everyMs }: Looking,
): Promise<void> {
  try {
    const key = enrolledKey(chosen, container)
    const credentials = {
      clientId: chosen.state.clientId,
      sign: (message: Uint8Array) => key.sign(message),
    }
    const report = await connectedTo(
      context,
      chosen.state,
      { timeoutMs: TIMEOUT_MS, credentials },
      async (client) => {
        const seen = await monitorAuthority(chosen.folder, wireOf(client), {
          now: Date.now,
          ...(stalledAfterMs !== undefined && { stalledAfterMs }),
        })
        // Whoever lies about the log is not asked for more.
        if (seen.alarms.length === 0) await noteLevels(chosen.folder, client)
        return seen
      },
    )
    tell(context, chosen, report)
  } catch (error) {
    if (context.signal.aborted) throw error
    if (everyMs === undefined || !(error instanceof Error && isPassing(error))) {
      context.failures.report(error, chosen.folder.name)
    } else context.terminal.warning(`${chosen.folder.name}: ${error.message}`)
  }
}

/** Whether the next look may go better by itself. */
function isPassing(error: Error): boolean {
  if (error instanceof CliError) return error.code === 'AUTHORITY_UNAVAILABLE'
  return error instanceof ClientError && error.code === 'CLIENT_UNREACHABLE'
}

function tell({ terminal, failures }: Context, { folder }: ChosenAuthority, report: MonitorReport): void {
  const { head, alarms, statements, aheadMs } = report
  terminal.record({
    authority: folder.name,
    log: head ? { size: head.size, signed: new Date(head.signedMs).toISOString() } : null,
    statements: statements.seen,
    unknown: statements.unknown,
    alarms,
  })
  for (const { kind, message, evidence } of alarms) {
    const hint = `the evidence is in ${displayName(evidence)}: keep it, and ask the administrator by another way`
    failures.report(new CliError('ALARM', `${folder.name}: ${kind}: ${message}`, { hint }))
  }
  if (aheadMs > 0) {
    const by = formatSeconds(aheadMs / 1000)
    terminal.warning(`the clock of ${folder.name} is ahead of this computer’s by ${by}: one of them is wrong`)
  }
  if (alarms.length > 0 || !head) return
  folder.noteLook(Date.now())
  const seen = `${count(statements.seen, 'new statement')} about you`
  terminal.done(
    folder.name,
    `all is well: ${head.size} in the log, signed ${formatTime(head.signedMs)}, ${seen}`,
  )
}

/** False if it was stopped meanwhile. */
async function waited({ signal }: Context, milliseconds: number): Promise<boolean> {
  try {
    await setTimeout(milliseconds, undefined, { signal })
    return true
  } catch {
    return false
  }
}
