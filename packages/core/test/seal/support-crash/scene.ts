import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { sealFiles } from '../../../src/seal/index.ts'
import { bytesOf, sealer, type Content } from './people.ts'

/** An operation on the files of a folder, and what must be true of them before and after. */
export interface Scene {
  readonly name: string
  /** Plaintext bytes, where a test does not ask for more. */
  readonly bytes: number
  /** Makes the folder's files. */
  prepare(folder: string, bytes: number): Promise<void>
  /** The operation: for each of its outputs the error, or undefined. */
  run(folder: string): Promise<unknown[]>
  /** For each output, whether it is what it was before or what it is to be. @throws if it is neither */
  states(folder: string): Promise<Content[]>
  /** Whether a file has all the bytes of an output. @throws if it does not */
  finished(path: string): Promise<unknown>
  /** Whether an output that exists is refused. */
  readonly exclusive?: boolean
  /** Whether the output is a stream: what it got is not called back. */
  readonly streams?: boolean
  /** Whether nothing is changed. */
  readonly readOnly?: boolean
}

/** The names that scenes give their files. */
export const PLAIN = 'plain'
export const SEALED = 'sealed.age'
export const OUT = 'out'

/** Writes a file of plaintext. */
export function write(folder: string, name: string, content: Content, bytes: number): void {
  writeFileSync(join(folder, name), bytesOf(content, bytes), { mode: 0o640 })
}

/** Writes a file of plaintext and seals it. */
export async function seal(
  folder: string,
  from: string,
  to: string,
  bytes: number,
  content: Content = 'new',
) {
  write(folder, from, content, bytes)
  const [sealed] = await sealFiles([job(folder, from, to)], sealer)
  assert.equal(sealed?.error, undefined)
}

/** What is to be sealed or opened, by the names in a folder. */
export function job(folder: string, from: string, to: string, overwrite = false) {
  return { input: { path: join(folder, from) }, output: { path: join(folder, to), overwrite } }
}

/** Runs an operation with one output. */
export async function outcome(work: () => Promise<unknown>): Promise<unknown[]> {
  try {
    await work()
    return [undefined]
  } catch (error) {
    return [error]
  }
}

/** Opens a file as a stream; by another door than the one under test. */
export async function withStream<T>(
  path: string,
  flags: string,
  use: (stream: { fd: number }) => Promise<T>,
): Promise<T> {
  const handle = await open(path, flags)
  try {
    return await use({ fd: handle.fd })
  } finally {
    await handle.close()
  }
}
