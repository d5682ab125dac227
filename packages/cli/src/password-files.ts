import { openFile, SealError, sealWithPassword, type OpenedFile } from '@strongroom/core/seal'
import { CliError } from './cli-error.ts'
import type { Context } from './command.ts'
import { displayName } from './escape-text.ts'
import { removeSealedInput, stateOf } from './input-files.ts'
import type { Task, Tasks } from './outputs.ts'
import { newPassphrase, notOfContainer, withPassphrase, type PassphraseValues } from './passphrase.ts'
import { ProgressLine } from './progress.ts'
import { formatBytes } from './quantities.ts'
import { passwordReader } from './reader.ts'

/** Encrypts each file under one passphrase, asked for once. */
export async function sealAllWithPassword(
  context: Context,
  { tasks, totalBytes }: Tasks,
  values: PassphraseValues & { readonly removeInput: boolean },
): Promise<void> {
  const { terminal, failures, signal } = context
  const what = tasks.length === 1 ? 'this file' : 'these files'
  const passphrase = await newPassphrase(notOfContainer(context), values, what)
  const progress = new ProgressLine(terminal, {
    verb: 'sealing',
    names: tasks.map(({ inputName }) => inputName),
    totalBytes,
  })
  for (const [job, task] of tasks.entries()) {
    try {
      const before = stateOf(task)
      const onProgress = ({ doneBytes }: { doneBytes: number }) => progress.update({ job, doneBytes })
      const { plaintextBytes, sealedBytes } = await sealWithPassword(task, { passphrase, signal, onProgress })
      terminal.record({
        input: task.inputName,
        output: task.outputName ?? null,
        proof: 'password',
        plaintextBytes,
        sealedBytes,
      })
      if (task.outputName !== undefined) {
        terminal.done(
          displayName(task.outputName),
          `encrypted under a passphrase, ${formatBytes(plaintextBytes)}`,
        )
      }
      if (values.removeInput) removeSealedInput(failures, task, before)
    } catch (error) {
      if (signal.aborted) throw error
      failures.report(error, task.inputName)
    }
  }
  progress.end()
}

/**
 * Opens a file with a passphrase, asked for again if it was mistyped.
 *
 * @throws CliError WRONG_PASSPHRASE
 */
export async function openWithPassword(
  context: Context,
  task: Task,
  values: PassphraseValues,
  options: Pick<Parameters<typeof openFile>[1], 'range' | 'onProgress' | 'signal'>,
): Promise<OpenedFile> {
  const use = async (passphrase: string) => {
    try {
      return await openFile(task, { ...passwordReader(context, passphrase), ...options })
    } catch (error) {
      throw error instanceof SealError && error.code === 'NO_KEY' ? wrong(error) : error
    }
  }
  const question = `Passphrase of ${displayName(task.inputName)}`
  return await withPassphrase(notOfContainer(context), values, question, use, isWrong)
}

function wrong(cause: SealError): CliError {
  return new CliError('WRONG_PASSPHRASE', 'this passphrase does not open it', { cause })
}

function isWrong(error: unknown): boolean {
  return error instanceof CliError && error.code === 'WRONG_PASSPHRASE'
}
