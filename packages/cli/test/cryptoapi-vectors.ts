/* The recorded files and keys of packages/core/test/cryptoapi/vectors, as a person would have them on a disk. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Home } from './program.ts'

const FOLDER = new URL('../../core/test/cryptoapi/vectors/', import.meta.url)

/** A case of files.json; which members it has depends on its kind. */
export interface RecordedFile {
  readonly name: string
  readonly kind: string
  readonly key: string
  readonly file: string
  readonly alg: string
  readonly bits: number
  readonly hash: string
  readonly password: string
  readonly plaintext: { readonly seed: string; readonly len: number }
  readonly blob: string
  readonly signature: string
  readonly signer: string
  readonly noHashOid: boolean
  readonly description?: string
}

interface RecordedKey {
  readonly pem: string
  readonly privateKeyBlob: string
  readonly publicKeyBlob: string
}

const CASES = (JSON.parse(readFileSync(new URL('files.json', FOLDER), 'utf8')) as { cases: RecordedFile[] })
  .cases
const KEYS = (
  JSON.parse(readFileSync(new URL('keys.json', FOLDER), 'utf8')) as { keys: Record<string, RecordedKey> }
).keys

/** The names that the command line has for algorithms of the vectors. */
const CIPHER_NAMES: Readonly<Record<string, string>> = {
  '3des112': '3des-112',
  aes128: 'aes-128',
  aes192: 'aes-192',
  aes256: 'aes-256',
}

/** All recorded files of a kind. */
export function recordedFiles(kind: string): readonly RecordedFile[] {
  const found = CASES.filter((each) => each.kind === kind)
  assert.ok(found.length > 0, `no recorded file is a ${kind}`)
  return found
}

/** A recorded file by its name. */
export function recordedFile(name: string): RecordedFile {
  const found = CASES.find((each) => each.name === name)
  assert.ok(found, `no recorded file is called ${name}`)
  return found
}

/** The bytes of the file. */
export const bytesOf = ({ file }: RecordedFile): Buffer => Buffer.from(file, 'hex')

/** The cipher as `--algorithm` names it. */
export const cipherOf = ({ alg }: RecordedFile): string => CIPHER_NAMES[alg] ?? alg

/** The text: SHA-256("text/seed/i") for i = 0, 1, 2 ... one after the other, cut to its length. */
export function plaintextOf({ plaintext: { seed, len } }: RecordedFile): Buffer {
  const parts = Array.from({ length: Math.ceil(len / 32) }, (_, i) =>
    createHash('sha256').update(`text/${seed}/${i}`).digest(),
  )
  return Buffer.concat(parts).subarray(0, len)
}

/** A name for a file, made of the name of a case. */
export const fileNameOf = ({ name }: RecordedFile): string => `${name.replaceAll(/[^a-z0-9-]/g, '_')}.enc`

/** Puts a test key into the working folder: `kx1024.private`, `sig1024.public` or `kx1024.pem`; returns its path. */
export function putKey(home: Home, name: string): string {
  const [key = '', form = ''] = name.split('.')
  const found = KEYS[key]
  assert.ok(found, `no test key is called ${key}`)
  const contents: Readonly<Record<string, string | Uint8Array>> = {
    private: Buffer.from(found.privateKeyBlob, 'hex'),
    public: Buffer.from(found.publicKeyBlob, 'hex'),
    pem: found.pem,
  }
  return home.write(name, contents[form] ?? '')
}
