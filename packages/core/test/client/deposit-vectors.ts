import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fromHex } from '@strongroom/core/bytes'

// What real providers answered: packages/core/test/cryptoapi/vectors, whose README says where it is from.

/** One call, as far as it matters here. */
interface Step {
  readonly fn: string
  readonly blob?: string
  readonly data?: string
  readonly alg?: string
  readonly flags?: string
  readonly param?: string
  readonly blobType?: string
  readonly expect: { readonly ok: boolean; readonly data?: string }
}

export interface RecordedCase {
  readonly name: string
  readonly provider?: string
  readonly steps: readonly Step[]
}

const read = (name: string): string =>
  readFileSync(new URL(`../cryptoapi/vectors/${name}.json`, import.meta.url), 'utf8')

/** The cases of a file; a file without cases fails. */
export function recorded(name: string): readonly RecordedCase[] {
  const { cases }: { cases: readonly RecordedCase[] } = JSON.parse(read(name))
  assert.ok(cases.length > 10, `${name}.json has cases`)
  return cases
}

/** The answer of the first step that calls a function with success. */
export function answerOf({ steps }: RecordedCase, fn: string): Uint8Array | undefined {
  const data = steps.find((step) => step.fn === fn && step.expect.data !== undefined)?.expect.data
  return data === undefined ? undefined : fromHex(data)
}

const KEYS: {
  readonly keys: Readonly<Record<string, { readonly pem: string; readonly privateKeyBlob: string }>>
} = JSON.parse(read('keys'))

/** A fixed RSA key by its name. */
export function testKeyNamed(name: string): {
  readonly spki: Uint8Array
  readonly privateKeyBlob: Uint8Array
  readonly pkcs8: Uint8Array
} {
  const key = KEYS.keys[name]
  assert.ok(key, `keys.json has ${name}`)
  const spki = createPublicKey(key.pem).export({ format: 'der', type: 'spki' })
  const pkcs8 = createPrivateKey(key.pem).export({ format: 'der', type: 'pkcs8' })
  return {
    spki: new Uint8Array(spki),
    privateKeyBlob: fromHex(key.privateKeyBlob),
    pkcs8: new Uint8Array(pkcs8),
  }
}
