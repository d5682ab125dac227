import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { toHex, utf8Decode } from '../../src/bytes/index.ts'
import {
  AuthorityStore,
  makeDeposit,
  sha256,
  type AuthorityFolder,
  type AuthorityWire,
  type MadeDeposit,
} from '../../src/client/index.ts'
import { SigningKey } from '../../src/container/index.ts'
import { merkleTree } from '../../src/merkle/index.ts'
import {
  ACTS,
  clientIdOf,
  encodeEnvelope,
  encodeReceipt,
  signStatement,
  statementDigest,
  type AuthorityCard,
  type Envelope,
  type FoundStatement,
  type ProblemCode,
  type Receipt,
  type StatementPage,
} from '../../src/protocol/index.ts'
import {
  EMPTY_EDGE,
  encodeBundle,
  encodeCheckpoint,
  encodeLogEntry,
  encodeLogProof,
  ENTRY_KINDS,
  extendTiles,
  Frontier,
  signNote,
  TiledTree,
  tilePath,
  type EntryKindName,
  type Tile,
  type TileEdge,
} from '../../src/tlog/index.ts'
import {
  CLIENT,
  enrolmentFor,
  INVITED,
  START,
  testAuthority,
  type TestAuthority,
} from '../protocol/fixtures.ts'
import { testKey } from '../tlog/node-keys.ts'

export { START }
export const DAY = 86_400_000
const SEED = 1
/** Those of the fixtures' keys. */
const LOG_SEEDS = [
  ['note', SEED + 100],
  ['subtree', SEED + 101],
] as const

/** An authority of tests with as many epochs. */
const AUTHORITIES = [testAuthority(1), testAuthority(2)] as const
const [ONE_EPOCH] = AUTHORITIES
const signingKey = SigningKey.fromSecretBytes('ed25519', new Uint8Array(32).fill(0x21))

interface Logged {
  readonly kind: EntryKindName
  readonly digest: Uint8Array
  readonly bytes: Uint8Array
}

/**
 * An authority in this process: a true log with true keys, tiles and proofs, without a network and a database. What it says can be
 * changed, since it keeps the keys.
 */
export class LogAuthority implements AuthorityWire {
  /** 0 is before the second epoch was announced, 1 after it. */
  readonly test: TestAuthority
  nowMs = START
  perRequest = 1_000
  perPage = 1_000
  /** What it answers instead of taking a deposit, by the id. */
  readonly refusals = new Map<string, ProblemCode>()
  /** Called before a request is answered; may throw. */
  before: (what: keyof AuthorityWire, count: number) => void = () => undefined
  /** Changes what is answered to deposits. */
  mangle: (answers: (Receipt | ProblemCode)[]) => (Receipt | ProblemCode)[] = (answers) => answers
  /** Statements that it does not show. */
  readonly hidden = new Set<string>()
  readonly requests: string[] = []
  /** Whose each entry is: entries of others are not shown. */
  readonly mine = new Map<number, Logged>()
  entries: Uint8Array[] = []
  #edge: TileEdge = EMPTY_EDGE
  #tiles = new Map<string, Uint8Array>()
  #note: Uint8Array | undefined

  constructor(epochs: 1 | 2 = 1) {
    this.test = AUTHORITIES[epochs - 1] ?? ONE_EPOCH
    for (const envelope of this.test.envelopes) {
      this.append([encodeLogEntry({ kind: ENTRY_KINDS.epoch, digest: statementDigest(sha256, envelope) })])
    }
    this.enrolment = signStatement(sha256, ACTS.enrolment, enrolmentFor(this.test), [CLIENT, INVITED])
    this.log({
      kind: 'enrolment',
      digest: statementDigest(sha256, this.enrolment),
      bytes: encodeEnvelope(this.enrolment),
    })
  }
  readonly enrolment: Envelope

