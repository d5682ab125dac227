import { fstatSync, lstatSync, statSync, type BigIntStats } from 'node:fs'
import type { Input } from './input.ts'
import type { Output } from './output.ts'
import { SealError } from './seal-error.ts'

/** Whether two names are names of one file; a symbolic link is a file of its own. */
export function haveSameFile(first: string, second: string): boolean {
  return isSame(
    () => lstatSync(first, { bigint: true }),
    () => lstatSync(second, { bigint: true }),
  )
}

/**
 * Refuses to put an output in the place of its own input, which would then be lost.
 *
 * @throws SealError UNSUPPORTED
 */
export function refuseSameFile(input: Input, output: Output): void {
  if (!('path' in output)) return
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
