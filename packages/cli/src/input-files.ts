import { fstatSync, lstatSync, realpathSync, statSync, type BigIntStats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { removeIfUnchanged, type FileState, type Input, type Output } from '@strongroom/core/seal'
import { CliError, usage } from './cli-error.ts'
import { displayName } from './escape-text.ts'
import type { Failures } from './failures.ts'

/** What this file needs to know of a task. */
export interface Places {
  readonly input: Input
  readonly output: Output
  readonly outputName: string | undefined
}

/** What is to be removed afterwards. */
export interface Removable extends Places {
  readonly inputName: string
}

// Where names differ only in case, or in how an accent is written, they are names of one file.
const FOLDS_NAMES = process.platform === 'darwin' || process.platform === 'win32'

/**
 * Refuses a plan in which an output takes the place of an input, its own or another's: with `--remove-input`,
 * or after a second mistake, that input would be lost.
 *
 * @throws CliError UNSUPPORTED
 */
export function refuseInputsAsOutputs(tasks: readonly Places[]): void {
  const place = placeFinder()
  const inputs = new Set(tasks.flatMap(({ input }) => marksOf(input, place)))
  for (const { output, outputName } of tasks) {
    if (!marksOf(output, place).some((mark) => inputs.has(mark))) continue
    const name = outputName === undefined ? 'standard output' : displayName(outputName)
    throw new CliError('UNSUPPORTED', `${name} is an input, and an output would replace it`, {
      hint: 'choose another output with --output or --output-folder, or leave that input out',
    })
  }
}

/** Refuses two outputs of one name, however they are spelled. @throws CliError USAGE */
export function refuseCollisions(tasks: readonly Places[]): void {
  const place = placeFinder()
  const seen = new Set<string>()
  for (const { outputName } of tasks) {
    if (outputName === undefined) continue
    const mark = place(outputName)
    if (seen.has(mark))
      throw usage(
        `two files would become ${displayName(outputName)}`,
        'work on them one by one, with --output',
      )
    seen.add(mark)
  }
}

/** Refuses to remove an input that cannot be told to be the one that was sealed. @throws CliError USAGE */
export function refuseToRemove(tasks: readonly Removable[]): void {
  for (const { input, inputName, outputName } of tasks) {
    if (outputName === undefined) {
      throw usage('--remove-input needs an output that is a file', 'a pipe may break after it was filled')
    }
    if ('path' in input && lstatSync(input.path, { throwIfNoEntry: false })?.isFile()) continue
    throw usage(
      `--remove-input removes files, and ${displayName(inputName)} is none`,
      'name the file that it leads to, or remove it by hand',
    )
  }
}

/** What an input is before it is sealed, for `removeSealedInput`; undefined if that cannot be said. */
export function stateOf({ input }: Removable): FileState | undefined {
  return 'path' in input ? lstatSync(input.path, { bigint: true, throwIfNoEntry: false }) : undefined
}

/**
 * Removes an input whose sealed file is safe on the disk, if it is still the file that was sealed: what somebody
 * saved under its name meanwhile is in no sealed file. Otherwise that is reported.
 */
export function removeSealedInput(
  failures: Pick<Failures, 'report'>,
  { input, inputName }: Removable,
  sealed: FileState | undefined,
): void {
  try {
    if ('path' in input && sealed && removeIfUnchanged(input.path, sealed)) return
    failures.report(
      new CliError('INPUT_CHANGED', 'it was changed after it was sealed, and is kept', {
        hint: 'the sealed file holds what it was before: seal it again',
      }),
      inputName,
    )
  } catch (error) {
    failures.report(error, inputName)
  }
}

type PlaceFinder = (path: string) => string

/** By what a file is recognised: where it lies, and what it is there, behind a link too. */
function marksOf(at: Input | Output, place: PlaceFinder): string[] {
  if (!('path' in at)) return diskMark(() => fstatSync(at.fd, { bigint: true }))
  const { path } = at
  return [
    place(path),
    ...diskMark(() => lstatSync(path, { bigint: true })),
    ...diskMark(() => statSync(path, { bigint: true })),
  ]
}

/** Nothing for what is not there, and for pipes and terminals, which are input and output without harm. */
function diskMark(look: () => BigIntStats): string[] {
  try {
    const found = look()
    return found.isFile() || found.isSymbolicLink() ? [`${found.dev} ${found.ino}`] : []
  } catch {
    return []
  }
}

/** Finds absolute paths without links in their folders; each folder is resolved once. */
function placeFinder(): PlaceFinder {
  const folders = new Map<string, string>()
  return (path) => {
    const folder = dirname(path)
    const real = folders.get(folder) ?? realFolder(folder)
    folders.set(folder, real)
    const place = join(real, basename(path))
    return FOLDS_NAMES ? place.normalize('NFC').toLowerCase() : place
  }
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return resolve(folder)
  }
}
