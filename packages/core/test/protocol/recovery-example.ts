import { readFileSync } from 'node:fs'
import { encodeHeader, MlKem768X25519Identity } from '@strongroom/core/age'
import { utf8Decode } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import {
  depositListDigest,
  encodeReceipt,
  encodeRecoveryBundle,
  encodeRecoveryCode,
  encodeReleaseBody,
  releaseListDigest,
  RELEASE_TYPE,
  RELEASE_VERSION,
  signStatement,
  statementDigest,
  ACTS,
  type ActName,
  type ActPayloads,
  type Charter,
  type Envelope,
  type MessageSigner,
  type RecoveryCodes,
  type RecoveryRequest,
  type RecoveryRule,
  type Release,
} from '@strongroom/core/protocol'
import {
  encodeCheckpoint,
  encodeLogEntry,
  encodeLogProof,
  ENTRY_KINDS,
  Frontier,
  signNote,
} from '@strongroom/core/tlog'
import { testKey } from '../tlog/node-keys.ts'
import { bytesOf, pairOf, sha256 } from './fixtures.ts'
import {
  client,
  clientId,
  custodian,
  enrolmentEnvelope,
  epochDigest,
  epochEnvelope,
  identity,
  origin,
  sessionKey,
  termsBytes,
} from './spec-example.ts'

// The worked example of docs/spec/recovery.md, from what the page gives, after that of docs/spec/receipt.md. Recorded are the key
// blob of the release, whose encapsulated key is another each time, and the bundle, whose ML-DSA-44 signatures are.

const time = (text: string) => Date.parse(text)
const seconds = (text: string) => time(text) / 1000
const EXAMPLES = new URL('../../../../docs/spec/examples/', import.meta.url)
export const read = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, EXAMPLES)))

export const ada = pairOf(0x31)
export const officers = [pairOf(0x32), pairOf(0x33), pairOf(0x34)] as const
export const newcomer = pairOf(0x41)
export const recipientIdentity = MlKem768X25519Identity.fromBytes(bytesOf(0x42))
export const code = pairOf(0x43)

const rule: RecoveryRule = { approvals: 2, waiting: 86_400, expiry: 604_800, evidence: { need: 0, of: [] } }
const bound = { identity: identity.fingerprint, tenant: 'acme' }

export const charter: Charter = {
  ...bound,
  number: 1,
  standing: 'shared',
  people: [
    { id: 'ada', name: 'Ada', signers: [ada.fingerprint], roles: ['administrator'] },
    { id: 'bo', name: 'Bo', signers: [officers[0].fingerprint], roles: ['officer'] },
    { id: 'cy', name: 'Cy', signers: [officers[1].fingerprint], roles: ['auditor', 'officer'] },
    { id: 'di', name: 'Di', signers: [officers[2].fingerprint], roles: ['officer'] },
  ],
  policy: {
    self: { ...rule, evidence: { need: 1, of: ['recovery-code', 'vetting'] } },
    'third-party': rule,
    'break-glass': { ...rule, waiting: 3_600 },
    charter: rule,
  },
  by: identity.signer,
  previous: null,
  created: time('2026-11-21T12:00:00Z'),
}
/** Signs an act with these pairs. */
const sign = <K extends ActName>(
  name: K,
  payload: ActPayloads[K],
  ...signers: readonly MessageSigner[]
): Envelope => signStatement(sha256, ACTS[name], payload, signers)

export const charterEnvelope = sign('charter', charter, identity)
export const charterDigest = statementDigest(sha256, charterEnvelope)

export const codeText = encodeRecoveryCode({
  url: 'https://vault.example.org',
  ...bound,
  client: clientId,
  secret: bytesOf(0x43),
})
export const codes: RecoveryCodes = {
  ...bound,
  client: clientId,
  signer: client.signer,
  codes: [code.signer],
  previous: null,
  created: time('2026-11-21T12:10:00Z'),
}
export const codesEnvelope = sign('codes', codes, client)

export const deposit = read('deposit.keyblob')
export const depositId = sha256(deposit)

export const request: RecoveryRequest = {
  ...bound,
  charter: charterDigest,
  class: 'self',
  client: clientId,
  deposits: { count: 1, digest: depositListDigest(sha256, [depositId]) },
  requester: null,
  by: null,
  recipient: recipientIdentity.recipient().toString(),
  signer: newcomer.signer,
  evidence: [{ kind: 'recovery-code', key: code.signer }],
  reason: 'the laptop burnt',
  reference: null,
  created: time('2026-12-01T09:00:00Z'),
  expires: time('2026-12-08T09:00:00Z'),
  nonce: bytesOf(0x44),
}
export const requestEnvelope = sign('request', request, newcomer, code)
export const requestDigest = statementDigest(sha256, requestEnvelope)

