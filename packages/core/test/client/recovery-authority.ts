import { MlKem768X25519Identity, encodeHeader, encryptFile, parseRecipient } from '../../src/age/index.ts'
import { ByteWriter, concat, toHex, utf8Decode } from '../../src/bytes/index.ts'
import {
  ClientError,
  makeDeposit,
  nodeMeans,
  type MadeDeposit,
  type NewDeposit,
  type RecoveryWire,
} from '../../src/client/index.ts'
import { SigningKey } from '../../src/container/index.ts'
import {
  ACTS,
  clientIdOf,
  encodeReceipt,
  encodeReleaseBody,
  encodeTerms,
  openStatement,
  problemOf,
  RECOVERY_LIMITS,
  RELEASE_TYPE,
  RELEASE_VERSION,
  releaseListDigest,
  signStatement,
  sortedIds,
  statementDigest,
  verifyEpochs,
  type ActName,
  type ActPayloads,
  type Charter,
  type CharterLink,
  type CharterPage,
  type Envelope,
  type Epoch,
  type EpochChain,
  type FoundDeposit,
  type FoundStanding,
  type LoggedEnvelope,
  type MessageSigner,
  type RecoveryPhase,
  type RecoveryRequest,
  type Release,
  type RequestSubmission,
  type SubjectFile,
} from '../../src/protocol/index.ts'
import { bytesOf, CLIENT, INVITED, sha256, START } from '../protocol/fixtures.ts'
import {
  CHARTER_1,
  CODE,
  codesWith,
  CUSTODIAN,
  DAY,
  IDENTITY,
  signed,
  TERMS,
} from '../protocol/recovery-fixtures.ts'
import { GrownLog } from './recovery-log.ts'

// An authority in this process with the real codecs and a true log, and a custodian that does whatever a test tells it to. The rules of
// the custodian are not tried here: what a client believes of it is.

export { DAY, START }
export const HOUR = DAY / 24
export const OWNER_KEY = SigningKey.fromSecretBytes('ed25519', bytesOf(0x21))
export const OWNER_ID = clientIdOf(sha256, 'acme', CLIENT.signer)
const EXCHANGE = MlKem768X25519Identity.fromBytes(bytesOf(2))

/** What an authority does when it answers about a subject; each may be put in another's place. */
export class RecoveryAuthority extends GrownLog implements RecoveryWire {
  readonly chain: EpochChain
  readonly links: CharterLink[] = []
  readonly enrolment: LoggedEnvelope
  readonly blobs = new Map<string, MadeDeposit & { readonly sessionKey: Uint8Array }>()
  readonly requests = new Map<string, SubjectFile>()
  readonly released = new Map<string, readonly Uint8Array[]>()
  /** What is asked, in order. */
  readonly asked: string[] = []
  /** Changes what is answered about a subject. */
  mangle: (file: SubjectFile) => SubjectFile = (file) => file
  mangleCharters: (page: CharterPage) => CharterPage = (page) => page
  /** Called before an answer; may throw. */
  before: (what: string) => void = () => undefined

  constructor() {
    super()
    const epoch: Epoch = {
      authority: 'Example archive',
      identity: IDENTITY.signer,
      number: 1,
      exchange: EXCHANGE.recipient().toString(),
      rsa: null,
      custodian: CUSTODIAN.signer,
      log: { origin: this.origin, keys: this.verifierKeys },
      policy: sha256(encodeTerms(TERMS)),
      notBefore: START - DAY,
      notAfter: START + 700 * DAY,
      previous: null,
    }
    this.epochs.push(signed('epoch', epoch))
    this.chain = verifyEpochs(this.epochs, { ...nodeMeans, identity: IDENTITY.fingerprint })
    this.log('epoch', this.epochs[0])
    const enrolment = {
      identity: IDENTITY.fingerprint,
      tenant: 'acme',
      invitation: INVITED.signer,
      signer: CLIENT.signer,
      exchange: EXCHANGE.recipient().toString(),
      name: 'laptop',
      challenge: bytesOf(0x24),
      created: START,
    }
    const envelope = signStatement(sha256, ACTS.enrolment, enrolment, [CLIENT, INVITED])
    this.enrolment = { envelope, index: this.log('enrolment', envelope) }
    this.charter(CHARTER_1)
    this.codes = this.state('codes', codesWith())
  }
  readonly codes: LoggedEnvelope

