import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import { ACTS, parseEnvelope, parseJson, type Receipt } from '@strongroom/core/protocol'
import { CustodianFolder, lastSeen } from '../../src/custodian/index.ts'
import { rootOver, type Leaf, type MadeSubject, type Sent, type Site } from '../support/recovery-site.ts'
import { after, nothing, phaseOf, waitedFrom, whyNot, type Act, type State } from './model.ts'

/** A leaf, and when it was first seen. */
interface Entry {
  readonly leaf: string
  readonly at: number
}

/** A promise: the leaves that the log had when somebody got a receipt, and from which node. */
interface Promised {
  readonly node: number
  readonly leaves: readonly string[]
}

/** What the custodian may know by what it was shown. */
export interface Custodian {
  readonly seen: readonly string[]
  /** Subjects that it spent. */
  readonly spent: ReadonlySet<string>
}

/**
 * What everybody was told, and what must follow. The state of the model is made from the leaves of the log alone, each at the time when it
 * was first there: so a database that was rolled back rolls the model back, and nothing else does.
 */
export class Book {
  readonly site: Site
  readonly acts = new Map<string, Act>()
  readonly made = new Map<string, MadeSubject>()
  readonly promises: Promised[] = []
  /** Subjects whose request was answered: what their waiting begins with is known. */
  readonly answered = new Set<string>()
  /** What the log had when it was rolled back. */
  readonly rolledBack: string[][] = []
  state: State
  custodian: Custodian = { seen: [], spent: new Set() }
  #entries: Entry[] = []
  #looking: Promise<void> = Promise.resolve()
  #first: string

