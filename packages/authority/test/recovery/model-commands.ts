import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import { ClientError } from '@strongroom/core/client'
import * as fc from 'fast-check'
import type { CustodianWire } from '../../src/custodian/index.ts'
import { faultyCalls } from '../custodian/faulty-calls.ts'
import { DAY, HOUR } from '../support/recovery.ts'
import { CUSTODIAN_PAIR } from '../support/recovery-site.ts'
import type { Ending, SiteNode } from '../support/site-node.ts'
import { isBeginning, type Book } from './model-book.ts'
import {
  approvalBy,
  approvals,
  cancellations,
  isAsked,
  proposals,
  rejections,
  requests,
  type Said,
  type Saying,
} from './model-sayings.ts'
import { EVERYBODY } from './model.ts'

/** What a run of commands is about: the book is the model, and has the site. */
export interface World {
  readonly book: Book
  /** Copies of the database, with how many leaves it had. */
  readonly copies: { readonly leaves: number; readonly restore: () => Promise<void> }[]
  /** Copies of the custodian's folder, with what it knew. */
  readonly folders: { readonly known: Book['custodian']; readonly restore: () => void }[]
  /** What happened how often: a model that never comes anywhere shows nothing. */
  readonly tally: Map<string, number>
}

/** Something that somebody does. */
class Step implements fc.AsyncCommand<World, World> {
  readonly #text: string
  readonly #check: (world: World) => boolean
  readonly #run: (world: World) => Promise<unknown>

  constructor(text: string, check: (world: World) => boolean, run: (world: World) => Promise<unknown>) {
    this.#text = text
    this.#check = check
    this.#run = run
  }

  check(world: Readonly<World>): boolean {
    return this.#check(world)
  }

  async run(world: World): Promise<void> {
    await this.#run(world)
    await world.book.look()
  }

  toString(): string {
    return this.#text
  }
}

const anyway = (): boolean => true
export function count({ tally }: World, what: string): void {
  tally.set(what, (tally.get(what) ?? 0) + 1)
}

/** Through which node something is said, and whether that ends meanwhile. */
interface Way {
  readonly node: number
  readonly ending: Ending | null
}

/** Once in so many times there is one. */
const seldom = <T>(times: number, value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value })

const way: fc.Arbitrary<Way> = fc.record({
  node: fc.nat(1),
  ending: seldom(
    12,
    fc.record<Ending>({ nth: fc.integer({ min: 1, max: 40 }), kind: fc.constantFrom('lost', 'persisted') }),
  ),
})

const nodeOf = ({ book }: World, number: number): SiteNode => book.site.nodes[number === 0 ? 0 : 1]

/** The node of that number, or the other one if it does not run: whoever is not answered asks elsewhere. */
async function runningNode(world: World, number: number): Promise<number> {
  if (nodeOf(world, number).running) return number
  if (nodeOf(world, 1 - number).running) return 1 - number
  await start(world, number)
  return number
}

/** Says something, and holds whoever answers to it. */
async function say(world: World, { name, act, send }: Said, { node: asked, ending }: Way): Promise<void> {
  const { book } = world
  const number = await runningNode(world, asked)
  const node = nodeOf(world, number)
  const before = book.state
  const known = book.acts.get(name)
  book.acts.set(name, act)
  const sent = ending ? await node.endDuring(() => send(node), ending) : await send(node)
  if (ending) await node.buried()
  await book.look(false)
  const outcome = sent === 'ended' ? ({ state: 'unanswered' } as const) : sent
  if (outcome.state === 'unanswered') assert.ok(ending, 'a node that runs did not answer')
  // Said before in the same words, it is answered as it was then.
  if (!known || outcome.state === 'acknowledged') book.heard(number, name, outcome, before)
  count(world, `${act.act} ${outcome.state}`)
  if (outcome.state === 'refused' && outcome.problem === 'read-only') {
    assert.ok(book.rolledBack.length > 0, 'read-only, and nothing was rolled back')
  }
}

const described = (what: string, { node, ending }: Way): string =>
  `${what} by node ${node}${ending ? `, which ends at operation ${ending.nth}, ${ending.kind}` : ''}`

const said = (sayings: fc.Arbitrary<Saying>): fc.Arbitrary<Step> =>
  fc.tuple(sayings, way).map(
    ([it, by]) =>
      new Step(
        described(it.text, by),
        ({ book }) => it.ready(book),
        async (world) => say(world, it.make(world.book), by),
      ),
  )

