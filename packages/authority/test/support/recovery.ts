import { MlKem768X25519Identity } from '@strongroom/core/age'
import {
  ACTS,
  depositListDigest,
  encodeEnvelope,
  fingerprintOf,
  probeListDigest,
  releaseListDigest,
  signStatement,
  sortedIds,
  type ActName,
  type ActPayloads,
  type Charter,
  type CharterPerson,
  type MessageSigner,
  type Probe,
  type RecoveryRequest,
  type RecoveryRule,
  type Role,
} from '@strongroom/core/protocol'
import type { AuthorityLog, StatementOutcome } from '../../src/log/authority-log.ts'
import { admitRecovery, type AdmittedStatement } from '../../src/model/admitted-statement.ts'
import { sha256 } from '../../src/model/digest.ts'
import type { Beside } from '../../src/model/recovery-facts.ts'
import type { Store } from '../../src/store/store.ts'
import { bytesOf, pairOf, START, TERMS, type TestAuthority, type TestClient } from './authority.ts'
import { logged, type Scene } from './scene.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export const ADA = pairOf(0x40001)
export const BO = pairOf(0x40002)
export const CY = pairOf(0x40003)
export const DI = pairOf(0x40004)
export const EVE = pairOf(0x40005)
export const NEWCOMER = pairOf(0x40010)
export const CODE = pairOf(0x40011)
export const NOTICE = pairOf(0x40012)
/** The people of a charter, by their ids. */
export const PEOPLE = { ada: ADA, bo: BO, cy: CY, di: DI, eve: EVE } as const
export const OFFICERS = { bo: BO, cy: CY, di: DI } as const

export const RECIPIENT = MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(0x61))
/** The custodian of epoch 1 of `TestAuthority`. */
export const CUSTODIAN = pairOf(0x30001)

const RULE: RecoveryRule = {
  approvals: 2,
  waiting: 86_400,
  expiry: 7 * 86_400,
  evidence: { need: 0, of: [] },
}

export const person = (id: string, pair: MessageSigner, ...roles: Role[]): CharterPerson => ({
  id,
  name: id,
  signers: [fingerprintOf(sha256, pair.signer)],
  roles,
})

interface ReleaseChoice {
  readonly count?: number
  readonly kind?: 'request' | 'charter'
  readonly pair?: MessageSigner
}

let nonces = 0

/** A tenant with a charter, whose people decide about recovery. */
export class Tenancy {
  readonly authority: TestAuthority
  readonly tenant: string
  readonly identity: string
  readonly first: Charter

  /** @param changes what its first charter has otherwise */
  constructor(authority: TestAuthority, tenant = 'acme', changes: Partial<Charter> = {}) {
    this.authority = authority
    this.tenant = tenant
    this.identity = fingerprintOf(sha256, authority.identity.signer)
    this.first = {
      identity: this.identity,
      tenant,
      number: 1,
      standing: 'shared',
      people: [
        person('ada', ADA, 'administrator'),
        person('bo', BO, 'officer'),
        person('cy', CY, 'officer'),
        person('di', DI, 'officer'),
        person('eve', EVE, 'auditor'),
      ],
      policy: {
        self: { ...RULE, evidence: { need: 1, of: ['client-key', 'recovery-code', 'vetting'] } },
        'third-party': RULE,
        'break-glass': { ...RULE, waiting: 3_600 },
        charter: RULE,
      },
      by: authority.identity.signer,
      previous: null,
      created: START,
      ...changes,
    }
  }

  /** Signs a statement. */
  sign<K extends ActName>(act: K, payload: ActPayloads[K], ...pairs: readonly MessageSigner[]): Uint8Array {
    return encodeEnvelope(signStatement(sha256, ACTS[act], payload, pairs))
  }

