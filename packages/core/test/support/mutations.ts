import * as fc from 'fast-check'

/** One small change to a byte string: what damage and attackers do. */
type Mutation = (bytes: Uint8Array) => Uint8Array

const position = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const index = (bytes: Uint8Array, at: number) => Math.floor(at * bytes.length)

const replaceByte = fc.tuple(position, fc.integer({ min: 0, max: 255 })).map(
  ([at, byte]): Mutation =>
    (bytes) =>
      bytes.with(index(bytes, at), byte),
)

const insertBytes = fc.tuple(position, fc.uint8Array({ minLength: 1, maxLength: 4 })).map(
  ([at, added]): Mutation =>
    (bytes) =>
      splice(bytes, index(bytes, at), 0, added),
)

const deleteBytes = fc.tuple(position, fc.integer({ min: 1, max: 80 })).map(
  ([at, count]): Mutation =>
    (bytes) =>
      splice(bytes, index(bytes, at), count),
)

const repeatBytes = fc.tuple(position, position, fc.integer({ min: 1, max: 80 })).map(
  ([from, to, count]): Mutation =>
    (bytes) => {
      const start = index(bytes, from)
      return splice(bytes, index(bytes, to), 0, bytes.slice(start, start + count))
    },
)

const insertMeaningful = fc
  .tuple(position, fc.constantFrom(' ', '\n', '\r\n', '=', '\t', '-> ', '---', '\u0000', '1', 'A', '+', '/'))
  .map(
    ([at, text]): Mutation =>
      (bytes) =>
        splice(bytes, index(bytes, at), 0, new TextEncoder().encode(text)),
  )

function splice(bytes: Uint8Array, at: number, removed: number, added = new Uint8Array(0)): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, at), ...added, ...bytes.subarray(at + removed)])
}

/** Byte strings near `original`: one to three changes away, and sometimes the original itself. */
export function mutationsOf(original: Uint8Array): fc.Arbitrary<Uint8Array> {
  const mutation = fc.oneof(replaceByte, insertBytes, deleteBytes, repeatBytes, insertMeaningful)
  return fc
    .array(mutation, { minLength: 0, maxLength: 3 })
    .map((mutations) => mutations.reduce((bytes, mutate) => (bytes.length ? mutate(bytes) : bytes), original))
}

/** Every byte string that differs from `original` in a single bit. */
export function* singleBitFlips(original: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let bit = 0; bit < original.length * 8; bit++) {
    const flipped = original.slice()
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    yield flipped
  }
}