/** Two officers agree. */
const agreements = fc
  .tuple(fc.nat(5), fc.shuffledSubarray([...EVERYBODY], { minLength: 2, maxLength: 2 }))
  .map(([number, [one = 'bo', other = 'cy']]) => {
    const both = [one, other].map((who) => approvalBy(number, who, 100))
    return new Step(
      `${one} and ${other} agree to ${number}`,
      ({ book }) => isAsked(book),
      async (world) => {
        for (const [node, it] of both.entries()) await say(world, it.make(world.book), { node, ending: null })
      },
    )
  })

/** Two things that are said at the same time, to one node each. */
const atOnce = fc
  .tuple(
    fc.oneof(approvals, rejections, cancellations, requests),
    fc.oneof(approvals, cancellations, requests),
  )
  .map(([one, other]) => {
    const ready = (world: World): boolean => one.ready(world.book) && other.ready(world.book)
    return new Step(`at once: ${one.text}; ${other.text}`, ready, async (world) => {
      for (const number of [0, 1]) await start(world, number)
      const both = [one.make(world.book), other.make(world.book)]
      await Promise.all(both.map((it, node) => say(world, it, { node, ending: null })))
    })
  })

const clocks = fc.constantFrom(1, 12, 24, 24, 25, 48).map(
  (hours) =>
    new Step(
      `${hours} hours pass`,
      ({ book }) => book.site.now < book.site.tenancy.first.created + 25 * DAY,
      async ({ book }) => {
        book.site.scene.now += hours * HOUR
      },
    ),
)

const ends = fc.nat(1).map(
  (number) =>
    new Step(
      `node ${number} ends`,
      (world) => nodeOf(world, number).running,
      async (world) => nodeOf(world, number).end(),
    ),
)

/** Starts a node. What it promised and the database has not, it must not have forgotten. */
export async function start(world: World, number: number): Promise<void> {
  const { book } = world
  const node = nodeOf(world, number)
  if (!node.running) {
    await node.buried()
    await node.start()
  }
  const promised = book.promises.filter((promise) => promise.node === number)
  const broken = promised.some(({ leaves }) => !isBeginning(leaves, book.leaves))
  const { state } = node.log.state
  if (broken) assert.equal(state, 'behind', `node ${number} goes on behind a promise that it broke`)
  if (book.rolledBack.length === 0) assert.equal(state, 'writable')
}

const starts = fc.nat(1).map(
  (number) =>
    new Step(
      `node ${number} starts`,
      (world) => !nodeOf(world, number).running,
      async (world) => start(world, number),
    ),
)

const copying = fc.constant(
  new Step(
    'the database is copied',
    ({ copies }) => copies.length < 2,
    async ({ book, copies }) => {
      const leaves = book.leaves.length
      copies.push({ leaves, restore: await book.site.offline(() => book.site.scene.database.copy()) })
    },
  ),
)

const restoring = fc.nat(1).map(
  (number) =>
    new Step(
      `the database is restored from copy ${number}`,
      ({ copies }) => copies[number] !== undefined,
      async (world) => {
        const { book, copies } = world
        const copy = copies[number]
        assert.ok(copy)
        await book.site.offline(copy.restore)
        if (copy.leaves < book.leaves.length) book.rollBack(copy.leaves)
        await book.look()
        for (const [i, node] of book.site.nodes.entries()) if (node.running) await start(world, i)
        count(world, 'rolled back')
      },
    ),
)

const copyingFolder = fc.constant(
  new Step(
    'the custodian is copied',
    ({ folders }) => folders.length < 2,
    async ({ book, folders }) => {
      folders.push({ known: book.custodian, restore: book.site.copyFolder() })
    },
  ),
)

const restoringFolder = fc.nat(1).map(
  (number) =>
    new Step(
      `the custodian is restored from copy ${number}`,
      ({ folders }) => folders[number] !== undefined,
      async (world) => {
        const copy = world.folders[number]
        assert.ok(copy)
        copy.restore()
        world.book.custodian = copy.known
      },
    ),
)

/** What goes wrong in a round: at a call to the authority, whose answer may be lost, or to the disk. */
interface Trouble {
  readonly call: number | null
  readonly answerLost: boolean
  readonly disk: number | null
}

/** A wire on which one call and all that follow fail. */
function failing(wire: CustodianWire, { call, answerLost }: Trouble): CustodianWire {
  let calls = 0
  const gone = () => new ClientError('CLIENT_UNREACHABLE', 'the line is cut')
  return new Proxy(wire, {
    get(target, name) {
      const ask: unknown = Reflect.get(target, name)
      if (typeof ask !== 'function') return ask
      return async (...args: readonly unknown[]): Promise<unknown> => {
        const at = calls++
        if (call !== null && (at > call || (at === call && !answerLost))) throw gone()
        const answer: unknown = await Reflect.apply(ask, target, args)
        if (at === call) throw gone()
        return answer
      }
    },
  })
}