  /** Signs and admits one. */
  make<K extends ActName>(
    act: K,
    payload: ActPayloads[K],
    pairs: readonly MessageSigner[],
    beside: Beside = {},
  ): AdmittedStatement {
    return admitRecovery(this.sign(act, payload, ...pairs), this.authority.trust, beside)
  }

  charter(changes: Partial<Charter> = {}, pair: MessageSigner = this.authority.identity): AdmittedStatement {
    const charter = { ...this.first, ...changes, by: pair.signer }
    const keys = Object.values(PEOPLE).map(({ signer }) => signer)
    const named = new Set(charter.people.flatMap(({ signers }) => signers))
    const own = keys.filter((key) => named.has(fingerprintOf(sha256, key)))
    return this.make('charter', charter, [pair], { keys: own, notice: NOTICE.signer })
  }

  codes(client: TestClient, codes: readonly MessageSigner[] = [CODE], previous: Uint8Array | null = null) {
    const { identity, tenant } = this
    const payload = {
      identity,
      tenant,
      client: client.owner.client,
      signer: client.pair.signer,
      codes: codes.map(({ signer }) => signer),
      previous,
      created: START,
    }
    return this.make('codes', payload, [client.pair])
  }

  vetting(client: TestClient, code: MessageSigner, now: number, officer: keyof typeof OFFICERS = 'di') {
    const pair = OFFICERS[officer]
    const { identity, tenant } = this
    const payload = {
      identity,
      tenant,
      client: client.owner.client,
      person: officer,
      by: pair.signer,
      code: code.signer,
      evidence: 'passport',
      created: now,
      expires: now + DAY,
    }
    return this.make('vetting', payload, [pair])
  }

  /** The payload of a request of the class self with a recovery code. */
  requestFor(
    client: TestClient,
    deposits: readonly Uint8Array[],
    now: number,
    changes: Partial<RecoveryRequest> = {},
  ): RecoveryRequest {
    return {
      identity: this.identity,
      tenant: this.tenant,
      charter: this.firstDigest,
      class: 'self',
      client: client.owner.client,
      deposits: { count: deposits.length, digest: depositListDigest(sha256, deposits) },
      requester: null,
      by: null,
      recipient: RECIPIENT.recipient().toString(),
      signer: NEWCOMER.signer,
      evidence: [{ kind: 'recovery-code', key: CODE.signer }],
      reason: 'the laptop burnt',
      reference: null,
      created: now,
      expires: now + 6 * DAY,
      nonce: bytesOf(++nonces),
      ...changes,
    }
  }

  /** The digest of the first charter. */
  get firstDigest(): Uint8Array {
    return this.charter().digest
  }

  request(
    client: TestClient,
    deposits: readonly Uint8Array[],
    now: number,
    {
      pairs = [NEWCOMER, CODE],
      ...changes
    }: Partial<RecoveryRequest> & { pairs?: readonly MessageSigner[] } = {},
  ): AdmittedStatement {
    const payload = this.requestFor(client, deposits, now, changes)
    return this.make('request', payload, pairs, { deposits, notice: NOTICE.signer })
  }

  approval(
    subject: Uint8Array,
    now: number,
    officer: keyof typeof PEOPLE = 'bo',
    { pair = PEOPLE[officer], expires = now + 5 * DAY } = {},
  ): AdmittedStatement {
    const { identity, tenant } = this
    const payload = {
      identity,
      tenant,
      subject,
      person: officer,
      by: pair.signer,
      evidence: 'called back',
      created: now,
      expires,
    }
    return this.make('approval', payload, [pair])
  }

  rejection(subject: Uint8Array, now: number, officer: keyof typeof PEOPLE = 'cy'): AdmittedStatement {
    const { identity, tenant } = this
    const pair = PEOPLE[officer]
    const payload = {
      identity,
      tenant,
      subject,
      person: officer,
      by: pair.signer,
      reason: 'no',
      created: now,
    }
    return this.make('rejection', payload, [pair])
  }

