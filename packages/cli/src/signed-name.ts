import { resolve, sep } from 'node:path'

/**
 * Whether a file lies where its signed name says, as far as both say something: their components are equal
 * from the last one on. A file that was sealed alone has a name alone, and may lie in any folder.
 *
 * @param signed with `/` between components
 * @param path the plaintext's path; relative to the current folder
 */
export function liesAsSigned(signed: string, path: string): boolean {
  const names = signed.split('/').filter(Boolean)
  const places = resolve(path).split(sep).filter(Boolean)
  const common = Math.min(names.length, places.length)
  return common > 0 && names.slice(-common).every((name, i) => name === places.at(i - common))
}
