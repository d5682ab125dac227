import { probeMac } from '@strongroom/core/client'
import { merkleTree } from '@strongroom/core/merkle'
import {
  ACTS,
  depositListDigest,
  probeListDigest,
  signStatement,
  statementDigest,
  type Probe,
  type ProbeAnswer,
} from '@strongroom/core/protocol'
import { encodeLogEntry, ENTRY_KINDS } from '@strongroom/core/tlog'
import { bytesOf, sha256 } from './fixtures.ts'
import { depositId, entries } from './recovery-example.ts'
import { client, clientId, custodian, identity, sessionKey } from './spec-example.ts'

// The worked example of docs/spec/probe.md, after that of docs/spec/recovery.md.

export const probe: Probe = {
  identity: identity.fingerprint,
  tenant: 'acme',
  client: clientId,
  signer: client.signer,
  deposits: { count: 1, digest: depositListDigest(sha256, [depositId]) },
  nonce: bytesOf(0x46),
  created: Date.parse('2026-12-02T09:20:00Z'),
}
export const probeEnvelope = signStatement(sha256, ACTS.probe, probe, [client])
export const probeDigest = statementDigest(sha256, probeEnvelope)
export const mac = probeMac(sessionKey, probeDigest, depositId)

const tree = merkleTree(sha256)
const leaves = [...entries, encodeLogEntry({ kind: ENTRY_KINDS.probe, digest: probeDigest })]
export const root = tree.rootOf(leaves.map((entry) => tree.leafHash(entry)))

export const answer: ProbeAnswer = {
  identity: identity.fingerprint,
  tenant: 'acme',
  custodian: custodian.signer,
  subject: probeDigest,
  count: 1,
  results: probeListDigest(sha256, [{ id: depositId, mac }]),
  checkpoint: { size: leaves.length, root },
  created: Date.parse('2026-12-02T09:20:10Z'),
}
export const answerEnvelope = signStatement(sha256, ACTS['probe-answer'], answer, [custodian])
