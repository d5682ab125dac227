import { fstatSync, lstatSync, statSync, type BigIntStats } from 'node:fs'
import type { Input } from './input.ts'
import type { Output } from './output.ts'
import { attempt } from './positional-io.ts'
import { SealError } from './seal-error.ts'

/** Whether two names are names of one file; a symbolic link is a file of its own. */
export function haveSameFile(first: string, second: string): boolean {
  const [a, b] = [first, second].map((path) => keyOf(() => lstatSync(path, { bigint: true })))
  return a !== undefined && a === b
}

/** The files that are read in one call. */
export class InputFiles {
  readonly #keys: ReadonlySet<string | undefined>

  constructor(inputs: readonly Input[]) {
    this.#keys = new Set(inputs.map((input) => keyOf(() => look(input))))
  }

  /**
   * Looks at an output before anything is opened.
   *
   * A descriptor must be open: the number of a closed one would soon be that of another file. A file must not be
   * one of the inputs, which would be lost.
   *
   * @throws SealError UNSUPPORTED if an input and the output are the same file; IO
   */
  checkOutput(output: Output): void {
    if (!('path' in output)) {
      attempt('write', () => fstatSync(output.fd))
      return
    }
    const { path } = output
    const key = keyOf(() => lstatSync(path, { bigint: true }))
    if (key !== undefined && this.#keys.has(key)) {
      throw new SealError('UNSUPPORTED', `${path} is input and output`, { path })
    }
  }
}

function look(input: Input): BigIntStats {
  return 'path' in input ? statSync(input.path, { bigint: true }) : fstatSync(input.fd, { bigint: true })
}

/** Tells a file whatever its names; undefined for what cannot be looked at: whoever opens it says why. */
function keyOf(find: () => BigIntStats): string | undefined {
  try {
    const { dev, ino } = find()
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}
