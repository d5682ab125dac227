import { encodeHeader, MlKem768X25519Identity, parseHeader, type Stanza } from '@strongroom/core/age'
import { makeDeposit, type MadeDeposit, type NewDeposit } from '@strongroom/core/client'
import { SigningKey, type SuiteName } from '@strongroom/core/container'
import {
  clientIdOf,
  verifyEpochs,
  type DepositExpectations,
  type Epoch,
  type VerifiedStatement,
} from '@strongroom/core/protocol'
import { bytesOf, means, sha256, signEpoch, START, testAuthority } from '../protocol/fixtures.ts'

export { bytesOf, sha256, START }

const authority = testAuthority(2)
const [first, second] = authority.chain.epochs
if (!first || !second) throw new RangeError('an authority of two epochs has two')

/** Two epochs of one authority, and who opens what is made for them. */
export const EPOCHS = { first, second, chain: authority.chain }
export const CUSTODIAN = MlKem768X25519Identity.fromBytes(bytesOf(2))
export const LATER_CUSTODIAN = MlKem768X25519Identity.fromBytes(bytesOf(3))

/** The first epoch with an RSA key. */
export function epochWithRsa(spki: Uint8Array): VerifiedStatement<Epoch> {
  const [epoch] = authority.epochs
  if (!epoch) throw new RangeError('an authority has an epoch')
  const envelope = signEpoch({ ...epoch, rsa: spki }, authority.identity)
  return verifyEpochs([envelope], { ...means, identity: authority.identity.fingerprint }).latest
}

/** A client's pair; its key id depends on nothing else. */
export function signingKeyOf(suite: SuiteName = 'ed25519', seed = 0x21): SigningKey {
  return SigningKey.fromSecretBytes(suite, bytesOf(seed, suite === 'ed25519' ? 32 : 64))
}
const CLIENT = signingKeyOf()
export const clientId = (key: SigningKey): string => clientIdOf(sha256, 'acme', key.signer.toString())

/** The session key of a file, deposited with everything that there is to say. */
export const WANTED: NewDeposit = {
  epoch: first,
  tenant: 'acme',
  clientId: clientId(CLIENT),
  signingKey: CLIENT,
  retention: 'ten-years',
  createdMs: START,
  sessionKey: bytesOf(0x31, 16),
  format: 'file',
  serial: bytesOf(0x32, 16),
  sealId: bytesOf(0x33),
  object: { name: 'archive.txt', size: 25 },
  description: { kind: 'plain', text: 'year end' },
  previous: bytesOf(0x34),
}
/** Another one, different in each field and with each of them. */
export const OTHER: NewDeposit = {
  epoch: second,
  tenant: 'other',
  clientId: 'c-other',
  signingKey: signingKeyOf('ed25519', 0x41),
  retention: 'one-year',
  createdMs: START + 1,
  sessionKey: bytesOf(0x42, 16),
  format: 'simple-blob',
  serial: bytesOf(0x43, 16),
  sealId: bytesOf(0x44),
  object: { name: 'other.txt', size: 26 },
  description: { kind: 'sealed', text: 'something else' },
  previous: bytesOf(0x45),
  enclosed: bytesOf(0x46, 40),
}

/** Where a deposit of `wanted` belongs. */
export function expectedFor(wanted: NewDeposit, recipientStanza: Uint8Array): DepositExpectations {
  const { tenant, signingKey } = wanted
  const signer = signingKey.signer.toString()
  return { ...means, tenant, clientId: wanted.clientId, signer, epochs: EPOCHS.chain, recipientStanza }
}

export const deposit = (changes: Partial<NewDeposit> = {}): MadeDeposit =>
  makeDeposit({ ...WANTED, ...changes })

/** The two stanzas of a deposit. */
export function stanzasOf(blob: Uint8Array): [Stanza, Stanza] {
  const [recipient, body, ...more] = parseHeader(blob).stanzas
  if (!recipient || !body || more.length > 0) throw new RangeError('a deposit has two stanzas')
  return [recipient, body]
}

/** Stanzas and the MAC that a session key makes for them. */
export const blobOf = (sessionKey: Uint8Array, ...stanzas: Stanza[]): Uint8Array =>
  encodeHeader(stanzas, sessionKey)
