import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { BytesError } from '@strongroom/core/bytes'
import { KeyBlobError } from '@strongroom/core/keyblob'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'

/** A structure with one encoding. */
export interface Codec<T> {
  readonly parse: (bytes: Uint8Array) => T
  readonly encode: (value: T) => Uint8Array
}

/** Whatever bytes a parser accepts, the encoder writes; the rest it refuses with an error of its layer or below. */
export function assertExact<T>({ parse, encode }: Codec<T>, bytes: Uint8Array): void {
  const value = parsedOrRefused(parse, bytes)
  if (value) assert.deepEqual(encode(value.it), bytes)
}

/** Checks a codec around samples: the samples themselves, every truncation, a byte more, and mutations. */
export function assertOneEncoding<T>(codec: Codec<T>, samples: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(samples, (value) => assert.deepEqual(codec.parse(codec.encode(value)), value)),
    PROPERTY,
  )
  fc.assert(
    fc.property(
      samples.chain((value) => mutationsOf(codec.encode(value))),
      (bytes) => assertExact(codec, bytes),
    ),
    PROPERTY,
  )
  for (const value of fc.sample(samples, { seed: 1, numRuns: 3 })) {
    const bytes = codec.encode(value)
    for (let length = 0; length < bytes.length; length++) assertExact(codec, bytes.slice(0, length))
    assertExact(codec, Uint8Array.from([...bytes, 0]))
  }
}

function parsedOrRefused<T>(parse: Codec<T>['parse'], bytes: Uint8Array): { readonly it: T } | undefined {
  try {
    return { it: parse(bytes) }
  } catch (error) {
    assert.ok(error instanceof KeyBlobError || error instanceof BytesError, String(error))
    if (error instanceof KeyBlobError)
      assert.ok(['SEAL_FORMAT', 'NOT_AUTHENTIC'].includes(error.code), error.code)
    return undefined
  }
}

/** Bytes of exactly this length. */
export function bytesArbitrary(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Uint8Array.from(bytes))
}
