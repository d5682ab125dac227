import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { wincrypt } from '../../../src/cryptoapi/index.ts'

/** One of the fixed RSA key pairs of `../vectors/keys.json`. Blobs are hexadecimal text. */
export interface TestPair {
  readonly name: string
  readonly bits: number
  readonly algorithm: number
  readonly key: KeyObject
  readonly privateBlob: string
  readonly publicBlob: string
}

interface KeyEntry {
  readonly bits: number
  readonly pem: string
  readonly alg: keyof typeof ALGORITHMS
  readonly privateKeyBlob: string
  readonly publicKeyBlob: string
}

const ALGORITHMS = { CALG_RSA_KEYX: wincrypt.CALG_RSA_KEYX, CALG_RSA_SIGN: wincrypt.CALG_RSA_SIGN }

const FILE = join(import.meta.dirname, '../vectors/keys.json')
const ENTRIES = (JSON.parse(readFileSync(FILE, 'utf8')) as { keys: Record<string, KeyEntry> }).keys
const PAIRS = new Map(Object.entries(ENTRIES).map(([name, entry]) => [name, readPair(name, entry)]))

export const PAIR_NAMES: readonly string[] = [...PAIRS.keys()]

/** A pair by its name. @throws RangeError if there is none */
export function testPair(name: string): TestPair {
  const pair = PAIRS.get(name)
  if (pair === undefined) throw new RangeError(`no test key named ${name}`)
  return pair
}

/** The pair that a private or public blob is of, if it is a test pair. */
export function pairOfBlob(blob: string): TestPair | undefined {
  return [...PAIRS.values()].find(
    ({ privateBlob, publicBlob }) => blob === privateBlob || blob === publicBlob,
  )
}

/** The blob that `@name.private` or `@name.public` stands for. */
export function testBlob(name: string): string | undefined {
  const [, pair = '', part] = /^@(\w+)\.(private|public)$/.exec(name) ?? []
  return part === 'private' ? PAIRS.get(pair)?.privateBlob : PAIRS.get(pair)?.publicBlob
}

function readPair(name: string, entry: KeyEntry): TestPair {
  return {
    name,
    bits: entry.bits,
    algorithm: ALGORITHMS[entry.alg],
    key: createPrivateKey(entry.pem),
    privateBlob: entry.privateKeyBlob,
    publicBlob: entry.publicKeyBlob,
  }
}
