import { join } from 'node:path'
import { acquireContext, type CryptoContext, type ProviderId } from '@strongroom/core/cryptoapi'
import { FileCase } from '../replay/file-case.ts'
import { keysFor, parseVectorFile, readJsonFile } from '../replay/index.ts'

const PATH = join(import.meta.dirname, '../vectors/files.json')
const KEYS = keysFor(PATH)
const CASES = parseVectorFile(PATH, readJsonFile(PATH)).cases

/** A recorded case of files.json by its name. */
export function recorded(name: string): FileCase {
  const found = CASES.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no recorded file is called ${name}`)
  return new FileCase(found.body, KEYS)
}

/** A fixed test key as a blob: `kx1024.private`, `sig1024.public`. */
export function keyBlob(name: string): Uint8Array {
  const blob = KEYS.get(name)
  if (blob === undefined) throw new Error(`no test key is called ${name}`)
  return blob.slice()
}

/** A context without container that holds these key pairs. */
export function contextWith(provider: ProviderId, ...pairs: readonly string[]): CryptoContext {
  const context = acquireContext({ provider })
  for (const pair of pairs) context.importKey(keyBlob(`${pair}.private`))
  return context
}
