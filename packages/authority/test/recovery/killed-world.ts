import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { decryptFile, MlKem768X25519Identity, parseHeader, unwrapFileKey } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import {
  AuthorityClient,
  ClientError,
  enrol,
  httpsTransport,
  keyCredentials,
  makeDeposit,
  nodeMeans,
  RecoveryClient,
  type EnrolledClient,
} from '@strongroom/core/client'
import { createContainer, SigningKey } from '@strongroom/core/container'
import {
  ACTS,
  depositListDigest,
  encodeReceipt,
  parseEnvelope,
  parseJson,
  signStatement,
  statementDigest,
  verifyReceipt,
  type ActName,
  type ActPayloads,
  type Envelope,
  type MessageSigner,
  type Receipt,
} from '@strongroom/core/protocol'
import { CustodianFolder } from '../../src/custodian/index.ts'
import { verifyRaw } from '../../src/log/node-signatures.ts'
import { sha256 } from '../../src/model/digest.ts'
import { initAuthority, invite, validFor, type MadeAuthority } from '../../src/setup/index.ts'
import { startService } from '../../src/service/index.ts'
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { PASSPHRASE, testFolder, wanted } from '../setup/made-authority.ts'
import { NO_QUOTAS } from '../support/databases.ts'
import { builtCommand, Killable } from '../support/killable.ts'

const DEPOSITS = 3
const RETRY_MS = 25
/** If nothing changes for so long, it is killed all the same. */
const STILL_MS = 2_000

/** A request that came back. */
export interface Recovered {
  readonly subject: Uint8Array
  /** Of the request and of both approvals. */
  readonly receipts: readonly Receipt[]
}

/** An authority and its custodian as the processes that they are, and people who ask them until they are answered. */
export class KilledWorld {
  readonly folder: string
  readonly authority: Killable
  readonly custodian: Killable
  readonly store: Store
  readonly #made: MadeAuthority
  readonly #officers: Readonly<Record<'bo' | 'cy' | 'di', MessageSigner>>
  readonly #owner: EnrolledClient
  readonly #keys: ReadonlyMap<string, string>
  readonly #ids: readonly Uint8Array[]

  private constructor(facts: {
    folder: string
    made: MadeAuthority
    program: string
    store: Store
    officers: Readonly<Record<'bo' | 'cy' | 'di', MessageSigner>>
    owner: EnrolledClient
    keys: ReadonlyMap<string, string>
  }) {
    const { folder, made, program } = facts
    this.folder = folder
    this.store = facts.store
    this.#made = made
    this.#officers = facts.officers
    this.#owner = facts.owner
    this.#keys = facts.keys
    this.#ids = [...facts.keys.keys()].toSorted().map((id) => Uint8Array.fromHex(id))
    const passphrase = join(folder, 'passphrase')
    writeFileSync(passphrase, `${PASSPHRASE}\n`, { mode: 0o600 })
    const env = {
      STRONGROOM_HOME: join(folder, 'home'),
      STRONGROOM_AUTHORITY_METRICS_LISTEN_PORT: '0',
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
    }
    const custody = ['--folder', join(folder, 'custody'), '--passphrase-file', passphrase]
    this.authority = new Killable([program, 'authority', 'serve', '--folder', join(folder, 'vault')], env)
    this.custodian = new Killable([program, 'custodian', 'run', ...custody, '--every', '1s', '--json'], env)
  }

  static async open(t: TestContext): Promise<KilledWorld> {
    const folder = testFolder(t)
    const program = await builtCommand(folder)
    const officers = { bo: newPair(), cy: newPair(), di: newPair() }
    const made = await foundAuthority(folder, officers)
    const { owner, keys } = await depositing(made)
    const { database } = made.configuration
    assert.ok(database.engine === 'sqlite')
    const store = await openSqliteStore({ path: database.path, quotas: NO_QUOTAS })
    const world = new KilledWorld({ folder, made, program, store, officers, owner, keys })
    t.after(async () => {
      await world.authority.kill()
      await world.custodian.kill()
      await store.close()
    })
    return world
  }

