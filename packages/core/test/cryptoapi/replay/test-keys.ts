import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FieldError, Fields, isObject, type JsonObject } from './fields.ts'
import { KEYS_FORMAT, readJsonFile, VectorFileError } from './vector-file.ts'

/** The project's own keys, for files that come without theirs. */
const OWN = join(import.meta.dirname, '../vectors/keys.json')

/** The blobs of the fixed test keys: `kx1024.private`, `kx1024.public`. */
export type TestKeys = ReadonlyMap<string, Uint8Array>

/**
 * The keys for a file of vectors: those of the keys.json beside it, or the project's own if there is none.
 *
 * @throws VectorFileError for a keys.json that is none
 */
export function keysFor(path: string): TestKeys {
  const beside = join(dirname(path), 'keys.json')
  const chosen = existsSync(beside) ? beside : OWN
  return parseKeys(chosen, readJsonFile(chosen))
}

function parseKeys(path: string, object: JsonObject): TestKeys {
  const { format, keys } = object
  if (format !== KEYS_FORMAT || !isObject(keys))
    throw new VectorFileError(`${path}: not in the format ${KEYS_FORMAT}`)
  const blobs = new Map<string, Uint8Array>()
  for (const [name, key] of Object.entries(keys)) {
    if (!isObject(key)) throw new VectorFileError(`${path}: the key ${name} is no object`)
    blobs.set(`${name}.private`, blobOf(path, key, 'privateKeyBlob'))
    blobs.set(`${name}.public`, blobOf(path, key, 'publicKeyBlob'))
  }
  return blobs
}

function blobOf(path: string, key: JsonObject, field: string): Uint8Array {
  try {
    return new Fields(key).bytes(field)
  } catch (error) {
    throw new VectorFileError(`${path}: ${error instanceof FieldError ? error.message : String(error)}`)
  }
}
