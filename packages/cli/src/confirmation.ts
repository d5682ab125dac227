import { CliError, usage } from './cli-error.ts'
import type { Context } from './command.ts'

/**
 * Asks whether something that cannot be undone is meant.
 *
 * @throws CliError INTERRUPTED if it is not; USAGE if nobody is there to say so
 */
export async function confirm({ terminal, signal }: Context, question: string): Promise<void> {
  try {
    if (await terminal.askYesNo(question, signal)) return
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'NO_PASSPHRASE')) throw error
    throw usage('this cannot be undone, and there is no terminal to ask on', 'add --force if you mean it')
  }
  throw new CliError('INTERRUPTED', 'nothing was removed', { hint: 'answer yes if you mean it' })
}