  /** From the request to the keys, asking for as long as nobody answers. */
  async recover(): Promise<Recovered> {
    const { bo, cy, di } = this.#officers
    const [container, identity] = [newPair(), newIdentity()]
    const now = fullSecond()
    const recipient = identity.recipient().toString()
    const request = this.#sign(
      'request',
      {
        ...this.#common,
        charter: this.#made.charter ?? new Uint8Array(32),
        class: 'third-party',
        client: this.#owner.clientId,
        deposits: { count: this.#ids.length, digest: depositListDigest(sha256, this.#ids) },
        requester: 'bo',
        by: bo.signer,
        recipient,
        signer: container.signer,
        evidence: [],
        reason: 'the keys are gone',
        reference: null,
        created: now,
        expires: now + 86_000_000,
        nonce: new Uint8Array(randomBytes(32)),
      },
      container,
      bo,
    )
    const subject = statementDigest(sha256, request)
    const client = this.#client(container)
    const asked = await this.#answered(async () => {
      const { file } = await client.recipientChallenge({ signer: container.signer, recipient })
      const challenge = decryptFile(file, [identity])
      return client.submitRequest({ statement: request, deposits: this.#ids, challenge })
    })
    const agreed = await Promise.all([this.#approve(subject, 'cy', cy), this.#approve(subject, 'di', di)])
    await this.#fetch(client, subject, identity)
    return { subject, receipts: [asked, ...agreed] }
  }

  async #approve(subject: Uint8Array, person: 'cy' | 'di', pair: MessageSigner): Promise<Receipt> {
    const created = fullSecond()
    const approval = {
      ...this.#common,
      subject,
      person,
      by: pair.signer,
      evidence: 'called back',
      created,
      expires: created + 86_000_000,
    }
    const statement = this.#sign('approval', approval, pair)
    return this.#answered(() => this.#client().submit(statement))
  }

  /** Asks until the keys are there: whenever they are, their release stands in the log, and in a tree that was signed. */
  async #fetch(client: RecoveryClient, subject: Uint8Array, identity: MlKem768X25519Identity): Promise<void> {
    const blobs = await this.#answered(() => client.releaseBlobs(subject), ['not-found', 'unauthenticated'])
    const leaf = (await this.releases()).find((release) => release.subject === toHex(subject))
    assert.ok(leaf, 'keys were given out, and no release stands in the log')
    assert.ok(((await this.store.checkpoint())?.size ?? 0) > leaf.index, 'the release is in no signed tree')
    const found = blobs.map((blob, i) => [
      toHex(this.#ids[i] ?? subject),
      toHex(unwrapFileKey(parseHeader(blob), [identity])),
    ])
    assert.deepEqual(new Map(found as [string, string][]), this.#keys)
  }

  /** Every release in the log. */
  async releases(): Promise<readonly { readonly index: number; readonly subject: string }[]> {
    const rows = await this.store.recovery.statementsBetween(0, Number.MAX_SAFE_INTEGER, [9])
    return rows.map(({ index, bytes }) => ({ index, subject: subjectOf(bytes) }))
  }

  /** The subjects that the custodian's folder has spent. */
  get spent(): readonly string[] {
    const names = readdirSync(join(this.folder, 'custody', 'releases'))
    return names.filter((name) => name.endsWith('.record')).map((name) => name.slice(0, -'.record'.length))
  }

  /** Verifies a receipt with the identity key alone. */
  verified(receipt: Receipt) {
    const trust = { ...nodeMeans, identity: this.#made.identity, verifyRaw }
    return verifyReceipt(encodeReceipt(receipt), trust)
  }

  /** When files of authority or custodian have changed so many times, or nothing changes any more. */
  async changed(times: number): Promise<void> {
    const { database } = this.#made.configuration
    assert.ok(database.engine === 'sqlite')
    const custody = join(this.folder, 'custody')
    const folders = [dirname(database.path), custody, join(custody, 'releases')]
    const { promise, resolve } = Promise.withResolvers<void>()
    let changes = 0
    const watchers = folders.map((folder) =>
      watch(folder, () => {
        if (++changes >= times) resolve()
      }),
    )
    const still = new AbortController()
    await Promise.race([promise, pause(STILL_MS, undefined, { signal: still.signal }).catch(() => {})])
    still.abort()
    for (const watcher of watchers) watcher.close()
  }

  get #common() {
    return { identity: this.#made.identity, tenant: 'default' }
  }

  #sign<K extends ActName>(act: K, payload: ActPayloads[K], ...pairs: readonly MessageSigner[]): Envelope {
    return signStatement(sha256, ACTS[act], payload, pairs)
  }

  #client(pair?: MessageSigner): RecoveryClient {
    const { url } = this.#made.configuration
    const transport = httpsTransport({ url })
    return new RecoveryClient({ url, transport, ...(pair && { credentials: keyCredentials(pair) }) })
  }

  /** Does something until it is answered. @param not answers that may be another one the next time */
  async #answered<T>(work: () => Promise<T>, not: readonly string[] = []): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        const problem = error.problem?.code
        const passing = error.code === 'CLIENT_UNREACHABLE' || problem === 'unavailable'
        if (!passing && !(problem !== undefined && not.includes(problem))) throw error
        this.authority.check()
        this.custodian.check()
        await pause(RETRY_MS)
      }
    }
  }
}

