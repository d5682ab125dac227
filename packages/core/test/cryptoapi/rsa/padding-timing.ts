import { randomInt } from 'node:crypto'
import { unwrapOrSubstitute } from '../../../src/cryptoapi/rsa/implicit-rejection.ts'
import { decryptOaep, oaep } from '../../../src/cryptoapi/rsa/oaep.ts'
import { decryptPkcs1, PKCS1 } from '../../../src/cryptoapi/rsa/pkcs1.ts'
import type { RsaPrivateKey } from '../../../src/cryptoapi/rsa/rsa-private-key.ts'
import type { RsaPublicKey } from '../../../src/cryptoapi/rsa/rsa-public-key.ts'
import {
  ciphertextOf,
  type Fault,
  MESSAGE,
  OAEP_FAULTS,
  oaepBlock,
  PKCS1_FAULTS,
  pkcs1Block,
} from './padded-blocks.ts'

/** Ciphertexts of one kind, so that no single one decides. */
const POOL = 32
const WARM_UP_ROUNDS = 30

/** One way in which ciphertexts are opened, whose time must not tell what was inside. */
export interface Opening {
  readonly name: string
  /** Opens one; what it throws is caught by whoever measures. */
  readonly open: (key: RsaPrivateKey, ciphertext: Uint8Array) => unknown
  /** What a good ciphertext is. */
  readonly make: (key: RsaPublicKey) => Uint8Array
  readonly faults: readonly Fault[]
}

const expected = (length: number): boolean => length === MESSAGE.length
const OAEP = oaep()
const V15 = {
  make: (key: RsaPublicKey) => ciphertextOf(key, pkcs1Block(key.length)),
  faults: PKCS1_FAULTS,
}
const V2 = {
  make: (key: RsaPublicKey) => ciphertextOf(key, oaepBlock(key.length)),
  faults: OAEP_FAULTS,
}

/** Every way that there is. */
export const OPENINGS: readonly Opening[] = [
  { ...V15, name: 'decryptPkcs1', open: (key, ciphertext) => decryptPkcs1(key, ciphertext, expected) },
  { ...V2, name: 'decryptOaep', open: (key, ciphertext) => decryptOaep(key, ciphertext, expected) },
  {
    ...V15,
    name: 'unwrapOrSubstitute, PKCS #1 v1.5',
    open: (key, ciphertext) => unwrapOrSubstitute(key, ciphertext, PKCS1, MESSAGE.length),
  },
  {
    ...V2,
    name: 'unwrapOrSubstitute, OAEP',
    open: (key, ciphertext) => unwrapOrSubstitute(key, ciphertext, OAEP, MESSAGE.length),
  },
]

/** Good ciphertexts, and as many others of the same kind, which show what chance does. */
export const VALID = 'valid'
export const VALID_AGAIN = 'valid, once more'

/** The times of each kind of ciphertext, in microseconds: one a round, in an order that changes from round to round. */
export function timeOpenings(
  opening: Opening,
  key: RsaPrivateKey,
  rounds: number,
): ReadonlyMap<string, readonly number[]> {
  const kinds = [
    { name: VALID, make: opening.make },
    { name: VALID_AGAIN, make: opening.make },
    ...opening.faults,
  ].map(({ name, make }) => ({
    pool: Array.from({ length: POOL }, () => make(key.publicKey)),
    name,
    times: [] as number[],
  }))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const { pool, times } of shuffled(kinds)) {
      const ciphertext = pool[randomInt(POOL)] ?? new Uint8Array(0)
      const time = timeOf(opening, key, ciphertext)
      if (round >= 0) times.push(time)
    }
  }
  return new Map(kinds.map(({ name, times }) => [name, times]))
}

function timeOf({ open }: Opening, key: RsaPrivateKey, ciphertext: Uint8Array): number {
  const start = process.hrtime.bigint()
  try {
    open(key, ciphertext)
  } catch {
    // Refused, as most are.
  }
  return Number(process.hrtime.bigint() - start) / 1000
}

function shuffled<T>(items: readonly T[]): T[] {
  const order = items.map((item) => ({ item, at: randomInt(2 ** 32) }))
  return order.toSorted((a, b) => a.at - b.at).map(({ item }) => item)
}
