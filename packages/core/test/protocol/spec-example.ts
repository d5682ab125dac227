import { encodeHeader, MlKem768X25519Recipient, X25519Identity, type Stanza } from '@strongroom/core/age'
import { fromHex, toHex, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import { keyCommitment, parseSerial } from '@strongroom/core/keyblob'
import { merkleTree } from '@strongroom/core/merkle'
import {
  ACTS,
  clientIdOf,
  DEPOSIT_TYPE,
  DEPOSIT_VERSION,
  encodeDepositBody,
  encodeEnvelope,
  encodeInvitation,
  encodeReceipt,
  encodeTerms,
  objectNameDigest,
  signerIdOf,
  signStatement,
  statementDigest,
  type DepositContext,
  type Enrolment,
  type Epoch,
  type Envelope,
  type HttpRequest,
  type HttpSignatureParams,
  type Terms,
} from '@strongroom/core/protocol'
import {
  encodeCheckpoint,
  encodeLogEntry,
  encodeLogProof,
  encodeVerifierKey,
  logOrigin,
  signNote,
} from '@strongroom/core/tlog'
import { testKey } from '../tlog/node-keys.ts'
import { bytesOf, exchangeOf, pairOf, sha256 } from './fixtures.ts'

// The worked example of docs/spec/authority-protocol.md and docs/spec/receipt.md, from what these pages give. Two things are
// recorded because they are others each time: the encapsulated key in the deposit, and ML-DSA-44 signatures.

const time = (text: string) => Date.parse(text)
const seconds = (text: string) => time(text) / 1000

export const identity = pairOf(0x01)
export const custodian = pairOf(0x03)
export const client = pairOf(0x21)
export const invited = pairOf(0x22)
/** The session key and seal of docs/spec/sealed-file.md, "Example". */
export const sessionKey = fromHex('000102030405060708090a0b0c0d0e0f')
const serial = parseSerial('019c1405-b800-7000-8000-000000000001')
const sealId = fromHex('088d422c88608a72208bde0e62470bea3fad314e5f09d0e61dab3bc0698af30e')

export const origin = logOrigin('vault.example.org', toHex(signerIdOf(sha256, identity.signer)))
const logKeys = [
  testKey(origin, 'note', 0x11),
  testKey(origin, 'subtree', 0x12, seconds('2026-11-21T12:00:00Z')),
]

/** The policy document of the epoch: docs/spec/recovery.md, "Example". */
export const terms: Terms = {
  retention: ['one-year', 'ten-years'],
  floor: { approvals: 2, waiting: 3_600 },
  witnesses: null,
}
export const termsBytes = encodeTerms(terms)

export const epoch: Epoch = {
  authority: 'Example archive',
  identity: identity.signer,
  number: 1,
  exchange: exchangeOf(0x02),
  rsa: null,
  custodian: custodian.signer,
  log: { origin, keys: logKeys.map(({ key }) => encodeVerifierKey(key)) },
  policy: sha256(termsBytes),
  notBefore: time('2026-11-21T10:00:00Z'),
  notAfter: time('2027-11-21T10:00:00Z'),
  previous: null,
}
export const epochEnvelope: Envelope = signStatement(sha256, ACTS.epoch, epoch, [identity])
export const epochDigest = statementDigest(sha256, epochEnvelope)

export const invitation = {
  url: 'https://vault.example.org',
  tenant: 'acme',
  identity: identity.fingerprint,
  secret: bytesOf(0x22),
  expires: time('2026-12-01T00:00:00Z'),
}
export const invitationText = encodeInvitation(invitation)

export const enrolment: Enrolment = {
  identity: identity.fingerprint,
  tenant: 'acme',
  invitation: invited.signer,
  signer: client.signer,
  exchange: X25519Identity.fromBytes(bytesOf(0x23)).recipient().toString(),
  name: 'laptop',
  challenge: bytesOf(0x24),
  created: time('2026-11-21T11:00:00Z'),
}
export const enrolmentEnvelope: Envelope = signStatement(sha256, ACTS.enrolment, enrolment, [client, invited])
export const clientId = clientIdOf(sha256, 'acme', client.signer)

/** The context of a deposit whose recipient stanza has that text. */
export const contextFor = (recipientStanza: Uint8Array): DepositContext => ({
  tenant: 'acme',
  clientId,
  signer: { suiteId: 1, id: signerIdOf(sha256, client.signer) },
  epochNumber: 1,
  epochDigest,
  format: 'file',
  serial,
  commitment: keyCommitment(sessionKey, serial),
  sealId,
  object: { nameDigest: objectNameDigest(sha256, 'archive.txt'), size: 25 },
  description: { kind: 'plain', text: 'year end' },
  retention: 'ten-years',
  policy: epoch.policy,
  recipientDigest: sha256(recipientStanza),
  createdMs: time('2026-11-21T11:30:00Z'),
})

/** A key blob with these stanzas and its MAC. */
export const blobOf = (...stanzas: Stanza[]): Uint8Array => encodeHeader(stanzas, sessionKey)

/** The text of the first stanza of a key blob, its last line feed included. */
export function firstStanza(blob: Uint8Array): Uint8Array {
  const text = utf8Decode(blob)
  const start = text.indexOf('-> ')
  const end = [text.indexOf('\n-> ', start), text.indexOf('\n---', start)].filter((at) => at > 0)
  return utf8Encode(text.slice(start, Math.min(...end) + 1))
}

export const depositStanza = (body: Uint8Array): Stanza => ({
  type: DEPOSIT_TYPE,
  args: [DEPOSIT_VERSION],
  body,
})

/** A deposit with a fresh encapsulated key. */
function newDeposit(): Uint8Array {
  const wrapped = MlKem768X25519Recipient.parse(epoch.exchange).wrap(sessionKey)
  const context = contextFor(firstStanza(blobOf(wrapped)))
  return blobOf(wrapped, depositStanza(encodeDepositBody(context, client.sign)))
}

/** The log after the epoch, the enrolment and the deposit. */
export function logOf(deposit: Uint8Array): {
  entries: Uint8Array[]
  leafHashes: Uint8Array[]
  root: Uint8Array
} {
  const tree = merkleTree(sha256)
  const entries = [
    encodeLogEntry({ kind: 2, digest: epochDigest }),
    encodeLogEntry({ kind: 3, digest: statementDigest(sha256, enrolmentEnvelope) }),
    encodeLogEntry({ kind: 1, digest: sha256(deposit) }),
  ]
  const leafHashes = entries.map((entry) => tree.leafHash(entry))
  return { entries, leafHashes, root: tree.rootOf(leafHashes) }
}

/** The text that the log signs. */
export const checkpointText = (root: Uint8Array): string =>
  encodeCheckpoint({ origin, size: 3, root, extensions: [] })

/** The receipt of a deposit with a fresh ML-DSA-44 signature. */
function newReceipt(deposit: Uint8Array): Uint8Array {
  const { leafHashes, root } = logOf(deposit)
  const checkpoint = signNote(
    checkpointText(root),
    logKeys.map(({ signer }) => signer),
  )
  const proof = encodeLogProof({
    index: 2,
    hashes: merkleTree(sha256).inclusionProof(leafHashes, 2),
    checkpoint,
  })
  const statement = { kind: 'deposit', digest: sha256(deposit) } as const
  return encodeReceipt({ statement, level: 0, epoch: epochEnvelope, proof: utf8Decode(proof) })
}

export const request: HttpRequest = {
  method: 'POST',
  authority: 'vault.example.org',
  target: '/v1/statements?after=2',
  body: utf8Encode('{}'),
}
export const params: HttpSignatureParams = {
  created: seconds('2026-11-21T12:00:00Z'),
  expires: seconds('2026-11-21T12:05:00Z'),
  nonce: 'AAECAwQFBgcICQoLDA0ODw',
  clientId,
}

// Run: node -C source packages/core/test/protocol/spec-example.ts makes the recorded files anew; the pages must then follow.
if (import.meta.main) {
  const { writeFileSync } = await import('node:fs')
  const deposit = newDeposit()
  const examples = new URL('../../../../docs/spec/examples/', import.meta.url)
  writeFileSync(new URL('epoch.envelope', examples), encodeEnvelope(epochEnvelope))
  writeFileSync(new URL('deposit.keyblob', examples), deposit)
  writeFileSync(new URL('deposit.receipt', examples), newReceipt(deposit))
}
