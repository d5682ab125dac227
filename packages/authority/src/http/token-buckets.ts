/** How requests are counted. */
export interface TokenBucketOptions {
  /** So many in a minute, and so many at once. */
  readonly perMinute: number
  /** Names that are remembered; the one that was not seen for the longest is forgotten, and begins anew. */
  readonly most?: number
  /** The clock, in milliseconds. */
  readonly now: () => number
}

interface Bucket {
  tokens: number
  at: number
}

const MOST_NAMES = 16_384

/** Limits by name, in bounded memory: a bucket for each, which fills evenly and holds what a minute allows. */
export class TokenBuckets {
  readonly #perMinute: number
  readonly #most: number
  readonly #now: () => number
  readonly #buckets = new Map<string, Bucket>()

  constructor({ perMinute, most = MOST_NAMES, now }: TokenBucketOptions) {
    this.#perMinute = perMinute
    this.#most = most
    this.#now = now
  }

  /** Takes one token. @returns 0, or if there was none, seconds until there is: at least 1 */
  take(name: string): number {
    const bucket = this.#bucket(name)
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      return 0
    }
    return Math.max(1, Math.ceil(((1 - bucket.tokens) * 60) / this.#perMinute))
  }

  /** How many names are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  #bucket(name: string): Bucket {
    const now = this.#now()
    const bucket = this.#buckets.get(name) ?? { tokens: this.#perMinute, at: now }
    // A clock that was set back fills nothing.
    const filled = (Math.max(0, now - bucket.at) / 60_000) * this.#perMinute
    bucket.tokens = Math.min(this.#perMinute, bucket.tokens + filled)
    bucket.at = now
    this.#buckets.delete(name)
    this.#buckets.set(name, bucket)
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > this.#most && oldest !== undefined) this.#buckets.delete(oldest)
    return bucket
  }
}
