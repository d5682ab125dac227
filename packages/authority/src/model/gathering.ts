/**
 * Gathers calls into batches: those that come while a batch runs form the next one, so that many callers share one commit and a
 * lone caller waits for nobody.
 *
 * A batch that fails fails all its calls, and no others.
 */
export class Gathering<T, R> {
  readonly #run: (items: readonly T[]) => Promise<readonly R[]>
  readonly #most: number
  #waiting: Call<T, R>[] = []
  #running: Promise<void> | undefined

  /**
   * @param run gives one result for each item, in their order
   * @param most weight of a batch; a single call may be heavier
   */
  constructor(run: (items: readonly T[]) => Promise<readonly R[]>, most: number) {
    this.#run = run
    this.#most = most
  }

  /** Items that go into one batch together. */
  add(items: readonly T[]): Promise<R[]> {
    const { promise, resolve, reject } = Promise.withResolvers<R[]>()
    this.#waiting.push({ items, resolve, reject })
    this.#running ??= this.#drain()
    return promise
  }

  /** When everything that was added is done, and nothing was added meanwhile. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  async #drain(): Promise<void> {
    // What else is called in this turn belongs to the first batch too.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#runBatch(this.#takeBatch())
    this.#running = undefined
  }

  #takeBatch(): Call<T, R>[] {
    let weight = 0
    const end = this.#waiting.findIndex(({ items }, i) => (weight += items.length) > this.#most && i > 0)
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end)
  }

  async #runBatch(calls: readonly Call<T, R>[]): Promise<void> {
    try {
      const results = await this.#run(calls.flatMap(({ items }) => items))
      let at = 0
      for (const { items, resolve } of calls) resolve(results.slice(at, (at += items.length)))
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }
}

interface Call<T, R> {
  readonly items: readonly T[]
  readonly resolve: (results: R[]) => void
  readonly reject: (error: unknown) => void
}
