/**
 * Replays recorded answers of a CryptoAPI provider against ours, from any files in the formats `capi-vectors/1` and
 * `capi-files/1` (packages/core/test/cryptoapi/vectors/README.md).
 *
 * Run: npm run -s vectors -- FILE...
 *
 * A file's keys come from the keys.json beside it, or else from the project's own. Prints every difference on a line of
 * its own and ends with: N passed, N failed. Exit status: 1 if a case failed, 2 for a wrong call or an unusable file.
 */
import { resolve } from 'node:path'
import {
  describe,
  KEYS_FORMAT,
  keysFor,
  parseVectorFile,
  readJsonFile,
  replay,
  type TestKeys,
  type VectorFile,
  VectorFileError,
} from '../packages/core/test/cryptoapi/replay/index.ts'

interface Recorded {
  readonly path: string
  readonly file: VectorFile
  readonly keys: TestKeys
}

const USAGE = `usage: npm run -s vectors -- FILE...

Replays recorded CryptoAPI answers (JSON, formats capi-vectors/1 and capi-files/1) and prints what differs.`

function main(paths: readonly string[]): number {
  if (paths.some((path) => path === '--help' || path === '-h')) {
    console.log(USAGE)
    return 0
  }
  if (paths.length === 0 || paths.some((path) => path.startsWith('-'))) {
    console.error(USAGE)
    return 2
  }
  try {
    return report(readAll(paths))
  } catch (error) {
    if (!(error instanceof VectorFileError)) throw error
    console.error(`vectors: ${error.message}`)
    return 2
  }
}

/** Every file is read before the first is replayed, so that a bad one is not found after minutes. */
function readAll(paths: readonly string[]): Recorded[] {
  const recorded = paths.flatMap((path) => {
    const full = resolve(process.env['INIT_CWD'] ?? '.', path) // npm runs its scripts in the project's folder
    const object = readJsonFile(full)
    // The keys come along where a whole folder is named.
    return object['format'] === KEYS_FORMAT
      ? []
      : [{ path, file: parseVectorFile(full, object), keys: keysFor(full) }]
  })
  if (recorded.length === 0) throw new VectorFileError(`${paths.join(', ')}: only keys, no cases`)
  return recorded
}

function report(recorded: readonly Recorded[]): number {
  let [passed, failed] = [0, 0]
  for (const { path, file, keys } of recorded) {
    for (const { name, differences } of replay(file, keys)) {
      if (differences.length === 0) passed += 1
      else failed += 1
      for (const difference of differences) console.log(`${path}: ${name}: ${describe(difference)}`)
    }
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

process.exitCode = main(process.argv.slice(2))