async function foundAuthority(
  folder: string,
  officers: Readonly<Record<string, MessageSigner>>,
): Promise<MadeAuthority> {
  const port = await freePort()
  const now = Date.now()
  const url = `http://127.0.0.1:${port}`
  const charter = Object.entries(officers).map(([id, { signer }]) => ({ id, signer }))
  const made = await initAuthority(
    wanted(folder, {
      settings: {
        name: 'Example archive',
        url,
        tls: null,
        listen: { host: '127.0.0.1', port },
        logLevel: 'warn',
      },
      validity: validFor(730, now),
      now,
      charter,
      waiting: 0,
    }),
  )
  const container = readFileSync(join(folder, 'custodian.container'))
  const settings = { identity: made.identity, freshness: 86_400, url }
  CustodianFolder.create({ folder: join(folder, 'custody'), settings, container, now })
  const custody = CustodianFolder.open(join(folder, 'custody'))
  if (made.charter) custody.trust({ charter: made.charter })
  custody.close()
  return made
}

/** Somebody who deposits what they lose then. */
async function depositing({ configuration }: MadeAuthority) {
  const service = await startService({ ...configuration, logLevel: 'silent', metrics: {} })
  try {
    const now = () => Date.now()
    const { text: invitation } = await invite(configuration, {
      tenant: 'default',
      name: 'owner',
      days: 7,
      now: now(),
    })
    const container = createContainer({ name: 'laptop', now: new Date() })
    const connect = (url: string) => httpsTransport({ url })
    const owner = await enrol({ invitation, name: 'laptop', container, connect, now })
    const signingKey = container.signingKey()
    const made = Array.from({ length: DEPOSITS }, () => {
      const sessionKey = new Uint8Array(randomBytes(16))
      const { blob } = makeDeposit({
        epoch: owner.epochs.latest,
        tenant: owner.tenant,
        clientId: owner.clientId,
        signingKey,
        retention: 'standard',
        createdMs: now(),
        sessionKey: sessionKey.slice(),
        format: 'file',
        serial: new Uint8Array(randomBytes(16)),
      })
      return { blob, sessionKey }
    })
    const client = new AuthorityClient({ url: owner.url, transport: connect(owner.url) })
    const receipts = await client.deposit(made.map(({ blob }) => blob))
    assert.ok(receipts.every((receipt) => typeof receipt !== 'string'))
    const keys = new Map(made.map(({ blob, sessionKey }) => [toHex(sha256(blob)), toHex(sessionKey)]))
    return { owner, keys }
  } finally {
    await service.stop()
  }
}

function newPair(): MessageSigner {
  const key = SigningKey.generate('ed25519')
  return { signer: key.signer.toString(), sign: (message) => key.sign(message) }
}

const newIdentity = () => MlKem768X25519Identity.fromBytes(new Uint8Array(randomBytes(32)))
const fullSecond = (): number => Math.floor(Date.now() / 1000) * 1000

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function subjectOf(release: Uint8Array): string {
  const { payload } = parseEnvelope(release)
  return toHex(parseJson(ACTS.release.payload, payload, payload.length).subject)
}
