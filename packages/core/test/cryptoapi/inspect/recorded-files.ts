import { readFileSync } from 'node:fs'

interface TestKey {
  readonly bits: number
  readonly pem: string
  readonly alg: string
  readonly privateKeyBlob: string
  readonly publicKeyBlob: string
}
/** A case of `files.json`: see `../vectors/README.md`. */
export interface FileCase {
  readonly name: string
  readonly kind: string
  readonly file?: string
  readonly blob?: string
  readonly signature?: string
  readonly plaintextKeyBlob?: string
  readonly level?: string
  readonly password?: string
}

function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'))
}

/** The fixed RSA test keys by name. */
export const TEST_KEYS = (readVectors('keys.json') as { keys: Readonly<Record<string, TestKey>> }).keys

/** The recorded files of one kind. @throws Error if there are none */
export function fileCases(kind: string): FileCase[] {
  const { cases } = readVectors('files.json') as { cases: FileCase[] }
  const found = cases.filter((each) => each.kind === kind)
  if (found.length === 0) throw new Error(`no recorded files of kind ${kind}`)
  return found
}

/** A test key. @throws Error if there is none of that name */
export function testKey(name: string): TestKey {
  const key = TEST_KEYS[name]
  if (!key) throw new Error(`no test key ${name}`)
  return key
}

export function bytesOf(hex: string | undefined): Uint8Array {
  if (hex === undefined) throw new Error('a case without its bytes')
  return Uint8Array.fromHex(hex)
}
