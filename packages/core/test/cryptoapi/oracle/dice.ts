/** Random choices that a seed decides: the same seed always gives the same sequence of calls. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** An integer from 0 up to, not including, `count`. */
  below(count: number): number {
    return Math.floor((this.#next() / 2 ** 32) * count)
  }

  chance(probability: number): boolean {
    return this.#next() / 2 ** 32 < probability
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)]
    if (picked === undefined) throw new RangeError('nothing to pick from')
    return picked
  }

  /** One of the entries, each as often as its weight says. */
  weighted<T extends { readonly weight: number }>(list: readonly T[]): T {
    let ticket = this.below(list.reduce((sum, { weight }) => sum + weight, 0))
    for (const entry of list) {
      if (ticket < entry.weight) return entry
      ticket -= entry.weight
    }
    throw new RangeError('nothing to pick from')
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  /** Bytes of which none is zero, as PKCS #1 pads with. */
  nonZeroBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => 1 + this.below(255))
  }

  /** Mulberry32: 2^32 states, evenly spread; enough to choose test cases by. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
