/**
 * A custodian to measure, and an authority that it works for: keys of the default profile, a log in SQLite, a custodian's folder, all on
 * the disk. The clock is one's own, so that nobody waits for a waiting time to end.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MlKem768X25519Identity } from '../packages/core/src/age/index.ts'
import { toHex } from '../packages/core/src/bytes/index.ts'
import { httpsTransport, makeDeposit, nodeMeans } from '../packages/core/src/client/index.ts'
import {
  createContainer,
  encodeContainer,
  SigningKey,
  type KeyContainer,
} from '../packages/core/src/container/index.ts'
import {
  ACTS,
  clientIdOf,
  depositListDigest,
  encodeEnvelope,
  encodeTerms,
  fingerprintOf,
  parseEnvelope,
  signerIdOf,
  signStatement,
  verifyEpochs,
  type ActName,
  type ActPayloads,
  type AuthorityTrust,
  type CharterPerson,
  type EpochChain,
  type MessageSigner,
} from '../packages/core/src/protocol/index.ts'
import { logOrigin } from '../packages/core/src/tlog/index.ts'
import {
  CustodianFolder,
  custodianWire,
  keysOfContainer,
  type CustodianKeys,
  type CustodianWire,
  type OwnedDeposit,
} from '../packages/authority/src/custodian/index.ts'
import { AuthorityLog, LogKeys, makeBundle, subjectReceipt } from '../packages/authority/src/log/index.ts'
import {
  admitDeposit,
  admitEnrolment,
  admitEpoch,
  admitRecovery,
  sha256,
  type AdmittedStatement,
} from '../packages/authority/src/model/index.ts'
import { custodianOf } from '../packages/authority/src/setup/custodian-card.ts'
import { openSqliteStore, type Store } from '../packages/authority/src/store/index.ts'
import { bytesOf } from './authority-scene.ts'
import { configurationOf } from './authority-service.ts'

const SUITE = 'ed25519+mldsa65'
const TENANT = 'acme'
const HOUR = 3_600_000
const DAY = 24 * HOUR
const LOT = 1_000
const MANY = 1_000_000_000
const TERMS = encodeTerms({
  retention: ['ten-years'],
  floor: { approvals: 2, waiting: 3_600 },
  witnesses: null,
})
const RULE = {
  approvals: 2,
  waiting: 3_600,
  expiry: 7 * 86_400,
  evidence: { need: 0, of: [] },
} as const

/** A key pair of the default profile. */
interface Pair extends MessageSigner {
  readonly key: SigningKey
}

function newPair(): Pair {
  const key = SigningKey.generate(SUITE)
  return { key, signer: key.signer.toString(), sign: (message) => key.sign(message) }
}

const PEOPLE = {
  ada: ['administrator'],
  bo: ['officer'],
  cy: ['officer'],
  di: ['officer'],
} as const satisfies Record<string, CharterPerson['roles']>

type Pairs = Readonly<Record<keyof typeof PEOPLE | 'owner' | 'invited' | 'new' | 'notice', Pair>>

/** One tenant with a charter, a client with deposits, and the custodian of its authority. */
export class CustodianScene {
  /** Milliseconds since 1970; whoever waits sets it. */
  now = Math.floor(Date.now() / 1000) * 1000 - DAY
  readonly folder: string
  readonly keysText: string
  readonly trust: AuthorityTrust
  readonly keys: CustodianKeys
  readonly chain: EpochChain
  readonly custody: string
  readonly identity: string
  readonly #pairs: Pairs
  readonly #authority = newPair()
  readonly #recipient = MlKem768X25519Identity.generate().recipient().toString()
  readonly #clientId: string
  readonly #epoch: AdmittedStatement
  readonly #exchange: string
  #store: Store | undefined
  #log: AuthorityLog | undefined
  #enrolled: AdmittedStatement | undefined
  #charter: Uint8Array = new Uint8Array(0)
  #made = 0

