import {
  ACTS,
  clientIdOf,
  depositListDigest,
  releaseListDigest,
  signStatement,
  statementDigest,
  type ActName,
  type ActPayloads,
  type Approval,
  type Cancellation,
  type Charter,
  type CharterPerson,
  type CharterPolicy,
  type Completion,
  type Envelope,
  type MessageSigner,
  type RecoveryCodes,
  type RecoveryRequest,
  type RecoveryRule,
  type Rejection,
  type Release,
  type Rewrap,
  type Role,
  type Terms,
  type Verification,
  type Vetting,
  verifyCharters,
  type CharterChain,
  type CharterLink,
  type Logged,
  type RequestFacts,
} from '@strongroom/core/protocol'
import { bytesOf, CLIENT, exchangeOf, means, pairOf, sha256, START } from './fixtures.ts'

// One tenant of tests: an administrator, three officers, an auditor, a client with recovery codes, and the container that its
// owner bought after the fire.

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export const IDENTITY = pairOf(0x01)
export const CUSTODIAN = pairOf(0x03)
export const ADA = pairOf(0x31)
export const OFFICERS = [pairOf(0x32), pairOf(0x33), pairOf(0x34)] as const
export const AUDITOR = pairOf(0x35)
/** The new container of the owner. */
export const NEWCOMER = pairOf(0x41)
export const CODE = pairOf(0x42)
export const OTHER_CODE = pairOf(0x43)
export const VETTING_CODE = pairOf(0x44)
export const NOTICE = pairOf(0x45)
export const OWNER = CLIENT
export const OWNER_ID = clientIdOf(sha256, 'acme', OWNER.signer)
export const DEPOSITS = [bytesOf(0x62), bytesOf(0x61)]

export const TERMS: Terms = {
  retention: ['one-year', 'ten-years'],
  floor: { approvals: 2, waiting: 3_600 },
  witnesses: null,
}

type Pair = MessageSigner & { readonly fingerprint: string }

export const person = (id: string, roles: readonly Role[], ...pairs: readonly Pair[]): CharterPerson => ({
  id,
  name: id.toUpperCase(),
  signers: pairs.map(({ fingerprint }) => fingerprint),
  roles,
})

export const RULE: RecoveryRule = {
  approvals: 2,
  waiting: 86_400,
  expiry: 7 * 86_400,
  evidence: { need: 0, of: [] },
}

export const POLICY: CharterPolicy = {
  self: { ...RULE, evidence: { need: 1, of: ['client-key', 'recovery-code', 'vetting'] } },
  'third-party': RULE,
  'break-glass': { ...RULE, waiting: 3_600 },
  charter: RULE,
}

export const PEOPLE: readonly CharterPerson[] = [
  person('ada', ['administrator'], ADA),
  person('bo', ['officer'], OFFICERS[0]),
  person('cy', ['officer'], OFFICERS[1]),
  person('di', ['officer'], OFFICERS[2]),
  person('eve', ['auditor'], AUDITOR),
]

export const CHARTER_1: Charter = {
  identity: IDENTITY.fingerprint,
  tenant: 'acme',
  number: 1,
  standing: 'shared',
  people: PEOPLE,
  policy: POLICY,
  by: IDENTITY.signer,
  previous: null,
  created: START,
}

/** A personal tenant: nobody approves, so a recovery code is needed, and time. */
export const PERSONAL: Charter = {
  ...CHARTER_1,
  standing: 'personal',
  people: [person('ada', ['administrator', 'officer'], ADA)],
  policy: {
    self: { ...RULE, approvals: 0, evidence: { need: 1, of: ['recovery-code'] } },
    'third-party': { ...RULE, approvals: 0, evidence: { need: 1, of: ['recovery-code'] } },
    'break-glass': { ...RULE, approvals: 0, evidence: { need: 1, of: ['recovery-code'] } },
    charter: { ...RULE, approvals: 0 },
  },
}

/** Signs an act with the pairs of all keys that the payload names. */
export function signed<K extends ActName>(name: K, payload: ActPayloads[K]): Envelope {
  const act = ACTS[name]
  const signers = act.signersOf(payload).map((signer) => {
    const pair = PAIRS.find((candidate) => candidate.signer === signer)
    if (!pair) throw new RangeError('not a key of these tests')
    return pair
  })
  return signStatement(sha256, act, payload, signers)
}

const PAIRS: readonly MessageSigner[] = [
  IDENTITY,
  CUSTODIAN,
  ADA,
  ...OFFICERS,
  AUDITOR,
  NEWCOMER,
  CODE,
  OTHER_CODE,
  VETTING_CODE,
  NOTICE,
  OWNER,
  ...Array.from({ length: 16 }, (_, i) => pairOf(0xa0 + i)),
]

export const digestOf = <K extends ActName>(name: K, payload: ActPayloads[K]): Uint8Array =>
  statementDigest(sha256, signed(name, payload))

export const codesWith = (changes: Partial<RecoveryCodes> = {}): RecoveryCodes => ({
  identity: IDENTITY.fingerprint,
  tenant: 'acme',
  client: OWNER_ID,
  signer: OWNER.signer,
  codes: [CODE.signer, OTHER_CODE.signer],
  previous: null,
  created: START,
  ...changes,
})

export const vettingWith = (changes: Partial<Vetting> = {}): Vetting => ({
  identity: IDENTITY.fingerprint,
  tenant: 'acme',
  client: OWNER_ID,
  person: 'bo',
  by: OFFICERS[0].signer,
  code: VETTING_CODE.signer,
  evidence: 'saw the passport, called back',
  created: START,
  expires: START + DAY,
  ...changes,
})

