import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { decryptFile, MlKem768X25519Identity, parseHeader, unwrapFileKey } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import { ClientError, makeDeposit } from '@strongroom/core/client'
import { createContainer, encodeContainer, SigningKey } from '@strongroom/core/container'
import { merkleTree } from '@strongroom/core/merkle'
import {
  encodeReceipt,
  parseEnvelope,
  verifyReceipt,
  type Charter,
  type Envelope,
  type MessageSigner,
  type Receipt,
  type RequestSubmission,
} from '@strongroom/core/protocol'
import { encodeLogEntry, ENTRY_KINDS, type EntryKindName } from '@strongroom/core/tlog'
import {
  custodianRound,
  CustodianError,
  CustodianFolder,
  type CustodianKeys,
  type CustodianWire,
  type Round,
} from '../../src/custodian/index.ts'
import { verifyRaw } from '../../src/log/node-signatures.ts'
import { sha256 } from '../../src/model/digest.ts'
import type { Store } from '../../src/store/store.ts'
import { bytesOf, pairOf, START, TERMS, TestAuthority, type TestClient } from './authority.ts'
import type { TestDatabase } from './databases.ts'
import { ADA, all, DAY, OFFICERS, person, PEOPLE, RECIPIENT, Tenancy } from './recovery.ts'
import { Scene } from './scene.ts'
import { SiteNode } from './site-node.ts'

// A whole organisation in small: two nodes of one authority, a custodian with a folder, four officers, an owner with four codes. Nodes are
// asked over the network, as everybody else asks them.

/** Four of the charter's people are officers. */
export const FOUR = { ...OFFICERS, eve: PEOPLE.eve } as const
export type OfficerName = keyof typeof FOUR

const own = createContainer({ name: 'key', profile: 'pq', now: new Date(START) })
const container = encodeContainer(own, { kind: 'passphrase', passphrase: 'a passphrase', logN: 1 })
const key = own.signingKey('pq')
const custodianKeys: CustodianKeys = {
  signer: { signer: key.signer.toString(), sign: (message) => key.sign(message) },
  // The exchange pair of the first epoch of `TestAuthority`.
  identities: [MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(1))],
  wipe: () => {},
}

/** The custodian's own keys. */
export const { signer: CUSTODIAN_PAIR } = custodianKeys

/** What became of a statement that was sent. */
export type Sent =
  | { readonly state: 'acknowledged'; readonly receipt: Receipt }
  | { readonly state: 'refused'; readonly problem: string }
  | { readonly state: 'unanswered' }

/** What a custodian comes to in a round. */
export interface Rounded {
  readonly round: Round | undefined
  /** Why it ended before its end, by its code. */
  readonly error: string | undefined
}

/** A request or a proposed charter that was made here. */
export interface MadeSubject {
  readonly digest: Uint8Array
  readonly statement: Envelope
  /** The pair of the new container; undefined of a charter. */
  readonly recover: MessageSigner | undefined
  /** Of the people of a charter. */
  readonly keys: readonly string[]
}

/** Everybody and everything. */
export class Site {
  readonly scene: Scene
  readonly tenancy: Tenancy
  readonly nodes: readonly [SiteNode, SiteNode]
  readonly owner: TestClient
  readonly codes = [0, 1, 2, 3].map((i) => pairOf(0x7000 + i))
  /** Session keys by the ids of their deposits, in hexadecimal. */
  readonly deposits: ReadonlyMap<string, Uint8Array>
  readonly ids: readonly Uint8Array[]
  readonly folder: string
  #observer: Store
  #made = 0

  private constructor(
    scene: Scene,
    facts: Pick<Site, 'tenancy' | 'owner' | 'deposits' | 'ids'>,
    observer: Store,
  ) {
    this.scene = scene
    this.tenancy = facts.tenancy
    this.owner = facts.owner
    this.deposits = facts.deposits
    this.ids = facts.ids
    this.#observer = observer
    this.nodes = [new SiteNode(scene, 'node 0'), new SiteNode(scene, 'node 1')]
    this.folder = join(scene.database.folder, 'custody')
  }