const approvalOf = (person: string, pair: MessageSigner, created: string) =>
  sign(
    'approval',
    {
      ...bound,
      subject: requestDigest,
      person,
      by: pair.signer,
      evidence: 'called back on the number that we knew',
      created: time(created),
      expires: time('2026-12-05T00:00:00Z'),
    },
    pair,
  )
export const approvals = [
  approvalOf('bo', officers[0], '2026-12-01T09:30:00Z'),
  approvalOf('di', officers[2], '2026-12-01T10:00:00Z'),
]

/** What is logged, in order, up to the second approval. */
export const entries = [
  { kind: ENTRY_KINDS.epoch, digest: epochDigest },
  { kind: ENTRY_KINDS.enrolment, digest: statementDigest(sha256, enrolmentEnvelope) },
  { kind: ENTRY_KINDS.deposit, digest: depositId },
  { kind: ENTRY_KINDS.charter, digest: charterDigest },
  { kind: ENTRY_KINDS.codes, digest: statementDigest(sha256, codesEnvelope) },
  { kind: ENTRY_KINDS.request, digest: requestDigest },
  ...approvals.map((approval) => ({ kind: ENTRY_KINDS.approval, digest: statementDigest(sha256, approval) })),
].map(encodeLogEntry)
const tree = merkleTree(sha256)
const hashes = entries.map((entry) => tree.leafHash(entry))
export const rootOf = (size: number): Uint8Array => tree.rootOf(hashes.slice(0, size))

/** What the log signed when it had so many entries. */
const checkpointAt = (size: number, at: string): Uint8Array => {
  const keys = [testKey(origin, 'note', 0x11), testKey(origin, 'subtree', 0x12, seconds(at))]
  const text = encodeCheckpoint({ origin, size, root: rootOf(size), extensions: [] })
  return signNote(
    text,
    keys.map(({ signer }) => signer),
  )
}

/** The release of a key blob that was made for the request. */
export const releaseOf = (blob: Uint8Array): Release => ({
  ...bound,
  custodian: custodian.signer,
  subject: requestDigest,
  kind: 'request',
  count: 1,
  results: releaseListDigest(sha256, [{ id: depositId, blob }]),
  checkpoint: { size: 8, root: rootOf(8) },
  created: time('2026-12-02T09:10:00Z'),
})
export const releaseEnvelopeOf = (blob: Uint8Array): Envelope => sign('release', releaseOf(blob), custodian)

/** The stanza that says what the key blob of a release is for. */
export const releaseStanza = {
  type: RELEASE_TYPE,
  args: [RELEASE_VERSION],
  body: encodeReleaseBody({ request: requestDigest, deposit: depositId }),
}
function newReleaseBlob(): Uint8Array {
  return encodeHeader([recipientIdentity.recipient().wrap(sessionKey), releaseStanza], sessionKey)
}

/** The bundle that the custodian judged, with fresh ML-DSA-44 signatures. */
function newBundle(): Uint8Array {
  const proof = encodeLogProof({
    index: 5,
    hashes: tree.inclusionProof(hashes.slice(0, 6), 5),
    checkpoint: checkpointAt(6, '2026-12-01T09:01:00Z'),
  })
  const statement = { kind: 'request', digest: requestDigest } as const
  const frontier = new Frontier(sha256)
  for (const hash of hashes.slice(0, 4)) frontier.append(hash)
  return encodeRecoveryBundle({
    epochs: [epochEnvelope],
    terms: termsBytes,
    charters: [{ charter: charterEnvelope }],
    subject: requestEnvelope,
    deposits: [deposit],
    enrolments: [enrolmentEnvelope],
    evidence: [codesEnvelope],
    receipt: encodeReceipt({ statement, level: 0, epoch: epochEnvelope, proof: utf8Decode(proof) }),
    checkpoint: checkpointAt(8, '2026-12-02T09:05:00Z'),
    range: { start: 4, subtrees: frontier.hashes, entries: Buffer.concat(entries.slice(4)) },
    statements: approvals,
    proofs: entries.slice(0, 4).map((entry, index) => ({
      kind: entry[0] ?? 0,
      digest: entry.subarray(1),
      index,
      hashes: tree.inclusionProof(hashes, index),
    })),
  })
}

// Run: node -C source packages/core/test/protocol/recovery-example.ts makes the recorded files anew, after those of
// spec-example.ts; the page must then follow.
if (import.meta.main) {
  const { writeFileSync } = await import('node:fs')
  writeFileSync(new URL('release.keyblob', EXAMPLES), newReleaseBlob())
  writeFileSync(new URL('recovery.bundle', EXAMPLES), newBundle())
}