  /** The same log in another authority, whose ways part from here. */
  fork(): LogAuthority {
    const other = new LogAuthority(this.test.epochs.length === 1 ? 1 : 2)
    other.rewind(0)
    other.nowMs = this.nowMs
    other.append(this.entries)
    for (const [index, logged] of this.mine) other.mine.set(index, logged)
    return other
  }

  /** Puts back a snapshot from when the log had `size` entries. */
  rewind(size: number): void {
    const kept = this.entries.slice(0, size)
    this.entries = []
    this.#edge = EMPTY_EDGE
    this.#tiles = new Map()
    this.#note = undefined
    for (const index of this.mine.keys()) if (index >= size) this.mine.delete(index)
    this.append(kept)
  }

  /** Takes away what is there and can be derived again from nothing. */
  spoil(path: string, change: (tile: Uint8Array) => Uint8Array): void {
    const tile = this.#tiles.get(path)
    assert.ok(tile, path)
    this.#tiles.set(path, change(tile))
  }

  get size(): number {
    return this.entries.length
  }

  append(entries: readonly Uint8Array[]): void {
    const tree = merkleTree(sha256)
    const { edge, written } = extendTiles(
      sha256,
      this.#edge,
      entries.map((entry) => tree.leafHash(entry)),
    )
    for (const { tile, bytes } of written) this.#tiles.set(tilePath(tile), bytes)
    this.#edge = edge
    for (const entry of entries) this.entries.push(entry)
    this.#note = undefined
  }

  /** Entries of other people. */
  appendOthers(count: number, seed = 0): void {
    const digest = (i: number) => sha256(new Uint8Array(new Uint32Array([i, seed, this.size]).buffer))
    const entries = Array.from({ length: count }, (_, i) => encodeLogEntry({ kind: 1, digest: digest(i) }))
    this.append(entries)
  }

  log(logged: Logged): number {
    const index = this.size
    this.append([encodeLogEntry({ kind: ENTRY_KINDS[logged.kind], digest: logged.digest })])
    this.mine.set(index, logged)
    return index
  }

