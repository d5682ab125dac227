import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ContainerError } from '../../src/container/index.ts'
import type { ContainerErrorCode, Protection } from '../../src/container/index.ts'

/** How often a property is tried. */
export const RUNS = process.env['SLOW'] ? 1_000 : 20

export const NOW = new Date('2026-01-31T12:00:00.789Z')

/** One of each kind; the passphrase's work factor is low to be quick. */
export const PROTECTIONS: readonly Protection[] = [
  { kind: 'passphrase', passphrase: 'correct horse', logN: 4 },
  { kind: 'keyring', secret: 'x'.repeat(43) },
  { kind: 'none' },
]

/** For `assert.throws`: a ContainerError of that code whose message matches. */
export function isError(code: ContainerErrorCode, message = /./): (error: unknown) => boolean {
  return (error) => error instanceof ContainerError && error.code === code && message.test(error.message)
}

/** Runs `work` with a folder of its own, which is removed afterwards. */
export async function inFolder(work: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
