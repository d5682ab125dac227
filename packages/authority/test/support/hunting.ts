import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromBase64 } from '@strongroom/core/bytes'
import { verifyReceipt, type VerifiedReceipt } from '@strongroom/core/protocol'
import { verifyRaw } from '../../src/log/node-signatures.ts'
import type { Store } from '../../src/store/store.ts'
import type { TestClient } from './authority.ts'
import type { Acknowledged } from './prey.ts'
import { findings } from './scene-fsck.ts'
import type { Scene } from './scene.ts'

/** Prepares a database for victims: clients are enrolled, and the log's keys stand in a file. */
export async function prepare(scene: Scene, clients: number): Promise<readonly TestClient[]> {
  writeFileSync(join(scene.database.folder, 'log-keys'), scene.authority.keysText)
  const store = await scene.open()
  const people = await scene.peopled(
    store,
    Array.from({ length: clients }, () => 'acme'),
  )
  await scene.close(store)
  return people.clients
}

/** Receipts that are checked when a victim was killed: the last ones, and of those before them one of so many. */
const LAST = 24
const ONE_OF = process.env.SLOW ? 1 : 16

/** Checks receipts offline, with the identity key alone; each once. */
export class ReceiptCheck {
  readonly #scene: Scene
  readonly #seen = new Set<Acknowledged>()
  readonly #checked = new Map<Acknowledged, VerifiedReceipt>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  check(acknowledged: readonly Acknowledged[]): void {
    const fresh = acknowledged.filter((said) => !this.#seen.has(said))
    for (const [i, said] of fresh.entries()) {
      this.#seen.add(said)
      if (i % ONE_OF === 0 || i >= fresh.length - LAST) this.#checked.set(said, this.#verify(said))
    }
  }

  #verify(said: Acknowledged): VerifiedReceipt {
    const statement = { kind: 'deposit', digest: fromBase64(said.digest) } as const
    const trust = { ...this.#scene.authority.trust, verifyRaw, statement }
    const receipt = verifyReceipt(fromBase64(said.receipt), trust)
    assert.equal(receipt.index, said.index)
    return receipt
  }

  /** Every tree that was ever signed in a receipt is the beginning of the one log, and every leaf has one statement. */
  async checkLog(store: Store): Promise<void> {
    const heads = new Map([...this.#checked.values()].map(({ size, root }) => [size, root]))
    const latest = Math.max(...heads.keys())
    for (const { size, root } of this.#checked.values()) {
      assert.deepEqual(heads.get(size), root, `two trees of ${size} leaves were signed`)
    }
    // Proofs are slow: of the older trees some.
    for (const [size, root] of heads) {
      if (size === latest || size % 7 === 0) await store.checkFloor({ size, root })
    }
    const byLeaf = new Map([...this.#seen].map(({ index, digest }) => [index, digest]))
    for (const { index, digest } of this.#seen) assert.equal(byLeaf.get(index), digest)
  }

  /** For people. */
  get summary(): string {
    return `${this.#seen.size} acknowledgements, ${this.#checked.size} of their receipts verified`
  }
}

/** All that clients were told is there, where they were told, and nothing else is wrong. */
export async function checkStore(
  scene: Scene,
  client: TestClient,
  acknowledged: readonly Acknowledged[],
): Promise<void> {
  const store = await scene.open()
  const kept = new Map<number, Uint8Array>()
  for (let before: number | undefined; ; ) {
    const page = await store.deposits(client.owner, { limit: 1000, ...(before !== undefined && { before }) })
    for (const { index, digest } of page) kept.set(index, digest)
    before = page.at(-1)?.index
    if (before === undefined) break
  }
  for (const { index, digest } of acknowledged) assert.deepEqual(kept.get(index), fromBase64(digest))
  await scene.close(store)
}

/** The last word: everything is derived again from the statements. */
export async function checkEverything(scene: Scene, receipts: ReceiptCheck): Promise<void> {
  const store = await scene.open()
  await receipts.checkLog(store)
  assert.deepEqual(await findings(store, scene.authority), [])
  await scene.close(store)
}

/** Whole numbers below a bound, the same for the same seed: mulberry32. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}