  cancellation(
    subject: Uint8Array,
    now: number,
    pair: MessageSigner,
    capacity: 'requester' | 'owner' | 'notice' = 'requester',
  ): AdmittedStatement {
    const { identity, tenant } = this
    const payload = { identity, tenant, subject, capacity, by: pair.signer, created: now }
    return this.make('cancellation', payload, [pair])
  }

  probe(
    client: TestClient,
    deposits: readonly Uint8Array[],
    now: number,
    { pair = client.pair, ...changes }: Partial<Probe> & { pair?: MessageSigner } = {},
  ): AdmittedStatement {
    const payload = {
      identity: this.identity,
      tenant: this.tenant,
      client: client.owner.client,
      signer: pair.signer,
      deposits: { count: deposits.length, digest: depositListDigest(sha256, deposits) },
      nonce: bytesOf(++nonces),
      created: now,
      ...changes,
    }
    return this.make('probe', payload, [pair], { deposits })
  }

  /** An answer by which the first deposit did not open. */
  probeAnswer(
    subject: Uint8Array,
    deposits: readonly Uint8Array[],
    now: number,
    { pair = CUSTODIAN, tenant = this.tenant, size = 1_000 } = {},
  ): AdmittedStatement {
    const answers = sortedIds(deposits).map((id, i) => ({ id, mac: i === 0 ? null : bytesOf(i) }))
    const payload = {
      identity: this.identity,
      tenant,
      custodian: pair.signer,
      subject,
      count: answers.length,
      results: probeListDigest(sha256, answers),
      checkpoint: { size, root: bytesOf(1) },
      created: now,
    }
    return this.make('probe-answer', payload, [pair], { answers })
  }

  release(
    subject: Uint8Array,
    now: number,
    { count = 1, kind = 'request', pair = CUSTODIAN }: ReleaseChoice = {},
  ): AdmittedStatement {
    const blobs = Array.from({ length: count }, (_, i) => ({ id: bytesOf(i + 1), blob: bytesOf(i) }))
    const payload = {
      identity: this.identity,
      tenant: this.tenant,
      custodian: pair.signer,
      subject,
      kind,
      count,
      results: releaseListDigest(sha256, blobs),
      checkpoint: { size: 1, root: bytesOf(1) },
      created: now,
    }
    return this.make('release', payload, [pair])
  }
}

/** A tenant that is set up: terms, a charter, a client with a recovery code and deposits. */
export interface Chartered {
  readonly store: Store
  readonly log: AuthorityLog
  readonly tenancy: Tenancy
  readonly client: TestClient
  readonly deposits: readonly Uint8Array[]
}

/** Sets a tenant up on a scene. */
export async function chartered(scene: Scene, given?: Store): Promise<Chartered> {
  const store = given ?? (await scene.open())
  const peopled = await scene.peopled(store)
  await store.recovery.addTerms(TERMS)
  const [log, client] = [peopled.log, peopled.client()]
  const tenancy = new Tenancy(scene.authority)
  const deposits = client.deposits(1, 3)
  await all(log, [tenancy.charter(), tenancy.codes(client), ...deposits])
  return { store, log, tenancy, client, deposits: deposits.map(({ digest }) => digest) }
}

/** Appends statements one by one, each of which must be taken. @returns the digest of the last */
export async function all(log: AuthorityLog, statements: readonly AdmittedStatement[]): Promise<Uint8Array> {
  for (const statement of statements) logged((await log.append([statement]))[0])
  return statements.at(-1)?.digest ?? new Uint8Array(0)
}

/** What became of one statement: `logged`, or why not. */
export async function fate(log: AuthorityLog, statement: AdmittedStatement): Promise<string> {
  return fateOf((await log.append([statement]))[0])
}

export const fateOf = (outcome: StatementOutcome | undefined): string =>
  outcome?.state === 'refused' ? outcome.reason : (outcome?.state ?? 'nothing')