export const requestWith = (changes: Partial<RecoveryRequest> = {}): RecoveryRequest => ({
  identity: IDENTITY.fingerprint,
  tenant: 'acme',
  charter: digestOf('charter', CHARTER_1),
  class: 'self',
  client: OWNER_ID,
  deposits: { count: 2, digest: depositListDigest(sha256, DEPOSITS) },
  requester: null,
  by: null,
  recipient: exchangeOf(0x46),
  signer: NEWCOMER.signer,
  evidence: [{ kind: 'recovery-code', key: CODE.signer }],
  reason: 'the laptop burnt',
  reference: 'T-1234',
  created: START + HOUR,
  expires: START + HOUR + 7 * DAY,
  nonce: bytesOf(0x47),
  ...changes,
})

export const approvalWith = (
  subject: Uint8Array,
  officer: 0 | 1 | 2,
  changes: Partial<Approval> = {},
): Approval => ({
  identity: IDENTITY.fingerprint,
  tenant: 'acme',
  subject,
  person: ['bo', 'cy', 'di'][officer] ?? '',
  by: OFFICERS[officer].signer,
  evidence: 'called back on the number that we knew',
  created: START + 2 * HOUR,
  expires: START + 3 * DAY,
  ...changes,
})

export const rejectionWith = (subject: Uint8Array, changes: Partial<Rejection> = {}): Rejection => ({
  identity: IDENTITY.fingerprint,
  tenant: 'acme',
  subject,
  person: 'di',
  by: OFFICERS[2].signer,
  reason: 'nobody answers',
  created: START + 2 * HOUR,
  ...changes,
})

export const cancellationWith = (subject: Uint8Array, changes: Partial<Cancellation> = {}): Cancellation => ({
  identity: IDENTITY.fingerprint,
  tenant: 'acme',
  subject,
  capacity: 'owner',
  by: OWNER.signer,
  created: START + 2 * HOUR,
  ...changes,
})

const judged = {
  identity: IDENTITY.fingerprint,
  custodian: CUSTODIAN.signer,
  count: 2,
  results: bytesOf(0x48),
  checkpoint: { size: 9, root: bytesOf(0x49) },
  created: START + 2 * DAY,
}

export const releaseWith = (subject: Uint8Array, changes: Partial<Release> = {}): Release => ({
  ...judged,
  tenant: 'acme',
  subject,
  kind: 'request',
  ...changes,
})

/** The release of a charter. */
export const charterReleaseWith = (subject: Uint8Array, changes: Partial<Release> = {}): Release =>
  releaseWith(subject, { kind: 'charter', count: 0, results: releaseListDigest(sha256, []), ...changes })

const verification: Verification = { ...judged, epoch: 1 }
const rewrap: Rewrap = { ...judged, from: 1, to: 2 }
const completion: Completion = { ...judged, from: 1, to: 2, unopened: 0 }
const SUBJECT = digestOf('request', requestWith())

/** One of each statement about recovery. */
export const SAMPLES = {
  charter: CHARTER_1,
  request: requestWith(),
  approval: approvalWith(SUBJECT, 0),
  rejection: rejectionWith(SUBJECT),
  cancellation: cancellationWith(SUBJECT),
  release: releaseWith(SUBJECT),
  verification,
  rewrap,
  completion,
  codes: codesWith(),
  vetting: vettingWith(),
  probe: {
    identity: IDENTITY.fingerprint,
    tenant: 'acme',
    client: OWNER_ID,
    signer: OWNER.signer,
    deposits: { count: 2, digest: depositListDigest(sha256, DEPOSITS) },
    nonce: bytesOf(0x4a),
    created: START + DAY,
  },
  'probe-answer': { ...judged, tenant: 'acme', subject: SUBJECT },
} as const satisfies Partial<{ readonly [K in ActName]: ActPayloads[K] }>

export type SampleName = keyof typeof SAMPLES
export const SAMPLE_NAMES = Object.keys(SAMPLES) as SampleName[]
export const sampleEnvelope = (name: SampleName): Envelope => signed(name, SAMPLES[name])

/** The chain of these charters: number 1 at leaf 3, each that follows released ten leaves later. */
export function chainOf(...changes: readonly Partial<Charter>[]): CharterChain {
  const charters: Charter[] = [CHARTER_1]
  for (const change of changes) {
    const before = charters.at(-1) ?? CHARTER_1
    const previous = digestOf('charter', before)
    charters.push({ ...before, number: before.number + 1, by: ADA.signer, previous, ...change })
  }
  const links = charters.map((charter, i): CharterLink => {
    const release = signed('release', charterReleaseWith(digestOf('charter', charter)))
    return {
      charter: { envelope: signed('charter', charter), index: 3 + 10 * i - (i > 0 ? 5 : 0) },
      release: i === 0 ? null : { envelope: release, index: 3 + 10 * i },
    }
  })
  const trust = { ...means, identity: IDENTITY.fingerprint, tenant: 'acme' }
  return verifyCharters(links, { ...trust, custodianAt: () => CUSTODIAN.signer })
}

export const ONE = chainOf()
export const LOGGED = START + HOUR + 60_000

export const logged = (payload: RecoveryRequest, index = 6): Logged<RecoveryRequest> => ({
  payload,
  digest: digestOf('request', payload),
  index,
})
export const facts = (changes: Partial<RequestFacts> = {}): RequestFacts => ({
  sha256,
  identity: IDENTITY.fingerprint,
  charters: ONE,
  terms: TERMS,
  ownerSigner: OWNER.signer,
  codes: [{ payload: codesWith(), digest: bytesOf(1), index: 4 }],
  vettings: [{ payload: vettingWith(), digest: bytesOf(2), index: 5 }],
  spent: new Set(),
  loggedMs: LOGGED,
  nowMs: LOGGED,
  ...changes,
})
