import { test } from 'node:test'
import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import { parseEnvelope } from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import type { CustodianWire } from '../../src/custodian/index.ts'
import { SQLITE } from '../support/databases.ts'
import { DAY, HOUR } from '../support/recovery.ts'
import { CUSTODIAN_PAIR, Site } from '../support/recovery-site.ts'
import { Book } from './model-book.ts'
import { fetchAll, round, type World } from './model-commands.ts'
import { approvals, cancellations, rejections, type Saying } from './model-sayings.ts'
import { EVERYBODY } from './model.ts'

const RUNS = Number(process.env['RUNS'] ?? (process.env['SLOW'] ? 100 : 4))

/** A wire whose calls go out when a scheduler says so. */
function scheduled(wire: CustodianWire, scheduler: fc.Scheduler): CustodianWire {
  return new Proxy(wire, {
    get(target, name) {
      const ask: unknown = Reflect.get(target, name)
      if (typeof ask !== 'function') return ask
      return async (...args: readonly unknown[]): Promise<unknown> => {
        await scheduler.schedule(Promise.resolve(), String(name))
        return Reflect.apply(ask, target, args)
      }
    },
  })
}

/** Asks, and has two officers agree, until one more second is all that is missing. */
async function approved(world: World): Promise<string> {
  const { book } = world
  const { site } = book
  const charter = book.state.charters.at(-1)?.name ?? ''
  const made = site.request(Uint8Array.fromHex(charter), { class: 'self', code: 0 })
  const name = toHex(made.digest)
  book.made.set(name, made)
  book.acts.set(name, { act: 'request', class: 'self', charter, code: 0, expires: site.now + 6 * DAY })
  assert.equal((await site.submit(site.nodes[0], made)).state, 'acknowledged')
  for (const who of EVERYBODY.slice(0, 2)) {
    const until = site.now + 30 * HOUR
    const { digest, bytes } = site.tenancy.approval(made.digest, site.now, who, { expires: until })
    book.acts.set(toHex(digest), { act: 'approval', subject: name, who, until })
    assert.equal((await site.say(site.nodes[1], parseEnvelope(bytes))).state, 'acknowledged')
  }
  await book.look()
  site.scene.now += DAY
  return name
}

/** Says something when the scheduler says so, and holds the answer to the model. */
async function saying(world: World, it: Saying, node: number, scheduler: fc.Scheduler): Promise<void> {
  const { book } = world
  const { name, act, send } = it.make(book)
  book.acts.set(name, act)
  await scheduler.schedule(Promise.resolve(), it.text)
  const before = book.state
  const sent = await send(book.site.nodes[node === 0 ? 0 : 1])
  await book.look(false)
  book.heard(node, name, sent, before)
}

test('between any two calls of the custodian somebody may cancel, reject or agree: what was final first stays', async (t) => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const tally = new Map<string, number>()
  const others = fc.array(fc.tuple(fc.oneof(cancellations, rejections, approvals), fc.nat(1)), {
    minLength: 1,
    maxLength: 4,
  })
  const property = fc.asyncProperty(fc.scheduler(), others, async (scheduler, sayings) => {
    const site = await Site.open(await SQLITE.create())
    try {
      const world: World = { book: new Book(site), copies: [], folders: [], tally }
      await world.book.look()
      const name = await approved(world)
      const wire = scheduled(site.nodes[0].wire(CUSTODIAN_PAIR), scheduler)
      const custodian = async () => {
        for (let i = 0; i < 2; i++) await site.round(wire)
      }
      await scheduler.waitFor(
        Promise.all([custodian(), ...sayings.map(([it, node]) => saying(world, it, node, scheduler))]),
      )
      await world.book.look()
      await fetchAll(world)
      const end = world.book.state.subjects.get(name)?.end ?? 'none'
      tally.set(end, (tally.get(end) ?? 0) + 1)
      // Whatever came of it, another round finds nothing that is still to be decided.
      world.book.learn()
      for (let i = 0; i < 2; i++) await round(world, i)
      await fetchAll(world, true)
    } finally {
      await site.end()
    }
  })
  await fc.assert(property, { numRuns: RUNS, seed, endOnFailure: true })
  t.diagnostic(
    [...tally]
      .map(([what, count]) => `${what}: ${count}`)
      .toSorted()
      .join('; '),
  )
})
