import assert from 'node:assert/strict'
import * as fc from 'fast-check'

/** Bytes that are always the same and never repeat soon, so that a piece in the wrong place shows. */
export function sampleBytes(length: number): Uint8Array {
  let state = 0x9e3779b9
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  })
}

/** Data cut into pieces, some of them empty, each a multiple of `unit` bytes long. */
export function piecesArbitrary(unit = 1): fc.Arbitrary<Uint8Array[]> {
  return fc.array(
    fc.nat(5 * Math.ceil(16 / unit)).chain((count) => bytesArbitrary(count * unit)),
    { maxLength: 8 },
  )
}

/** Bytes of exactly this length. */
export function bytesArbitrary(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Uint8Array.from(bytes))
}

/** Asserts that two byte strings of any length are the same; where they are not, names the first place only. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(actual.length, expected.length, `length of ${what}`)
  const at = actual.findIndex((byte, i) => byte !== expected[i])
  assert.equal(at, -1, `${what} differs from byte ${at} on`)
}
