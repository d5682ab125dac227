import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  openFile,
  SealError,
  sealFiles,
  sealWithPassword,
  type Input,
  type Output,
  type SealErrorCode,
  type SealOptions,
} from '../../../src/seal/index.ts'
import { reader, sealer } from './people.ts'

/** What turns an input into an output. */
export interface Converter {
  readonly name: string
  /** @throws SealError */
  readonly convert: (input: Input, output: Output, watching?: Watching) => Promise<unknown>
}

type Watching = Pick<SealOptions, 'onProgress' | 'signal' | 'threads'>

/** Seals one file. @throws SealError, the error of its result */
export async function sealOne(input: Input, output: Output, watching: Watching = {}) {
  const [result] = await sealFiles([{ input, output }], { ...sealer, ...watching })
  assert.ok(result)
  if ('sealId' in result) return result
  throw result.error
}

/** Opens one file, as Alice or Bob. @throws SealError */
export function openOne(input: Input, output: Output, watching: Watching = {}) {
  return openFile({ input, output }, { ...reader, ...watching })
}

/** Whatever makes a file out of another: all of them refuse alike. */
export const CONVERTERS: readonly Converter[] = [
  { name: 'seal', convert: sealOne },
  {
    name: 'seal with a password',
    convert: (input, output, watching) =>
      sealWithPassword({ input, output }, { passphrase: 'correct horse', logN: 2, ...watching }),
  },
  { name: 'open', convert: openOne },
]

/** Asserts that some work is refused with that code, or one of those, and that system error as its cause, if told. */
export async function refuses(
  expected: SealErrorCode | readonly SealErrorCode[],
  work: () => Promise<unknown>,
  cause?: string,
): Promise<SealError> {
  const error = await work().then(
    () => assert.fail(`expected ${String(expected)}, but it succeeded`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof SealError, `expected ${String(expected)}, got ${String(error)}`)
  assert.ok(
    [expected].flat().includes(error.code),
    `expected ${String(expected)}, got ${error.code}: ${error.message}`,
  )
  if (cause !== undefined) assert.equal((error.cause as NodeJS.ErrnoException).code, cause)
  return error
}

/** All names in a folder and below. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()
}

/** A path in a folder, as an input or an output. */
export function at(folder: string, name: string): { path: string } {
  return { path: join(folder, name) }
}