  constructor(site: Site) {
    this.site = site
    this.#first = toHex(site.tenancy.firstDigest)
    this.state = nothing(this.#first)
  }

  get leaves(): readonly string[] {
    return this.#entries.map(({ leaf }) => leaf)
  }

  get subjects(): readonly string[] {
    return [...this.state.subjects.keys()]
  }

  /** The subject of that number, counted round. */
  subject(number: number): string {
    return this.subjects[number % Math.max(1, this.subjects.length)] ?? this.#first
  }

  /**
   * Reads the log. What is new in it must have been allowed when it came; what was there is there still, unless it was rolled back.
   *
   * @param quiet nobody says anything meanwhile: where subjects stand is compared too
   */
  look(quiet = true): Promise<void> {
    // One after the other: what is new is new once.
    this.#looking = this.#looking.then(() => this.#look(quiet))
    return this.#looking
  }

  async #look(quiet: boolean): Promise<void> {
    const { now } = this.site
    const leaves = await this.site.leaves()
    const names = leaves.map(nameOf)
    const same = this.#entries.findIndex(({ leaf }, i) => leaf !== names[i])
    if (same >= 0) {
      assert.ok(this.rolledBack.length > 0, `leaf ${same} is another, and nobody rolled the database back`)
      this.#refold(same)
    }
    for (const leaf of leaves.slice(this.#entries.length)) this.#follow(leaf, now)
    for (const [name, subject] of quiet ? this.state.subjects : []) {
      const made = this.made.get(name)
      const found = made && (await this.site.phase(made))
      assert.equal(found, phaseOf(this.state, subject, now), `where ${name} stands`)
    }
    for (const { leaves: promised, node } of this.promises) {
      const kept = isBeginning(promised, names)
      if (!kept)
        assert.ok(this.#wasLost(promised), `node ${node} broke a promise, and nothing was rolled back`)
    }
  }

  /** What a node said to a statement: it must be what the model says, and what the log shows. */
  heard(node: number, name: string, sent: Sent, before: State): void {
    const act = this.acts.get(name)
    assert.ok(act)
    const leaf = this.#entries.findIndex((entry) => entry.leaf.endsWith(name))
    if (sent.state === 'acknowledged') {
      assert.ok(leaf >= 0, `${act.act} was acknowledged, and is not in the log`)
      this.#keep(node, sent.receipt, leaf)
      this.answered.add(name)
    }
    if (sent.state === 'refused' && sent.problem !== 'read-only') {
      assert.ok(leaf < 0, `${act.act} was refused (${sent.problem}), and is in the log`)
      const { now } = this.site
      const why = whyNot(before, act, now) ?? whyNot(this.state, act, now)
      assert.ok(why !== undefined, `${act.act} was refused (${sent.problem}), and nothing forbids it`)
    }
  }

  /** A receipt is good offline, and its tree is the one that the rows have. */
  #keep(node: number, receipt: Receipt, leaf: number): void {
    const { index, size, root } = this.site.verified(receipt)
    assert.equal(index, leaf)
    const leaves = this.leaves.slice(0, size)
    assert.equal(toHex(root), rootOver(leaves.map(leafOf)), 'the receipt is of another tree')
    this.promises.push({ node, leaves })
  }

  /** What may be released now, in the order of the log, each under what those before it changed. */
  releasable(): string[] {
    const { now } = this.site
    let { state } = this
    const due = [...state.subjects].filter(([, it]) => phaseOf(state, it, now) === 'approved')
    return due.flatMap(([name]) => {
      const release: Act = { act: 'release', subject: name }
      if (whyNot(state, release, now) !== undefined) return []
      state = after(state, name, release, now)
      return [name]
    })
  }

  /** Whether something is approved and its waiting over, so that the custodian asks for its bundle. */
  isDue(name: string): boolean {
    const { now } = this.site
    const subject = this.state.subjects.get(name)
    if (!subject) return false
    return phaseOf(this.state, subject, now) === 'approved' && now >= waitedFrom(this.state, subject)
  }

  released(): string[] {
    return [...this.state.subjects].flatMap(([name, { end }]) => (end === 'released' ? [name] : []))
  }

  /** Forgets what the database has lost. @param leaves how many it has still */
  rollBack(leaves: number): void {
    this.rolledBack.push([...this.leaves])
    this.#refold(leaves)
  }

  /**
   * What the custodian's folder says that it knows, held against what it was shown.
   *
   * @param log as it was before the round; as it is unless told
   */
  learn(log: readonly string[] = this.leaves): void {
    const folder = CustodianFolder.open(this.site.folder)
    const [size, spent] = [lastSeen(folder.memory)?.size ?? 0, folder.knowledge().spent]
    folder.close()
    const { seen } = this.custodian
    assert.ok(size >= seen.length, 'it saw less than before')
    const shown = [...log, ...this.leaves.slice(log.length)]
    this.custodian = { seen: size > seen.length ? shown.slice(0, size) : seen, spent }
  }

  #wasLost(promised: readonly string[]): boolean {
    return this.rolledBack.some((lost) => isBeginning(promised, lost))
  }

  #refold(count: number): void {
    const kept = this.#entries.slice(0, count)
    this.#entries = []
    this.state = nothing(this.#first)
    for (const { leaf, at } of kept) this.#apply(leaf, at)
  }

  #follow(leaf: Leaf, now: number): void {
    if (leaf.kind === 'release') {
      const { payload } = parseEnvelope(leaf.bytes)
      const { subject } = parseJson(ACTS.release.payload, payload, payload.length)
      this.acts.set(leaf.digest, { act: 'release', subject: toHex(subject) })
    }
    this.#apply(nameOf(leaf), now)
  }

  #apply(leaf: string, at: number): void {
    const name = leaf.slice(leaf.indexOf(' ') + 1)
    const act = this.acts.get(name)
    if (act) {
      const why = whyNot(this.state, act, at)
      assert.equal(why, undefined, `leaf ${this.#entries.length}, ${act.act}`)
      this.state = after(this.state, name, act, at)
    }
    this.#entries.push({ leaf, at })
  }
}

const nameOf = ({ kind, digest }: Leaf): string => `${kind} ${digest}`

function leafOf(name: string): Leaf {
  const [kind, digest = ''] = name.split(' ')
  return { kind: kind as Leaf['kind'], digest, bytes: new Uint8Array(0) }
}

/** Whether a list begins with another. */
export const isBeginning = (beginning: readonly string[], list: readonly string[]): boolean =>
  beginning.length <= list.length && beginning.every((leaf, i) => leaf === list[i])
