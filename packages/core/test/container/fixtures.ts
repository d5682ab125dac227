import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ContainerError } from '../../src/container/index.ts'
import type { ContainerErrorCode } from '../../src/container/index.ts'

/** How often a property is tried. */
export const RUNS = process.env['SLOW'] ? 1_000 : 20

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
