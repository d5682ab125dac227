import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  planOpen,
  type Input,
  type Output,
  type Plan,
  type PlannedFile,
  type SkippedEntry,
} from '@strongroom/core/seal'
import { usage } from './cli-error.ts'
import type { Context, OptionTable } from './command.ts'
import { displayName } from './escape-text.ts'
import { EXIT } from './exit-codes.ts'
import { refuseCollisions, refuseInputsAsOutputs } from './input-files.ts'
import { count } from './quantities.ts'

/** What stands for a standard stream on the command line. */
const STREAM = '-'
const STDIN = 0
const STDOUT = 1

/** Where results go. */
export const OUTPUT_OPTIONS = {
  output: {
    flags: '-o, --output <file>',
    kind: 'value',
    description: 'where the result goes; - is standard output',
    completes: 'file',
  },
  outputFolder: {
    flags: '-O, --output-folder <folder>',
    kind: 'value',
    description: 'put all results there, in the same subfolders',
    completes: 'folder',
  },
  force: { flags: '-f, --force', kind: 'flag', description: 'replace outputs that exist' },
} as const satisfies OptionTable

/** The values of `OUTPUT_OPTIONS`. */
export interface OutputValues {
  readonly output: string | undefined
  readonly outputFolder: string | undefined
  readonly force: boolean
}

/** One thing to work on. */
export interface Task {
  readonly input: Input
  readonly output: Output
  /** The input as it was named, `-` for standard input. */
  readonly inputName: string
  /** The output's path; undefined for standard output. */
  readonly outputName: string | undefined
  /** The name below the folder that was given. */
  readonly name: string | undefined
}

/** What is to be done, and how much of it there is. */
export interface Tasks {
  readonly tasks: readonly Task[]
  /** Undefined if standard input is among them. */
  readonly totalBytes: number | undefined
}

/** Something that is only read. */
export interface Source {
  readonly input: Input
  readonly inputName: string
}

/** Told of each entry of a folder that is not worked on. */
export type LeftOut = (context: Context, entry: SkippedEntry) => void

/**
 * The sealed files that are named or lie in folders, to be read and left as they are.
 *
 * @param leftOut a remark for each entry that is left out unless told
 */
export function planSources(
  context: Context,
  paths: readonly string[],
  leftOut: LeftOut = remark,
): { sources: Source[]; totalBytes: number | undefined } {
  checkCombination(paths, { output: undefined, outputFolder: undefined })
  if (paths.includes(STREAM))
    return { sources: [{ input: { fd: STDIN }, inputName: STREAM }], totalBytes: undefined }
  const { files, totalBytes } = planEach(context, paths, planOpen, { leftOut })
  return { sources: files.map(({ input }) => ({ input: { path: input }, inputName: input })), totalBytes }
}

/** What makes a plan of paths: `planSeal` or `planOpen`. */
type Planner = (paths: readonly string[], options: { outputFolder?: string | undefined }) => Plan

/**
 * What the operands and options ask for. Nothing is written yet, but for the folders of the outputs.
 *
 * @param binary whether the result must not reach a terminal
 * @throws CliError USAGE for combinations that make no sense, UNSUPPORTED if an output is an input
 */
export function planTasks(
  context: Context,
  paths: readonly string[],
  values: OutputValues,
  planner: Planner,
  binary: boolean,
): Tasks {
  checkCombination(paths, values)
  const plan = paths.includes(STREAM)
    ? undefined
    : planEach(context, paths, planner, { outputFolder: values.outputFolder })
  const tasks = plan ? plan.files.map((file) => fileTask(file, values)) : [streamTask(values)]
  if (values.output !== undefined && tasks.length > 1) {
    throw usage(
      `--output names one file, and there are ${count(tasks.length, 'input')}`,
      'use --output-folder',
    )
  }
  refuseCollisions(tasks)
  refuseInputsAsOutputs(tasks)
  for (const task of tasks) refuseTerminal(context, task, values, binary)
  if (values.outputFolder !== undefined) makeFolders(tasks)
  return { tasks, totalBytes: plan?.totalBytes }
}

function checkCombination(
  paths: readonly string[],
  { output, outputFolder }: Omit<OutputValues, 'force'>,
): void {
  if (output !== undefined && outputFolder !== undefined) {
    throw usage('--output and --output-folder exclude each other', 'give one of them')
  }
  if (paths.includes(STREAM) && paths.length > 1) {
    throw usage('standard input cannot be mixed with files', 'give - alone')
  }
  if (paths.includes(STREAM) && outputFolder !== undefined) {
    throw usage('standard input has no name in a folder', 'use --output FILE')
  }
}

/** One plan of all paths; a path that is not there is reported and does not keep the others waiting. */
function planEach(
  context: Context,
  paths: readonly string[],
  planner: Planner,
  { outputFolder, leftOut = remark }: { outputFolder?: string | undefined; leftOut?: LeftOut },
) {
  const files: PlannedFile[] = []
  for (const path of paths) {
    try {
      const plan = planner([path], { outputFolder })
      files.push(...plan.files)
      for (const entry of plan.skipped) leftOut(context, entry)
    } catch (error) {
      context.failures.report(error, path)
    }
  }
  if (files.length === 0 && context.failures.status === EXIT.ok) throw usage('there is no file to work on')
  return { files, totalBytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }
}

function remark({ terminal }: Context, { path, reason }: SkippedEntry): void {
  terminal.note(`${displayName(path)} left out: it ${reason}`)
}

function fileTask(file: { input: string; output: string; name: string }, values: OutputValues): Task {
  return {
    input: { path: file.input },
    inputName: file.input,
    name: file.name,
    ...outputOf(values.output ?? file.output, values.force),
  }
}

function streamTask(values: OutputValues): Task {
  return {
    input: { fd: STDIN },
    inputName: STREAM,
    name: undefined,
    ...outputOf(values.output ?? STREAM, values.force),
  }
}

function outputOf(name: string, overwrite: boolean): Pick<Task, 'output' | 'outputName'> {
  if (name === STREAM) return { output: { fd: STDOUT }, outputName: undefined }
  return { output: { path: name, overwrite }, outputName: name }
}

/** Ciphertext on a terminal is never wanted; plaintext only if it was asked for. */
function refuseTerminal({ terminal }: Context, task: Task, { output }: OutputValues, binary: boolean): void {
  if (task.outputName !== undefined || !terminal.outputIsTerminal || (output === STREAM && !binary)) return
  const hint = binary ? 'use --output FILE, or redirect it' : 'use --output FILE, or --output - if it is text'
  throw usage('standard output is a terminal, which binary data could upset', hint)
}

function makeFolders(tasks: readonly Task[]): void {
  const folders = tasks.flatMap(({ outputName }) => (outputName === undefined ? [] : [dirname(outputName)]))
  for (const folder of new Set(folders)) mkdirSync(folder, { recursive: true })
}
