import { fstatSync, lstatSync, statSync, type BigIntStats } from 'node:fs'
import type { Input } from './input.ts'
import type { Output } from './output.ts'
import { attempt } from './positional-io.ts'
import { SealError } from './seal-error.ts'

/** Whether two names are names of one file; a symbolic link is a file of its own. */
export function haveSameFile(first: string, second: string): boolean {
  return isSame(
    () => lstatSync(first, { bigint: true }),
    () => lstatSync(second, { bigint: true }),
  )
}

/**
 * Looks at an output before anything is opened.
 *
 * A descriptor must be open: the number of a closed one would soon be that of another file. A file must not be the
 * input, which would be lost.
 *
 * @throws SealError UNSUPPORTED if input and output are the same file; IO
 */
export function checkOutput(input: Input, output: Output): void {
  if (!('path' in output)) {
    attempt('write', () => fstatSync(output.fd))
    return
  }
  const { path } = output
  const same = isSame(
    () => ('path' in input ? statSync(input.path, { bigint: true }) : fstatSync(input.fd, { bigint: true })),
    () => lstatSync(path, { bigint: true }),
  )
  if (same) throw new SealError('UNSUPPORTED', `${path} is input and output`, { path })
}

/** What cannot be looked at is not the same; whoever opens it says why. */
function isSame(first: () => BigIntStats, second: () => BigIntStats): boolean {
  try {
    const [a, b] = [first(), second()]
    return a.dev === b.dev && a.ino === b.ino
  } catch {
    return false
  }
}
