import { lstatSync, readdirSync, statSync, type Stats } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { attempt } from './positional-io.ts'
import { SealError } from './seal-error.ts'
import { isTemporaryName } from './temporary-names.ts'

/** One file to work on. */
export interface PlannedFile {
  readonly input: string
  readonly output: string
  /** The path below the folder that was named, with `/`; the file's own name if a file was named. */
  readonly name: string
  readonly bytes: number
}

/** Something in a folder that is left out. */
export interface SkippedEntry {
  readonly path: string
  readonly reason: string
}

/** What is to be done, before anything is done. */
export interface Plan {
  readonly files: readonly PlannedFile[]
  readonly skipped: readonly SkippedEntry[]
  readonly totalBytes: number
}

/** Where outputs go. */
export interface PlanOptions {
  /** A folder that gets all outputs; by default each stands beside its input. */
  readonly outputFolder?: string | undefined
}

const SUFFIX = '.age'

/**
 * The files to seal: those named and, in folders, all below them; each becomes `<file>.age`.
 *
 * Files that are sealed already (by their name), unfinished ones of strongroom's own, symbolic links and everything that is no file are left out of
 * folders and listed; what is named itself is taken as it is.
 *
 * @throws SealError IO, UNSUPPORTED
 */
export function planSeal(paths: readonly string[], options: PlanOptions = {}): Plan {
  return plan(
    paths,
    options,
    (name) => `${name}${SUFFIX}`,
    (name) => !name.endsWith(SUFFIX),
    'is sealed already',
  )
}

/** The files to open: those named and, in folders, all below them that end in `.age`; the ending goes. @throws SealError */
export function planOpen(paths: readonly string[], options: PlanOptions = {}): Plan {
  return plan(paths, options, openedName, (name) => name.endsWith(SUFFIX), 'does not end in .age')
}

function openedName(name: string): string {
  const opened = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : ''
  // Nothing, and one or two dots, are no names for a file.
  return /^\.{0,2}$/.test(opened) ? `${name}.opened` : opened
}

function plan(
  paths: readonly string[],
  { outputFolder }: PlanOptions,
  rename: (name: string) => string,
  wanted: (name: string) => boolean,
  unwanted: string,
): Plan {
  const files: PlannedFile[] = []
  const skipped: SkippedEntry[] = []
  const add = (input: string, name: string, bytes: number) => {
    const output =
      outputFolder === undefined
        ? join(dirname(input), rename(basename(input)))
        : join(outputFolder, dirname(name), rename(basename(name)))
    files.push({ input, output, name, bytes })
  }
  for (const path of paths) {
    const named = attempt('look at', () => statSync(path), path)
    if (!named.isDirectory()) {
      add(path, basename(path), named.size)
      continue
    }
    for (const { path: input, name, found } of below(path, basename(resolve(path)))) {
      const reason = reasonToSkip(found) ?? reasonOfName(input) ?? (wanted(name) ? undefined : unwanted)
      if (reason === undefined) add(input, name, found?.size ?? 0)
      else skipped.push({ path: input, reason })
    }
  }
  refuseCollisions(files)
  return { files, skipped, totalBytes: files.reduce((sum, file) => sum + file.bytes, 0) }
}

interface Entry {
  readonly path: string
  readonly name: string
  /** Undefined if there is nothing of that name. */
  readonly found: Stats | undefined
}

/** All entries below a folder that are not folders themselves, by name; links are not followed. */
function* below(folder: string, name: string): Generator<Entry> {
  const entries = attempt('list', () => readdirSync(folder), folder).sort()
  for (const entry of entries) {
    const path = join(folder, entry)
    const entryName = `${name}/${entry}`
    const found = attempt('look at', () => lstatSync(path, { throwIfNoEntry: false }), path)
    if (found?.isDirectory()) yield* below(path, entryName)
    else yield { path, name: entryName, found }
  }
}

function reasonToSkip(found: Stats | undefined): string | undefined {
  // Names come as text: one that is not UTF-8 cannot be asked for again.
  if (!found) return 'cannot be found: it is gone, or its name is not UTF-8'
  if (found.isFile()) return undefined
  return found.isSymbolicLink() ? 'is a symbolic link' : 'is a device, pipe or socket'
}

/** Whoever was killed in its last step has left the finished file under its working name too. */
function reasonOfName(path: string): string | undefined {
  return isTemporaryName(basename(path))
    ? 'is unfinished: whoever made it works on it, or was stopped'
    : undefined
}

function refuseCollisions(files: readonly PlannedFile[]): void {
  const seen = new Set<string>()
  for (const { output } of files) {
    if (seen.has(output)) throw new SealError('EXISTS', `two files would become ${output}`, { path: output })
    seen.add(output)
  }
}
