import { statSync, type Stats } from 'node:fs'
import { basename } from 'node:path'
import { type Plan, SealError } from '@strongroom/core/seal'
import { CliError } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { type OutputValues, planTasks, type Task } from '../outputs.ts'

/**
 * What is to be done with the one input of a command; its output stands beside it unless told otherwise.
 *
 * @param suffix what the output's name ends with then
 * @param binary whether the result must not reach a terminal
 * @returns undefined if it cannot be done, which has been reported
 * @throws CliError as `planTasks`
 */
export function planOne(
  context: Context,
  path: string,
  values: Omit<OutputValues, 'outputFolder'>,
  { suffix, binary }: { readonly suffix: string; readonly binary: boolean },
): Task | undefined {
  const planner = (): Plan => {
    const bytes = lookAt(path).size
    const file = { input: path, output: `${path}${suffix}`, name: basename(path), bytes }
    return { files: [file], skipped: [], totalBytes: bytes }
  }
  const { tasks } = planTasks(context, [path], { ...values, outputFolder: undefined }, planner, binary)
  return tasks[0]
}

/** Before anybody is asked for a password. @throws SealError IO; CliError UNSUPPORTED for a folder */
function lookAt(path: string): Stats {
  const found = statOf(path)
  if (!found.isDirectory()) return found
  throw new CliError('UNSUPPORTED', `${displayName(path)} is a folder`, { hint: 'name the files in it' })
}

function statOf(path: string): Stats {
  try {
    return statSync(path)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'EIO'
    throw new SealError('IO', `cannot look at ${path}: ${code}`, { cause, path })
  }
}
