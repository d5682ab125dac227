import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { toHex } from '@strongroom/core/bytes'
import { parseEnvelope, type Receipt } from '@strongroom/core/protocol'
import { PostgresEngine } from '../support/databases.ts'
import type { FaultKind } from '../support/faulty-dialect.ts'
import { DAY } from '../support/recovery.ts'
import { CUSTODIAN_PAIR, rootOver, Site, type Sent } from '../support/recovery-site.ts'
import type { SiteNode } from '../support/site-node.ts'

const engine = new PostgresEngine()

/** People who ask another node each time, and again when they are not answered. */
class Alternating {
  readonly #site: Site
  readonly receipts: Receipt[] = []
  #turn = 0

  constructor(site: Site) {
    this.#site = site
  }

  /** The node whose turn it is. */
  get node(): SiteNode {
    const running = this.#site.nodes.filter((node) => node.running)
    const node = running[this.#turn++ % running.length]
    if (!node) throw new Error('no node runs')
    return node
  }

  async say(send: (node: SiteNode) => Promise<Sent>): Promise<void> {
    const sent = await send(this.node)
    if (sent.state === 'unanswered') return this.say(send)
    if (sent.state === 'refused') throw new Error(sent.problem)
    this.receipts.push(sent.receipt)
  }
}

describe('a recovery over two nodes, of which one ends in the middle', () => {
  let missing: string | undefined
  before(async () => {
    missing = await engine.start()
  })
  after(() => engine.stop())

  for (const kind of ['lost', 'persisted'] as const) {
    test(`while somebody approves, and that is ${kind}`, async (t) => {
      if (missing !== undefined) return t.skip(`needs ${missing}`)
      for (const nth of process.env['SLOW'] ? [2, 9, 16, 23, 30] : [9, 23])
        await recoverOver(await Site.open(await engine.create()), nth, kind)
    })
  }
})

async function recoverOver(site: Site, nth: number, kind: FaultKind): Promise<void> {
  try {
    const people = new Alternating(site)
    const made = site.request(site.tenancy.firstDigest, { class: 'self', code: 0 })
    await people.say((node) => site.submit(node, made))
    const approvals = (['bo', 'cy'] as const).map((who) => {
      const { bytes } = site.tenancy.approval(made.digest, site.now, who)
      return parseEnvelope(bytes)
    })
    const [first, second] = approvals
    assert.ok(first && second)
    await people.say((node) => site.say(node, first))
    // The one that is asked ends; the same statement goes to the other then.
    await people.say(async (node) => {
      if (!site.nodes.every(({ running }) => running)) return site.say(node, second)
      const sent = await node.endDuring(() => site.say(node, second), { nth, kind })
      return sent === 'ended' ? { state: 'unanswered' } : sent
    })
    site.scene.now += DAY
    const round = () => site.round(people.node.wire(CUSTODIAN_PAIR))
    assert.deepEqual((await round()).round?.released, [made.digest])
    for (const node of site.nodes) {
      if (!node.running) await node.buried()
      if (!node.running) await node.start()
    }
    assert.deepEqual((await round()).round?.handedOut, [made.digest])
    for (const node of site.nodes) {
      const keys = await site.fetched(node, made)
      assert.deepEqual(keys, new Map([...site.deposits].map(([id, key]) => [id, toHex(key)])))
    }
    await checkLog(site, people.receipts)
  } finally {
    await site.end()
  }
}

/** One leaf for each statement, one release, and every receipt is of a tree with which the log begins. */
async function checkLog(site: Site, receipts: readonly Receipt[]): Promise<void> {
  const leaves = await site.leaves()
  const count = (kind: string) => leaves.filter((leaf) => leaf.kind === kind).length
  assert.deepEqual([count('request'), count('approval'), count('release')], [1, 2, 1])
  assert.equal(receipts.length, 3)
  for (const { index, size, root, statement } of receipts.map((receipt) => site.verified(receipt))) {
    assert.equal(toHex(statement.digest), leaves[index]?.digest)
    assert.equal(toHex(root), rootOver(leaves.slice(0, size)))
  }
}