const trouble: fc.Arbitrary<Trouble> = fc.record({
  call: seldom(2, fc.nat(14)),
  answerLost: fc.boolean(),
  disk: seldom(2, fc.nat(40)),
})

const NONE: Trouble = { call: null, answerLost: false, disk: null }

/** A round of the custodian, and what must have come of it. */
export async function round(world: World, number: number, how: Trouble = NONE): Promise<void> {
  const { book } = world
  const { site } = book
  const node = nodeOf(world, await runningNode(world, number))
  const [known, log] = [book.custodian, book.leaves]
  const due = book.subjects.filter((name) => book.isDue(name) && !known.spent.has(name))
  const releasable = book.releasable()
  const forgotten = book.released().filter((name) => !known.spent.has(name))
  const writable = node.log.state.state === 'writable'
  const calls = how.disk === null ? undefined : faultyCalls(how.disk).calls
  const { round: done, error } = await site.round(failing(node.wire(CUSTODIAN_PAIR), how), calls)
  await book.look()
  book.learn(log)
  const released = book.released().filter((name) => releasable.includes(name))
  if (!isBeginning(known.seen, log)) {
    if (how.call === null && how.disk === null) {
      assert.equal(error, known.seen.length > log.length ? 'BUNDLE_BEHIND' : 'BUNDLE_FORKED')
      count(world, `refused ${error}`)
    }
    assert.deepEqual(released, [], 'it released what another log shows')
    assert.deepEqual(book.custodian.spent, known.spent, 'it opened what another log shows')
    return
  }
  if (forgotten.length > 0) {
    const fresh = released.filter((name) => !known.spent.has(name))
    assert.deepEqual(fresh, [], 'it released with a memory that is older than the log')
    assert.deepEqual(book.custodian.spent, known.spent, 'it opened with a memory that is older than the log')
  }
  if (how.call !== null || how.disk !== null) return
  if (!writable) {
    // It takes neither releases nor what was verified.
    assert.ok(error === undefined || error === 'CLIENT_PROBLEM', String(error))
    assert.deepEqual(released, [])
    return
  }
  assert.equal(error, undefined)
  assert.ok(done)
  const codes = new Set(done.refused.map(({ code }) => code))
  if (forgotten.length > 0) {
    if (due.length > 0) assert.ok(codes.has('BUNDLE_FORGOTTEN'), [...codes].join())
    if (due.length > 0) count(world, 'refused BUNDLE_FORGOTTEN')
    return
  }
  for (const name of releasable) {
    if (book.answered.has(name))
      assert.ok(released.includes(name), `${name} could be released, and was not: ${[...codes].join()}`)
  }
  count(world, `round with ${released.length} released`)
}

/** Who asked gets what was deposited, once its release stands in the log, and nothing else ever. */
export async function fetchAll(world: World, must = false): Promise<void> {
  const { book } = world
  const { site } = book
  const node = site.nodes.find(({ running }) => running)
  if (!node) return
  for (const [name, { made, end }] of book.state.subjects) {
    const subject = book.made.get(name)
    if (made.act !== 'request' || !subject) continue
    const keys = await site.fetched(node, subject)
    if (typeof keys === 'string') {
      if (must && end === 'released') assert.fail(`${name} was released, and its keys are not there: ${keys}`)
      continue
    }
    assert.equal(end, 'released', `keys of ${name}, which is not released`)
    assert.deepEqual(keys, new Map([...site.deposits].map(([id, key]) => [id, toHex(key)])))
    count(world, 'keys fetched')
  }
}

const rounds = fc.tuple(fc.nat(1), seldom(3, trouble)).map(([number, how]) => {
  const bad = how ? `, in trouble ${JSON.stringify(how)}` : ''
  return new Step(`a round by node ${number}${bad}`, anyway, async (world) => {
    await round(world, number, how ?? NONE)
    await fetchAll(world)
  })
})

/** What may be done next; more often what a recovery gets on with. */
export const COMMANDS: fc.Arbitrary<fc.AsyncCommand<World, World>> = fc.oneof(
  { weight: 6, arbitrary: said(requests) },
  { weight: 3, arbitrary: said(proposals) },
  { weight: 12, arbitrary: said(approvals) },
  { weight: 6, arbitrary: agreements },
  { weight: 1, arbitrary: said(rejections) },
  { weight: 1, arbitrary: said(cancellations) },
  { weight: 4, arbitrary: atOnce },
  { weight: 8, arbitrary: clocks },
  { weight: 2, arbitrary: ends },
  { weight: 2, arbitrary: starts },
  { weight: 1, arbitrary: copying },
  { weight: 1, arbitrary: restoring },
  { weight: 2, arbitrary: copyingFolder },
  { weight: 2, arbitrary: restoringFolder },
  { weight: 12, arbitrary: rounds },
)
