import { lstatSync, unlinkSync, type BigIntStats } from 'node:fs'
import { attempt } from './positional-io.ts'

/** What tells a file from what it was, and from every other: a changed content, a changed name, another file. */
export type FileState = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>

const FIELDS = ['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const

/** Whether nothing happened to a file between two looks. */
export function isSameState(before: FileState, now: FileState): boolean {
  return FIELDS.every((field) => before[field] === now[field])
}

/** Whether the file of that name is still the one that was looked at. */
export function isUnchanged(path: string, before: FileState): boolean {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return now !== undefined && isSameState(before, now)
}

/**
 * Removes a file only if it is the very one that was sealed: a newer one that took its name meanwhile stays.
 *
 * @param state `SealedFile.source`
 * @returns whether it was removed
 * @throws SealError IO
 */
export function removeIfUnchanged(path: string, state: FileState): boolean {
  if (!isUnchanged(path, state)) return false
  attempt('remove', () => unlinkSync(path), path)
  return true
}
