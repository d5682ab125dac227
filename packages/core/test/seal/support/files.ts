import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import type { Recipient } from '@strongroom/core/age'
import { sealFiles, type SealedFile, type SealJob, type SealOptions } from '@strongroom/core/seal'
import type { Person } from './people.ts'

/** A folder that is gone when the test is; outside of a test, when the file's tests are. */
export function folderFor(t?: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  if (t) t.after(remove)
  else after(remove)
  return folder
}

/** Bytes without a pattern that are the same in every run: SHAKE256 of the seed. */
export function noise(length: number, seed = 'noise'): Uint8Array {
  if (length === 0) return new Uint8Array(0)
  return new Uint8Array(createHash('shake256', { outputLength: length }).update(seed).digest())
}

/** The bytes of a file as a plain `Uint8Array`. */
export function bytesOf(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path))
}

/** Writes a file and returns its path. */
export function put(folder: string, name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** What a person seals with, for themselves and for others. */
export function sealerOf(owner: Person, others: readonly Person[] = []): SealOptions {
  const recipients: Recipient[] = [owner, ...others].map(({ identity }) => identity.recipient())
  return { recipients, signingKey: owner.signingKey, visibility: 'private', threads: 1 }
}

/** Seals one file that must succeed. */
export async function sealOne(job: SealJob, options: SealOptions): Promise<SealedFile> {
  const [result] = await sealFiles([job], options)
  assert.ok(result)
  if ('sealId' in result) return result
  throw result.error
}

/** Seals bytes under a name in a folder; returns the path of the sealed file. */
export async function sealBytes(
  folder: string,
  name: string,
  plaintext: Uint8Array,
  options: SealOptions,
): Promise<string> {
  const input = put(folder, name, plaintext)
  const path = `${input}.age`
  await sealOne({ input: { path: input }, output: { path } }, options)
  return path
}