  /** Signs the tree as it is now, again if asked. */
  sign(again = false): Uint8Array {
    if (this.#note && !again) return this.#note
    const root = Frontier.fromEdge(sha256, this.#edge).root()
    const { origin } = this.test
    const seconds = Math.floor(this.nowMs / 1000)
    const signers = LOG_SEEDS.map(([type, seed]) => testKey(origin, type, seed, seconds).signer)
    this.#note = signNote(encodeCheckpoint({ origin, size: this.size, root, extensions: [] }), signers)
    return this.#note
  }

  async receiptOf(index: number): Promise<Receipt> {
    const logged = this.mine.get(index)
    const epoch = this.test.envelopes.at(-1)
    assert.ok(logged && epoch)
    const checkpoint = this.sign()
    const head = { size: this.size, root: Frontier.fromEdge(sha256, this.#edge).root() }
    const tree = new TiledTree(sha256, head, (tile) => this.#tile(tile))
    const proof = encodeLogProof({ index, hashes: await tree.inclusionProof(index), checkpoint })
    const { kind, digest } = logged
    return { statement: { kind, digest }, level: 0, epoch, proof: utf8Decode(proof) }
  }

  /** Counts what is asked. */
  #asked(what: keyof AuthorityWire, count = 1): void {
    this.requests.push(what)
    this.before(what, count)
  }

  async card(): Promise<AuthorityCard> {
    this.#asked('card')
    const limits = { depositBytes: 16_384, depositsPerRequest: this.perRequest }
    return { epochs: this.test.envelopes, limits }
  }

  async deposit(blobs: readonly Uint8Array[]): Promise<readonly (Receipt | ProblemCode)[]> {
    this.#asked('deposit', blobs.length)
    const places = blobs.map((blob) => {
      const digest = sha256(blob)
      const refusal = this.refusals.get(toHex(digest))
      return refusal ?? this.find(toHex(digest)) ?? this.log({ kind: 'deposit', digest, bytes: blob })
    })
    const answers = await Promise.all(
      places.map(async (place) => (typeof place === 'string' ? place : this.receiptOf(place))),
    )
    return this.mangle(answers)
  }

  /** Where a statement stands. */
  find(id: string): number | undefined {
    return [...this.mine].find(([, { digest }]) => toHex(digest) === id)?.[0]
  }

  /** How often a statement stands in the log. */
  times(id: string): number {
    return this.entries.filter((entry) => toHex(entry.subarray(1)) === id).length
  }

  async statements(after = -1): Promise<StatementPage> {
    this.#asked('statements')
    const rest = [...this.mine]
      .filter(([index, { digest }]) => index > after && !this.hidden.has(toHex(digest)))
      .map(([index, logged]): FoundStatement => ({ index, received: this.nowMs, ...logged }))
    const statements = rest.slice(0, this.perPage)
    const next = rest.length > this.perPage ? (statements.at(-1)?.index ?? null) : null
    return { statements, next }
  }

  async checkpoint(): Promise<Uint8Array> {
    this.#asked('checkpoint')
    return this.sign()
  }

  async tile(tile: Tile): Promise<Uint8Array> {
    this.#asked('tile')
    return this.#tile(tile)
  }

  #tile(tile: Tile): Uint8Array {
    if (tile.level === 'entries') {
      const first = tile.index * 256
      return encodeBundle(this.entries.slice(first, first + tile.width))
    }
    for (let { width } = tile; width <= 256; width++) {
      const found = this.#tiles.get(tilePath({ ...tile, width }))
      if (found) return found
    }
    throw new RangeError(`no ${tilePath(tile)}`)
  }
}

const CLIENT_ID = clientIdOf(sha256, 'acme', CLIENT.signer)
let made = 0

/** A deposit of the client for an epoch, another each time. */
export function deposit(authority: LogAuthority, epochNumber = 1): MadeDeposit {
  made += 1
  const epoch = authority.test.chain.find(epochNumber)
  assert.ok(epoch)
  return makeDeposit({
    sessionKey: new Uint8Array(16).fill(made),
    epoch,
    tenant: 'acme',
    clientId: CLIENT_ID,
    signingKey,
    format: 'file',
    serial: new Uint8Array(16).fill(made),
    retention: 'ten-years',
    createdMs: START,
  })
}

/** The folder of a client that enrolled with an authority. */
export async function enrolledIn(folder: string, authority: LogAuthority): Promise<AuthorityFolder> {
  const index = authority.find(toHex(statementDigest(sha256, authority.enrolment)))
  assert.ok(index !== undefined)
  return new AuthorityStore(folder).create({
    name: 'vault',
    url: 'https://vault.example.org',
    ca: null,
    tenant: 'acme',
    clientId: CLIENT_ID,
    signer: CLIENT.signer,
    identity: authority.test.identity.fingerprint,
    container: 'default',
    epochs: authority.test.chain,
    receipt: encodeReceipt(await authority.receiptOf(index)),
  })
}

/** A folder of a test, which goes with it. */
export function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'client-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A client that enrolled with an authority of its own. */
export async function enrolled(
  t: TestContext,
  epochs: 1 | 2 = 1,
): Promise<{ client: AuthorityFolder; authority: LogAuthority; folder: string }> {
  const authority = new LogAuthority(epochs)
  const folder = folderOf(t)
  return { client: await enrolledIn(folder, authority), authority, folder }
}

/** Puts so many new deposits into the outbox; their ids. */
export function fill(
  client: AuthorityFolder,
  authority: LogAuthority,
  count: number,
  nowMs = START,
): string[] {
  const state = client.load()
  return Array.from({ length: count }, (_, i) => {
    const { blob } = deposit(authority)
    return client.outbox.add({ blob, label: `deposit ${i}`, path: `/files/${i}` }, state, nowMs).id
  })
}
