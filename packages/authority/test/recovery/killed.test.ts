import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import { encodeLogEntry, ENTRY_KINDS, Frontier } from '@strongroom/core/tlog'
import { sha256 } from '../../src/model/digest.ts'
import { randomFrom } from '../support/hunting.ts'
import { KilledWorld, type Recovered } from './killed-world.ts'

const ROUNDS = Number(process.env['RUNS'] ?? (process.env['SLOW'] ? 200 : 4))
/** How often something is killed in one recovery, at most. */
const MOST_KILLS = 6
/** A recovery changes the files of both some forty times. */
const MOST_CHANGES = 30

test(`killed at any moment of a recovery, ${ROUNDS} times: it comes to its end, releases once, and loses no approval`, async (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const random = randomFrom(seed)
  const world = await KilledWorld.open(t)
  const { authority, custodian } = world
  authority.start()
  custodian.start()
  const recovered: Recovered[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const over = new AbortController()
    const recovery = world.recover().finally(() => over.abort())
    recovery.catch(() => {})
    for (let kill = 1 + random(MOST_KILLS); kill > 0 && !over.signal.aborted; kill--) {
      const victims = [[authority], [custodian], [authority, custodian]][random(3)] ?? []
      await world.changed(1 + random(MOST_CHANGES))
      await Promise.all(victims.map((victim) => victim.kill()))
      for (const victim of victims) victim.start()
    }
    recovered.push(await recovery)
  }
  t.diagnostic(`the authority was killed ${authority.kills} times, the custodian ${custodian.kills} times`)
  await checkEverything(world, recovered)
})

/** One release of each request, by one record of the custodian; each receipt is of a tree with which the log begins. */
async function checkEverything(world: KilledWorld, recovered: readonly Recovered[]): Promise<void> {
  const subjects = recovered.map(({ subject }) => toHex(subject)).toSorted()
  const released = (await world.releases()).map(({ subject }) => subject)
  assert.deepEqual(released.toSorted(), subjects)
  assert.deepEqual([...world.spent].toSorted(), subjects)
  const receipts = recovered.flatMap((it) => it.receipts).map((receipt) => world.verified(receipt))
  assert.equal(receipts.length, 3 * recovered.length)
  const trees = Map.groupBy(receipts, ({ size }) => size)
  const leaves = await world.store.audit(0, 1_000_000)
  const frontier = new Frontier(sha256)
  let checked = 0
  for (const { statement } of leaves) {
    const entry = encodeLogEntry({ kind: ENTRY_KINDS[statement.kind], digest: statement.digest })
    frontier.append(merkleTree(sha256).leafHash(entry))
    for (const { root, index, statement: proved } of trees.get(frontier.size) ?? []) {
      assert.deepEqual(root, frontier.root())
      assert.deepEqual(proved.digest, leaves[index]?.statement.digest)
      checked++
    }
  }
  assert.equal(checked, receipts.length)
}