  private constructor(folder: string) {
    this.folder = folder
    this.custody = join(folder, 'custody')
    const names = [...Object.keys(PEOPLE), 'owner', 'invited', 'new', 'notice']
    this.#pairs = Object.fromEntries(names.map((name) => [name, newPair()])) as unknown as Pairs
    const { signer } = this.#authority
    this.trust = { ...nodeMeans, identity: signer }
    this.identity = fingerprintOf(sha256, signer)
    const container = this.#container()
    this.keys = keysOfContainer(container)
    const { exchange, signer: custodian } = custodianOf(container)
    this.#exchange = exchange
    const origin = logOrigin('vault.example.org', toHex(signerIdOf(sha256, signer)))
    this.keysText = LogKeys.generate(origin)
    const epoch = {
      authority: 'Example archive',
      identity: signer,
      number: 1,
      exchange,
      rsa: null,
      custodian,
      log: { origin, keys: LogKeys.parse(this.keysText).verifierKeys },
      policy: sha256(TERMS),
      notBefore: this.now - DAY,
      notAfter: this.now + 365 * DAY,
      previous: null,
    }
    const envelope = signStatement(sha256, ACTS.epoch, epoch, [this.#authority])
    this.chain = verifyEpochs([envelope], this.trust)
    this.#epoch = admitEpoch(encodeEnvelope(envelope), this.trust)
    this.#clientId = clientIdOf(sha256, TENANT, this.#pairs.owner.signer)
  }

  /** Makes everything in a new folder. */
  static async make(folder: string): Promise<CustodianScene> {
    mkdirSync(folder)
    const scene = new CustodianScene(folder)
    await scene.openStore()
    await scene.#begin()
    return scene
  }

  /** The database file. */
  get path(): string {
    return join(this.folder, 'authority.db')
  }

  get log(): AuthorityLog {
    if (!this.#log) throw new Error('the log is not open')
    return this.#log
  }

  async openStore(): Promise<void> {
    const quotas = { client: {}, tenant: {}, requests: { owner: MANY, key: MANY } }
    const store = await openSqliteStore({ path: this.path, create: true, quotas })
    this.#store = store
    const [keys, signedPath] = [LogKeys.parse(this.keysText), join(this.folder, 'last-checkpoint')]
    this.#log = await AuthorityLog.open({ store, keys, trust: this.trust, signedPath, now: () => this.now })
  }

  async close(): Promise<void> {
    await this.#log?.close()
    await this.#store?.close()
  }

  /** The folder of the custodian, to be closed. */
  custodian(): CustodianFolder {
    return CustodianFolder.open(this.custody)
  }

  /** What the custodian asks a service. */
  wire(url: string): CustodianWire {
    return custodianWire(url, httpsTransport({ url }), this.keys)
  }

  /** Appends so many deposits that open, each with a session key of its own. @returns their ids */
  async deposits(count: number): Promise<Uint8Array[]> {
    const ids: Uint8Array[] = []
    for (let left = count; left > 0; left -= LOT) {
      const lot = Array.from({ length: Math.min(left, LOT) }, () => this.#deposit())
      await this.#append(lot)
      ids.push(...lot.map(({ digest }) => digest))
    }
    return ids
  }

  /** Deposits with what shows whose they are, as a page of the service has them. */
  async owned(ids: readonly Uint8Array[]): Promise<OwnedDeposit[]> {
    const rows = await this.#storeOf().recovery.depositsNamed(TENANT, ids)
    const owner = [parseEnvelope(this.#enrolled?.bytes ?? new Uint8Array(0))]
    return rows.map(({ bytes }) => ({ blob: bytes, owner }))
  }

  /** Lets the custodian see the log as it is. @returns how many leaves it has seen */
  look(folder: CustodianFolder): number {
    const { size, root } = this.log.signed
    folder.learn({ sighting: { size, root, at: this.now }, read: size })
    return size
  }

  /** Asks for deposits, as an administrator does for somebody, and has two officers approve. @returns the digest of the request */
  async request(ids: readonly Uint8Array[]): Promise<Uint8Array> {
    const { ada, new: fresh, notice } = this.#pairs
    const payload = {
      ...this.#framed(),
      charter: this.#charter,
      class: 'third-party',
      client: this.#clientId,
      deposits: { count: ids.length, digest: depositListDigest(sha256, ids) },
      requester: 'ada',
      by: ada.signer,
      recipient: this.#recipient,
      signer: fresh.signer,
      evidence: [],
      reason: 'the laptop burnt',
      reference: null,
      created: this.now,
      expires: this.now + 6 * DAY,
      nonce: bytesOf(++this.#made),
    } as const
    const bytes = this.#sign('request', payload, fresh, ada)
    const request = admitRecovery(bytes, this.trust, { deposits: ids, notice: notice.signer })
    await this.#append([request])
    // The service keeps it as soon as the request is there: the waiting time counts from it.
    await subjectReceipt(this.#source(), await this.#subject(request.digest))
    for (const officer of ['bo', 'cy'] as const) await this.#append([this.#approval(request.digest, officer)])
    return request.digest
  }

  /** Lets the waiting time end. */
  waitOut(): void {
    this.now += 2 * HOUR
  }

  /** What the authority gives the custodian. */
  async bundle(subject: Uint8Array, seen: number): Promise<Uint8Array> {
    return makeBundle(this.#source(), await this.#subject(subject), seen)
  }

  /** The log's signature over a tree that is not in the database: for ranges that would take too long to fill. */
  logSigners() {
    return LogKeys.parse(this.keysText).signers(() => this.now)
  }

  /** Describes a service for a process of its own. @param port where it listens */
  describe(port: number): string {
    const settings = { engine: 'sqlite', path: this.path } as const
    const place = { url: `http://127.0.0.1:${port}`, port }
    const description = join(this.folder, 'configuration.json')
    writeFileSync(
      description,
      JSON.stringify(configurationOf({ folder: this.folder, settings }, this, place)),
    )
    return description
  }

  /** The container of the custodian's keys, in a new folder of its own. */
  #container(): KeyContainer {
    const container = createContainer({ name: 'key', profile: 'pq', now: new Date(this.now) })
    const file = encodeContainer(container, { kind: 'passphrase', passphrase: 'a benchmark', logN: 1 })
    const settings = { identity: this.identity, freshness: 86_400, url: null }
    CustodianFolder.create({ folder: this.custody, settings, container: file, now: this.now - DAY })
    return container
  }

  async #begin(): Promise<void> {
    const { invited, owner } = this.#pairs
    const created = this.now
    const invitation = { id: signerIdOf(sha256, invited.signer), name: 'a person' }
    await this.#storeOf().addTenant({ tenant: TENANT, created })
    await this.#storeOf().addInvitation({ tenant: TENANT, ...invitation, created, expires: created + DAY })
    await this.#storeOf().recovery.addTerms(TERMS)
    const enrolment = {
      ...this.#framed(),
      invitation: invited.signer,
      signer: owner.signer,
      exchange: this.#exchange,
      name: 'laptop',
      challenge: bytesOf(3),
      created,
    }
    this.#enrolled = admitEnrolment(this.#sign('enrolment', enrolment, owner, invited), this.trust)
    const charter = this.#firstCharter()
    for (const statement of [this.#epoch, this.#enrolled, charter]) await this.#append([statement])
    this.#charter = charter.digest
    const folder = this.custodian()
    folder.introduce(TENANT, charter.digest)
    folder.close()
  }

  #firstCharter(): AdmittedStatement {
    const people = Object.entries(PEOPLE).map(([id, roles]) => ({
      id,
      name: id,
      signers: [fingerprintOf(sha256, this.#pairs[id as keyof typeof PEOPLE].signer)],
      roles,
    }))
    const charter = {
      ...this.#framed(),
      number: 1,
      standing: 'shared',
      people,
      policy: {
        self: { ...RULE, evidence: { need: 1, of: ['client-key', 'recovery-code', 'vetting'] } },
        'third-party': RULE,
        'break-glass': RULE,
        charter: RULE,
      },
      by: this.#authority.signer,
      previous: null,
      created: this.now,
    } as const
    const keys = people.map(({ id }) => this.#pairs[id as keyof typeof PEOPLE].signer)
    const notice = this.#pairs.notice.signer
    return admitRecovery(this.#sign('charter', charter, this.#authority), this.trust, { keys, notice })
  }

  #deposit(): AdmittedStatement {
    const { owner } = this.#pairs
    const number = ++this.#made
    const { blob } = makeDeposit({
      epoch: this.chain.latest,
      tenant: TENANT,
      clientId: this.#clientId,
      signingKey: owner.key,
      retention: 'ten-years',
      createdMs: this.now,
      sessionKey: bytesOf(number, 16),
      format: 'file',
      serial: bytesOf(number, 16),
      object: { name: `contract ${number}`, size: number },
      description: { kind: 'plain', text: `Contract ${number} of ${2000 + (number % 27)}` },
    })
    const client = { tenant: TENANT, client: this.#clientId, signer: owner.signer, state: 'active' } as const
    // It was signed a moment ago.
    return admitDeposit(blob, { client, epochs: this.chain, sha256, verify: () => true })
  }

  #approval(subject: Uint8Array, person: 'bo' | 'cy'): AdmittedStatement {
    const pair = this.#pairs[person]
    const payload = {
      ...this.#framed(),
      subject,
      person,
      by: pair.signer,
      evidence: 'called back',
      created: this.now,
      expires: this.now + 5 * DAY,
    }
    return admitRecovery(this.#sign('approval', payload, pair), this.trust)
  }

  #framed() {
    return { identity: this.identity, tenant: TENANT }
  }

  #sign<K extends ActName>(act: K, payload: ActPayloads[K], ...pairs: readonly MessageSigner[]): Uint8Array {
    return encodeEnvelope(signStatement(sha256, ACTS[act], payload, pairs))
  }

  async #append(statements: readonly AdmittedStatement[]): Promise<void> {
    for (const outcome of await this.log.append(statements)) {
      if (outcome.state === 'refused') throw new Error(`a statement was refused: ${outcome.reason}`)
    }
  }

  #storeOf(): Store {
    if (!this.#store) throw new Error('the store is not open')
    return this.#store
  }

  #source() {
    return { store: this.#storeOf(), log: this.log, trust: this.trust }
  }

  async #subject(digest: Uint8Array) {
    const found = await this.#storeOf().recovery.subject(this.trust, TENANT, digest, this.now)
    if (!found) throw new Error('a subject is not there')
    return found
  }
}
