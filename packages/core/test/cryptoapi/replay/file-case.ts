import { createHash } from 'node:crypto'
import { concat, utf8Encode } from '@strongroom/core/bytes'
import { acquireContext, CryptoApiError, type CryptoContext } from '@strongroom/core/cryptoapi'
import { ApiCalls } from './api-calls.ts'
import { ApiSession, providerNamed } from './api-session.ts'
import { compareBytes, type Difference } from './compare.ts'
import { FieldError, Fields, type JsonObject } from './fields.ts'
import type { TestKeys } from './test-keys.ts'

/** A case of `capi-files/1` at work: its fields, a way to each API, and what differed so far. */
export class FileCase {
  readonly differences: Difference[] = []
  readonly fields: Fields
  readonly #keys: TestKeys

  constructor(body: JsonObject, keys: TestKeys) {
    this.#keys = keys
    this.fields = new Fields(body)
  }

  /** The provider of the case; the one that has everything unless it says otherwise. */
  get provider(): string {
    return this.fields.textOrNull('provider') ?? 'aes'
  }

  /** The functions of CryptoAPI, with a key store of their own. */
  api(): ApiCalls {
    return new ApiCalls(new ApiSession(this.#keys), this.provider)
  }

  /** A context of our own API, with a key store of its own. */
  context(): CryptoContext {
    return acquireContext({ provider: providerNamed(this.provider).id })
  }

  /** The blob that a field names, with or without the @ that names have in steps. @throws FieldError */
  keyBlob(field: string): Uint8Array {
    const name = this.fields.text(field).replace(/^@/, '')
    const blob = this.#keys.get(name)
    if (blob === undefined) throw new FieldError(`"${field}" is ${name}, which is no key`)
    return blob
  }

  /** The private key that belongs to a public one, if it is among the keys. */
  privateBlobOf(field: string): Uint8Array | undefined {
    return this.#keys.get(
      this.fields
        .text(field)
        .replace(/^@/, '')
        .replace(/\.public$/, '.private'),
    )
  }

  /** The text: SHA-256("text/seed/i") for i = 0, 1, 2 ... one after the other, cut to its length. */
  plaintext(): Uint8Array {
    const rule = this.fields.object('plaintext')
    const [seed, length] = [rule.text('seed'), rule.number('len')]
    const parts = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
      createHash('sha256')
        .update(utf8Encode(`text/${seed}/${i}`))
        .digest(),
    )
    return concat(...parts).subarray(0, length)
  }

  /** Does something and holds the bytes that come of it against those expected. */
  expectBytes(fn: string, what: string, expected: Uint8Array, make: () => Uint8Array): void {
    this.attempt(fn, () => {
      this.differences.push(...compareBytes(what, expected, make()).map((found) => ({ fn, ...found })))
    })
  }

  /** Does something that must fail, the way a provider fails. */
  expectFailure(fn: string, work: () => unknown): void {
    try {
      work()
    } catch (error) {
      if (error instanceof FieldError) throw error
      if (!(error instanceof CryptoApiError)) this.differ(fn, 'failure', 'a CryptoApiError', String(error))
      return
    }
    this.differ(fn, 'failure', 'failure', 'success')
  }

  /** Does something that must succeed. */
  attempt(fn: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (error instanceof FieldError) throw error
      const code = error instanceof CryptoApiError ? `${error.code}: ` : ''
      this.differ(fn, 'call', 'success', `${code}${String(error)}`)
    }
  }

  differ(fn: string, what: string, expected: string, got: string): void {
    this.differences.push({ fn, what, expected, got })
  }
}
