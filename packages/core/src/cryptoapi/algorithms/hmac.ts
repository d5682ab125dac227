import { copyOf, wipe } from '../../bytes/index.ts'
import { createDigest, type Digest } from './digest.ts'

const INNER_FILL = 0x36
const OUTER_FILL = 0x5c

/**
 * Begins to compute an HMAC (RFC 2104): H((K ^ outer) || H((K ^ inner) || data)).
 *
 * A key longer than the block of the hash is hashed first. `inner` and `outer` stand for the strings 0x36… and 0x5c…
 * of one block; one that is given, and not empty, is hashed at its own length, which need not be that of a block. Where
 * it is shorter than the key, the rest of the key follows as it is, so that no part of a key is ever left out.
 *
 * @param algorithm the ALG_ID of the hash, as `createDigest` takes it
 * @throws RangeError for an algorithm that is no hash without a key
 * Source: RFC 2104 §2; Microsoft, "HMAC_INFO" (pbInnerString, pbOuterString).
 */
export function createHmac(
  algorithm: number,
  key: Uint8Array,
  inner?: Uint8Array,
  outer?: Uint8Array,
): Digest {
  const { blockLength } = createDigest(algorithm)
  const short = key.length > blockLength ? hashed(algorithm, key) : copyOf(key)
  const mac = new Hmac(keyed(algorithm, short, INNER_FILL, inner), keyed(algorithm, short, OUTER_FILL, outer))
  wipe(short)
  return mac
}

function hashed(algorithm: number, key: Uint8Array): Uint8Array {
  const digest = createDigest(algorithm)
  digest.update(key)
  return digest.digest()
}

/** A hash that has taken `given`, or else a block of `fill`, with the key XORed into its beginning. */
function keyed(algorithm: number, key: Uint8Array, fill: number, given: Uint8Array | undefined): Digest {
  const digest = createDigest(algorithm)
  const string = given?.length ? given : new Uint8Array(digest.blockLength).fill(fill)
  const pad = new Uint8Array(Math.max(string.length, key.length))
  pad.set(string)
  for (const [i, byte] of key.entries()) pad[i] = (pad[i] ?? 0) ^ byte
  digest.update(pad)
  wipe(pad)
  return digest
}

// Both hashes have taken their pads when they come here, so that neither the key nor a pad has to be kept.
class Hmac implements Digest {
  readonly #inner: Digest
  readonly #outer: Digest

  constructor(inner: Digest, outer: Digest) {
    this.#inner = inner
    this.#outer = outer
  }

  get length(): number {
    return this.#outer.length
  }

  get blockLength(): number {
    return this.#outer.blockLength
  }

  update(data: Uint8Array): void {
    this.#inner.update(data)
  }

  copy(): Digest {
    return new Hmac(this.#inner.copy(), this.#outer.copy())
  }

  digest(): Uint8Array {
    const value = this.#inner.digest()
    this.#outer.update(value)
    wipe(value)
    return this.#outer.digest()
  }

  wipe(): void {
    this.#inner.wipe()
    this.#outer.wipe()
  }
}
