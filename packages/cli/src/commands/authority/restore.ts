import { restore, SetupError } from '@strongroom/authority'
import { defineCommand } from '../../command.ts'
import { AUTHORITY_OPTIONS, authorityOf, counted, timeText } from '../../authority/authority-options.ts'
import { CountedProgress } from '../../authority/counted-progress.ts'

/** Makes the database again from a backup. */
export const authorityRestore = defineCommand({
  operands: [{ name: '<file>', description: 'the backup', completes: 'file' }],
  options: AUTHORITY_OPTIONS,
  notes: [
    'Makes the database that authority.json names, which must not be there yet, or be empty. So a backup of SQLite goes into',
    'PostgreSQL, and back. Everything is verified first: every signature, and the tree over all statements.',
    '',
    'The folder needs authority.json and log-keys. If last-checkpoint is there too, and was signed after the backup was made, the',
    'receipts given since are broken promises: the authority starts read-only, and this command exits with 4.',
  ],
  examples: [
    {
      line: 'strongroom authority restore vault.backup --folder vault',
      purpose: 'after the database was lost',
    },
    {
      line: 'STRONGROOM_AUTHORITY_DATABASE_ENGINE=postgres strongroom authority restore vault.backup',
      purpose: 'into PostgreSQL, whose address is in the environment',
    },
  ],
  async run(context, [file = ''], values) {
    const { terminal, failures, signal } = context
    const configuration = authorityOf(context, values)
    const progress = new CountedProgress(terminal, 'restoring')
    const restored = await restore(configuration, file, {
      onProgress: (read, of) => {
        signal.throwIfAborted()
        progress.update(read, of)
      },
    })
    progress.end()
    terminal.record({ ...restored, taken: timeText(restored.taken) })
    terminal.done(
      configuration.name,
      `${counted(restored.statements, 'statement')}, as of ${timeText(restored.taken)}`,
    )
    if (restored.missing === 0) return
    failures.report(
      new SetupError(
        'SETUP_BEHIND',
        `${counted(restored.missing, 'statement')} signed after the backup was made`,
      ),
    )
  },
})