  /** The first charter; others need a release. */
  charter(charter: Charter): void {
    this.links.push({ charter: this.state('charter', charter), release: null })
  }

  /** Logs a statement with the keys of the tests. */
  state<K extends ActName>(kind: K, payload: ActPayloads[K]): LoggedEnvelope {
    const envelope = signed(kind, payload)
    return { envelope, index: this.log(kind, envelope) }
  }

  /** A deposit of the owner. */
  keep(wanted: Partial<NewDeposit> & Pick<NewDeposit, 'sessionKey' | 'serial'>): MadeDeposit {
    const deposit = makeDeposit({
      epoch: this.chain.latest,
      tenant: 'acme',
      clientId: OWNER_ID,
      signingKey: OWNER_KEY,
      format: 'file',
      retention: 'ten-years',
      createdMs: START,
      ...wanted,
    })
    this.blobs.set(toHex(deposit.id), { ...deposit, sessionKey: wanted.sessionKey.slice() })
    this.log('deposit', undefined, deposit.id)
    return deposit
  }

  #ask(what: string): void {
    this.asked.push(what)
    this.before(what)
  }

  async card() {
    this.#ask('card')
    return { epochs: this.epochs, limits: { depositBytes: 16_384, depositsPerRequest: 1_000 } }
  }

  async checkpoint() {
    this.#ask('checkpoint')
    return this.sign()
  }

  async depositsOf() {
    this.#ask('depositsOf')
    const deposits = [...this.blobs.values()].map(({ id, context }): FoundDeposit => {
      const index = this.log('deposit', undefined, id)
      return {
        id,
        index,
        received: START,
        created: context.createdMs,
        epoch: 1,
        format: context.format,
        serial: context.serial,
        commitment: context.commitment,
        sealId: context.sealId ?? null,
        object: context.object ? { name: context.object.nameDigest, size: context.object.size } : null,
        description: context.description?.kind === 'plain' ? context.description.text : null,
        retention: context.retention,
        level: 0,
        wrong: false,
        previous: null,
        superseded: false,
      }
    })
    return { deposits: deposits.toSorted((one, other) => other.index - one.index), next: null }
  }

  async releasedDeposits(digest: Uint8Array, from: number) {
    this.#ask('releasedDeposits')
    const ids = this.requests.get(toHex(digest))?.deposits.slice(from, from + RECOVERY_LIMITS.depositsPerPage)
    return (ids ?? []).map((id) => this.blobs.get(toHex(id))?.blob ?? new Uint8Array(1))
  }

  async charters(): Promise<CharterPage> {
    const epochs = this.stated.flatMap(({ kind }, i) => (kind === 'epoch' ? [i] : []))
    return this.mangleCharters({ charters: this.links, epochs, terms: encodeTerms(TERMS), keys: [] })
  }

  async clients() {
    return { clients: [], next: null }
  }

  async submit(statement: Envelope) {
    this.#ask('submit')
    const kind = Object.values(ACTS).find(({ payloadType }) => payloadType === statement.payloadType)?.name
    if (!kind) throw absent()
    const index = this.log(kind, statement)
    const { subject } = JSON.parse(utf8Decode(statement.payload)) as { readonly subject?: string }
    const file = subject === undefined ? undefined : this.requests.get(subject)
    if (file && subject !== undefined) {
      const statements = [
        ...file.statements.filter((one) => one.index !== index),
        { envelope: statement, index },
      ]
      this.requests.set(subject, { ...file, statements })
    }
    return this.receiptOf(index)
  }

  async recipientChallenge({ recipient }: { readonly recipient: string }) {
    this.#ask('recipientChallenge')
    const challenge = concat(new ByteWriter(8).u64(this.nowMs).toBytes(), new Uint8Array(24).fill(7))
    return { file: encryptFile(challenge, [parseRecipient(recipient)]) }
  }

  async submitRequest({ statement, deposits }: RequestSubmission) {
    this.#ask('submitRequest')
    const index = this.log('request', statement)
    const receipt = await this.receiptOf(index)
    const digest = toHex(statementDigest(sha256, statement))
    if (!this.requests.has(digest)) {
      this.requests.set(digest, {
        kind: 'request',
        statement,
        index,
        received: this.nowMs,
        deposits: sortedIds(deposits),
        receipt: encodeReceipt(receipt),
        standing: standing('requested'),
        enrolments: [this.enrolment],
        evidence: [this.codes],
        statements: [],
        release: null,
        keys: [],
      })
    }
    return receipt
  }

  async subjects() {
    return { subjects: [], next: null }
  }

  async subject(digest: Uint8Array) {
    this.#ask('subject')
    const file = this.requests.get(toHex(digest))
    if (!file) throw absent()
    return this.mangle(file)
  }

  async releaseBlobs(digest: Uint8Array) {
    this.#ask('releaseBlobs')
    const blobs = this.released.get(toHex(digest))
    if (!blobs) throw absent()
    return blobs
  }

  /** The custodian releases a request. */
  release(digest: Uint8Array, changes: ReleaseChanges = {}): void {
    const file = this.requests.get(toHex(digest))
    if (!file) throw new RangeError('no such request')
    const request = openStatement(ACTS.request, file.statement, nodeMeans).payload
    const made = file.deposits.map((id) => ({ id, blob: this.releaseBlob(request, digest, id, changes) }))
    const by = changes.custodian ?? CUSTODIAN
    const root = this.root()
    const envelope = signStatement<Release>(
      sha256,
      ACTS.release,
      {
        identity: IDENTITY.fingerprint,
        tenant: 'acme',
        custodian: by.signer,
        subject: changes.subject ?? digest,
        kind: 'request',
        count: made.length,
        results: releaseListDigest(sha256, made),
        checkpoint: { size: this.stated.length, root },
        created: Math.floor(this.nowMs / 1000) * 1000,
      },
      [by],
    )
    this.released.set(
      toHex(digest),
      made.map(({ blob }) => blob),
    )
    const release = { envelope, index: this.log('release', envelope) }
    this.requests.set(toHex(digest), { ...file, release, standing: standing('released') })
  }

  releaseBlob(
    request: Pick<RecoveryRequest, 'recipient'>,
    digest: Uint8Array,
    id: Uint8Array,
    changes: ReleaseChanges = {},
  ): Uint8Array {
    const deposit = this.blobs.get(toHex(id))
    if (!deposit) throw absent()
    const sessionKey = changes.sessionKey ?? deposit.sessionKey
    const wrapped = parseRecipient(changes.recipient ?? request.recipient).wrap(sessionKey)
    const body = encodeReleaseBody({ request: changes.request ?? digest, deposit: changes.deposit ?? id })
    return encodeHeader([wrapped, { type: RELEASE_TYPE, args: [RELEASE_VERSION], body }], sessionKey)
  }
}

/** How a release differs from the one that should be. */
export interface ReleaseChanges {
  readonly custodian?: MessageSigner
  readonly subject?: Uint8Array
  readonly recipient?: string
  readonly request?: Uint8Array
  readonly deposit?: Uint8Array
  readonly sessionKey?: Uint8Array
}

export function standing(phase: RecoveryPhase): FoundStanding {
  return { phase, persons: [], approvals: 2, releasableFrom: START, expires: START + 7 * DAY }
}

function absent(): ClientError {
  return new ClientError('CLIENT_PROBLEM', 'the authority says: nothing', { problem: problemOf('not-found') })
}

/** The key of the recovery code that the owner has. */
export const codeKey = CODE
