import { readdirSync } from 'node:fs'

/** The names of the files in a folder that have a suffix, without it, sorted; none if there is no folder. */
export function namesIn(folder: string, suffix: string): string[] {
  return entriesOf(folder)
    .filter((name) => name.endsWith(suffix) && name.length > suffix.length)
    .map((name) => name.slice(0, -suffix.length))
    .sort()
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