  static async open(database: TestDatabase): Promise<Site> {
    const scene = new Scene(database, new TestAuthority({ custodian: custodianKeys.signer.signer }))
    const store = await scene.open()
    const peopled = await scene.peopled(store)
    await store.recovery.addTerms(TERMS)
    const owner = peopled.client()
    const people = [
      person('ada', ADA, 'administrator'),
      ...Object.entries(FOUR).map(([id, pair]) => person(id, pair, 'officer')),
    ]
    const tenancy = new Tenancy(scene.authority, 'acme', { people })
    const codes = [0, 1, 2, 3].map((i) => pairOf(0x7000 + i))
    const deposits = [1, 2].map((i) => depositOf(scene.authority, owner, i))
    const statements = deposits.map(({ blob }) => owner.admit(blob))
    await all(peopled.log, [tenancy.charter(), tenancy.codes(owner, codes), ...statements])
    const ids = statements.map(({ digest }) => digest)
    const held = new Map(deposits.map(({ id, sessionKey }) => [toHex(id), sessionKey]))
    const site = new Site(scene, { tenancy, owner, deposits: held, ids }, store)
    site.#foundCustodian()
    for (const node of site.nodes) await node.start()
    return site
  }

  #foundCustodian(): void {
    const { identity, firstDigest } = this.tenancy
    const settings = { identity, freshness: 86_400, url: null }
    CustodianFolder.create({ folder: this.folder, settings, container, now: START - DAY })
    const folder = CustodianFolder.open(this.folder)
    folder.introduce('acme', firstDigest)
    folder.close()
  }

  get now(): number {
    return this.scene.now
  }

  /** Puts copies in the place of the database, or takes one; nodes that ran before run again. */
  async offline<T>(work: () => Promise<T>): Promise<T> {
    const running = this.nodes.filter((node) => node.running)
    for (const node of this.nodes) node.end()
    for (const node of this.nodes) await node.buried()
    await this.scene.close(this.#observer)
    const result = await work()
    this.#observer = await this.scene.open()
    for (const node of running) await node.start()
    return result
  }

  /** What is in the log: the kinds and digests of all leaves, from the rows. */
  async leaves(): Promise<readonly Leaf[]> {
    const rows = await this.#observer.audit(0, 10_000)
    return rows.map(({ statement: { kind, digest, bytes } }) => ({ kind, digest: toHex(digest), bytes }))
  }

  /** Where a subject stands; undefined if it is not there. */
  async phase({ digest }: Pick<MadeSubject, 'digest'>): Promise<string | undefined> {
    const { trust } = this.scene.authority
    const found = await this.#observer.recovery.subject(trust, 'acme', digest, this.now)
    return found?.state.phase
  }

  /** A request, made and not sent. */
  request(
    charter: Uint8Array,
    { class: name, code }: { class: 'self' | 'third-party'; code: number },
  ): MadeSubject {
    const pair = pairOf(0x6000 + ++this.#made)
    const chosen = this.codes[code % this.codes.length] ?? pair
    const asked =
      name === 'self'
        ? { evidence: [{ kind: 'recovery-code', key: chosen.signer } as const] }
        : { class: name, requester: 'bo', by: FOUR.bo.signer, evidence: [] }
    const payload = this.tenancy.requestFor(this.owner, this.ids, this.now, {
      charter,
      signer: pair.signer,
      ...asked,
    })
    const pairs = [pair, name === 'self' ? chosen : FOUR.bo]
    const made = this.tenancy.make('request', payload, pairs, { deposits: this.ids })
    return { digest: made.digest, statement: parseEnvelope(made.bytes), recover: pair, keys: [] }
  }

  /** A charter that changes the one in force, made and not sent. */
  proposal(changes: Pick<Charter, 'number' | 'previous' | 'people' | 'policy'>): MadeSubject {
    const made = this.tenancy.charter({ ...changes, created: this.now }, ADA)
    const keys = made.facts.kind === 'charter' ? (made.facts.beside.keys ?? []) : []
    return { digest: made.digest, statement: parseEnvelope(made.bytes), recover: undefined, keys }
  }

  /** Sends a subject to a node. */
  submit(node: SiteNode, { statement, recover, keys: named }: MadeSubject): Promise<Sent> {
    return sent(async () => {
      const client = node.client()
      if (!recover) return client.propose({ statement, keys: named })
      const recipient = RECIPIENT.recipient().toString()
      const { file } = await client.recipientChallenge({ signer: recover.signer, recipient })
      const challenge = decryptFile(file, [RECIPIENT])
      const submission: RequestSubmission = { statement, deposits: [...this.ids].toSorted(byHex), challenge }
      return client.submitRequest(submission)
    })
  }

  /** Sends what somebody decided. */
  say(node: SiteNode, statement: Envelope): Promise<Sent> {
    return sent(() => node.client().submit(statement))
  }

  /**
   * One round of the custodian.
   *
   * @param wire how the authority is asked; over the node unless told
   */
  async round(wire: CustodianWire, calls?: Parameters<typeof CustodianFolder.open>[1]): Promise<Rounded> {
    const folder = CustodianFolder.open(this.folder, calls)
    try {
      const round = await custodianRound(folder, custodianKeys, wire, { now: () => this.now })
      return { round, error: undefined }
    } catch (error) {
      if (error instanceof CustodianError || error instanceof ClientError) {
        return { round: undefined, error: error.code }
      }
      if (String(error).includes('the disk is gone')) return { round: undefined, error: 'disk' }
      throw error
    } finally {
      folder.close()
    }
  }

  /** Copies the custodian's folder. @returns what puts the copy in its place */
  copyFolder(): () => void {
    const copy = mkdtempSync(join(this.scene.database.folder, 'custody-'))
    cpSync(this.folder, copy, { recursive: true })
    return () => {
      rmSync(this.folder, { recursive: true })
      cpSync(copy, this.folder, { recursive: true })
    }
  }

  /** The session keys that the requester gets, by the ids of their deposits in hexadecimal; or why not. */
  async fetched(node: SiteNode, { digest, recover }: MadeSubject): Promise<Map<string, string> | string> {
    try {
      const blobs = await node.client(recover).releaseBlobs(digest)
      const ids = [...this.ids].toSorted(byHex)
      return new Map(
        blobs.map((blob, i) => [
          toHex(ids[i] ?? digest),
          toHex(unwrapFileKey(parseHeader(blob), [RECIPIENT])),
        ]),
      )
    } catch (error) {
      if (error instanceof ClientError) return error.problem?.code ?? error.code
      throw error
    }
  }

  /** Verifies a receipt with the identity key alone. */
  verified(receipt: Receipt) {
    const trust = { ...this.scene.authority.trust, verifyRaw }
    return verifyReceipt(encodeReceipt(receipt), trust)
  }

  async end(): Promise<void> {
    for (const node of this.nodes) node.end()
    for (const node of this.nodes) await node.buried()
    await this.scene.end()
  }
}

/** A leaf, as a row says it. */
export interface Leaf {
  readonly kind: EntryKindName
  readonly digest: string
  readonly bytes: Uint8Array
}

/** The root over leaves. */
export function rootOver(leaves: readonly Leaf[]): string {
  const tree = merkleTree(sha256)
  const hashes = leaves.map(({ kind, digest }) =>
    tree.leafHash(encodeLogEntry({ kind: ENTRY_KINDS[kind], digest: Uint8Array.fromHex(digest) })),
  )
  return toHex(tree.rootOf(hashes))
}

const byHex = (one: Uint8Array, other: Uint8Array): number => (toHex(one) < toHex(other) ? -1 : 1)

async function sent(work: () => Promise<Receipt>): Promise<Sent> {
  try {
    return { state: 'acknowledged', receipt: await work() }
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    const problem = error.problem?.code
    // What nobody knows the fate of.
    if (problem === undefined || problem === 'unavailable') return { state: 'unanswered' }
    return { state: 'refused', problem }
  }
}

function depositOf({ chain }: TestAuthority, { owner }: TestClient, i: number) {
  const sessionKey = bytesOf(0x7e570 + i, 16)
  const secret = new Uint8Array(32)
  new DataView(secret.buffer).setUint32(0, 0x10001)
  const made = makeDeposit({
    epoch: chain.latest,
    tenant: owner.tenant,
    clientId: owner.client,
    signingKey: SigningKey.fromSecretBytes('ed25519', secret),
    retention: 'ten-years',
    createdMs: START + i,
    sessionKey: sessionKey.slice(),
    format: 'file',
    serial: bytesOf(i, 16),
  })
  return { id: sha256(made.blob), blob: made.blob, sessionKey }
}
