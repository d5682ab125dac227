import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fromBase64, toBase64 } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import { verifyReceipt, type VerifiedReceipt } from '@strongroom/core/protocol'
import { encodeLogEntry, ENTRY_KINDS, Frontier } from '@strongroom/core/tlog'
import { verifyRaw } from '../../src/log/node-signatures.ts'
import { sha256 } from '../../src/model/digest.ts'
import type { Store } from '../../src/store/store.ts'
import type { TestClient } from './authority.ts'
import { Prey, type Acknowledged, type Found } from './prey.ts'
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
/** Rows that are read at once. */
const PAGE = 1000

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

  /**
   * Every tree that was ever signed in a receipt is the beginning of the one log, every leaf has one statement, and every statement
   * one leaf.
   */
  async checkLog(store: Store): Promise<void> {
    const leaves = await leavesOf(store)
    for (const { index, digest } of this.#seen) assert.equal(leaves[index]?.digest, digest, `leaf ${index}`)
    const trees = Map.groupBy(this.#checked.values(), ({ size }) => size)
    const frontier = new Frontier(sha256)
    for (const { hash } of leaves) {
      frontier.append(hash)
      const signed = trees.get(frontier.size) ?? []
      const root = signed.length > 0 ? frontier.root() : undefined
      for (const tree of signed) assert.deepEqual(tree.root, root, `another tree of ${tree.size} leaves`)
    }
    const greatest = [...trees.keys()].reduce((most, size) => Math.max(most, size), 0)
    assert.ok(
      greatest > 0 && greatest <= leaves.length,
      `${greatest} leaves were signed, ${leaves.length} are there`,
    )
  }

  /** For people. */
  get summary(): string {
    return `${this.#seen.size} acknowledgements, ${this.#checked.size} of their receipts verified`
  }
}

/** The statements of all leaves, from the rows, and the hashes of their entries. */
async function leavesOf(store: Store): Promise<{ readonly digest: string; readonly hash: Uint8Array }[]> {
  const leaves: { digest: string; hash: Uint8Array }[] = []
  for (;;) {
    const page = await store.audit(leaves.length, PAGE)
    if (page.length === 0) return leaves
    for (const { statement } of page) {
      assert.equal(statement.index, leaves.length)
      const entry = encodeLogEntry({ kind: ENTRY_KINDS[statement.kind], digest: statement.digest })
      leaves.push({ digest: toBase64(statement.digest), hash: merkleTree(sha256).leafHash(entry) })
    }
  }
}

/**
 * All that a client was told is there, where it was told.
 *
 * @param from leaves before this one were looked at earlier
 */
export async function checkStore(
  scene: Scene,
  client: TestClient,
  acknowledged: readonly Acknowledged[],
  from = 0,
): Promise<void> {
  const store = await scene.open()
  const kept = new Map<number, Uint8Array>()
  for (let before = Infinity; before > from; ) {
    const page = await store.deposits(client.owner, { limit: PAGE, ...(before < Infinity && { before }) })
    for (const { index, digest } of page) kept.set(index, digest)
    before = page.at(-1)?.index ?? from
  }
  for (const { index, digest } of acknowledged) {
    if (index >= from) assert.deepEqual(kept.get(index), fromBase64(digest), `leaf ${index}`)
  }
  await scene.close(store)
}

/**
 * After which step of a group the only node of a database was killed, how often. See `AuthorityLog`.
 *
 * Whatever the moment: what was acknowledged was kept, what was kept was signed, what was signed was committed.
 */
export function momentsOf(found: readonly Found[]): Record<'committed' | 'signed' | 'kept', number> {
  for (const { head, signed, kept, acknowledged } of found) {
    assert.deepEqual(
      [head, signed, kept, acknowledged],
      [head, signed, kept, acknowledged].toSorted(descending),
    )
  }
  const count = (holds: (it: Found) => boolean): number => found.filter(holds).length
  return {
    committed: count(({ head, signed }) => head > signed),
    signed: count(({ signed, kept }) => signed > kept),
    kept: count(({ kept, acknowledged }) => acknowledged > 0 && kept > acknowledged),
  }
}

const descending = (one: number, other: number): number => other - one

/**
 * Kills one of two nodes of a database, and starts it again, round after round; the other one goes on.
 *
 * @param between what happens in a round before the kill
 */
export async function huntPair(
  scene: Scene,
  t: TestContext,
  rounds: number,
  between: (round: number, random: (below: number) => number) => Promise<void>,
): Promise<void> {
  const random = seeded(t)
  const clients = await prepare(scene, 2)
  const preys = pairOf(scene)
  for (const prey of preys) prey.start()
  const receipts = new ReceiptCheck(scene)
  for (let round = 1; round <= rounds; round++) {
    const [prey, other] = random(2) === 0 ? preys : preys.toReversed()
    assert.ok(prey && other)
    await prey.hear(1 + random(32))
    await between(round, random)
    await prey.kill()
    prey.start()
    await other.hear(1)
    receipts.check(prey.acknowledged)
  }
  await endPair(scene, t, { clients, preys, receipts })
}

/** Two nodes of a database, with a client each, numbered from 1. */
export function pairOf({ database: { address, folder } }: Scene): readonly Prey[] {
  return [0, 1].map((i) => new Prey({ address, folder, node: `node ${i}`, client: i + 1 }))
}

/** Ends both nodes, and checks all that they acknowledged. */
export async function endPair(
  scene: Scene,
  t: TestContext,
  {
    clients,
    preys,
    receipts,
  }: {
    readonly clients: readonly TestClient[]
    readonly preys: readonly Prey[]
    readonly receipts: ReceiptCheck
  },
): Promise<void> {
  for (const prey of preys) {
    await prey.hear(12)
    await prey.kill()
    receipts.check(prey.acknowledged)
  }
  for (const [i, { acknowledged }] of preys.entries()) {
    const client = clients[i]
    assert.ok(client)
    await checkStore(scene, client, acknowledged)
  }
  await checkEverything(scene, receipts)
  t.diagnostic(receipts.summary)
}

/** Random numbers from a seed that is told with the test. */
export function seeded(t: TestContext): (below: number) => number {
  const seed = Date.now() % 2 ** 31
  t.diagnostic(`seed ${seed}`)
  return randomFrom(seed)
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
