import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { bytesOf } from './files.ts'

/** What a file is and what stands beside it, to be compared with later. */
export interface Trace {
  readonly inode: bigint
  readonly mode: number
  readonly bytes: Uint8Array
  readonly neighbours: readonly string[]
}

export function traceOf(path: string): Trace {
  const { ino, mode } = statSync(path, { bigint: true })
  const neighbours = readdirSync(dirname(path)).sort()
  return { inode: ino, mode: Number(mode & 0o777n), bytes: bytesOf(path), neighbours }
}

/** Asserts that a file is what it was, byte for byte, and that nothing appeared beside it. */
export function assertUntouched(path: string, before: Trace): void {
  const now = traceOf(path)
  assert.equal(Buffer.compare(now.bytes, before.bytes), 0, 'the file was changed')
  assert.deepEqual({ ...now, bytes: 0 }, { ...before, bytes: 0 })
}
