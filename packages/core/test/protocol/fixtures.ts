import { MlKem768X25519Identity } from '@strongroom/core/age'
import { toHex, utf8Decode } from '@strongroom/core/bytes'
import { SignerKey, SigningKey, type SuiteName } from '@strongroom/core/container'
import { merkleTree } from '@strongroom/core/merkle'
import {
  ACTS,
  encodeReceipt,
  signerIdOf,
  signStatement,
  statementDigest,
  verifyEpochs,
  type Enrolment,
  type Envelope,
  type Epoch,
  type EpochChain,
  type MessageSigner,
  type ReceiptStatement,
  type VerifyMeans,
} from '@strongroom/core/protocol'
import {
  encodeCheckpoint,
  encodeLogEntry,
  encodeLogProof,
  encodeVerifierKey,
  ENTRY_KINDS,
  logOrigin,
  signNote,
} from '@strongroom/core/tlog'
import { sha256, testKey, verifyRaw, type TestKey } from '../tlog/node-keys.ts'

export { sha256, verifyRaw }

/** Verification by the key container's own code. */
export const means: VerifyMeans = {
  sha256,
  verify: (signer, message, signature) => SignerKey.parse(signer).verify(message, signature),
}

/** A signature pair from 32 or 64 times one byte. */
export function pairOf(seed: number, suite: SuiteName = 'ed25519'): MessageSigner & { fingerprint: string } {
  const pair = SigningKey.fromSecretBytes(suite, new Uint8Array(suite === 'ed25519' ? 32 : 64).fill(seed))
  return {
    signer: pair.signer.toString(),
    fingerprint: pair.signer.fingerprint,
    sign: (message) => pair.sign(message),
  }
}

/** An age recipient from 32 times one byte. */
export const exchangeOf = (seed: number): string =>
  MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(seed)).recipient().toString()

export const bytesOf = (seed: number, length = 32): Uint8Array => new Uint8Array(length).fill(seed)

const MONTH = 30 * 86_400_000
export const START = Date.UTC(2026, 10, 21, 10)

/** An authority of tests: everything from seeds, so that its texts are always the same. */
export interface TestAuthority {
  readonly identity: MessageSigner & { fingerprint: string }
  readonly logKeys: readonly TestKey[]
  readonly origin: string
  /** Unsigned records, from number 1 on. */
  readonly epochs: readonly Epoch[]
  readonly envelopes: readonly Envelope[]
  readonly chain: EpochChain
}

/** An authority with so many epochs. @param seed of its keys: another seed is another authority */
export function testAuthority(count: number, seed = 1): TestAuthority {
  const identity = pairOf(seed)
  const origin = logOrigin('vault.example.org', toHex(signerIdOf(sha256, identity.signer)))
  const logKeys = [testKey(origin, 'note', seed + 100), testKey(origin, 'subtree', seed + 101)]
  const epochs: Epoch[] = []
  const envelopes: Envelope[] = []
  for (let number = 1; number <= count; number++) {
    const last = envelopes.at(-1)
    const epoch: Epoch = {
      authority: 'Example archive',
      identity: identity.signer,
      number,
      exchange: exchangeOf(seed + number),
      rsa: null,
      custodian: pairOf(0x70 + seed + number).signer,
      log: { origin, keys: logKeys.map(({ key }) => encodeVerifierKey(key)) },
      policy: bytesOf(0x50 + number),
      notBefore: START + (number - 1) * MONTH,
      notAfter: START + (number + 1) * MONTH,
      previous: last ? statementDigest(sha256, last) : null,
    }
    epochs.push(epoch)
    envelopes.push(signEpoch(epoch, identity))
  }
  const chain = verifyEpochs(envelopes, { ...means, identity: identity.fingerprint })
  return { identity, logKeys, origin, epochs, envelopes, chain }
}

export const signEpoch = (epoch: Epoch, identity: MessageSigner): Envelope =>
  signStatement(sha256, ACTS.epoch, epoch, [identity])

/** A client's pair, and the invitation's. */
export const CLIENT = pairOf(0x21)
export const INVITED = pairOf(0x22)

export function enrolmentFor(authority: TestAuthority, changes: Partial<Enrolment> = {}): Enrolment {
  return {
    identity: authority.identity.fingerprint,
    tenant: 'acme',
    invitation: INVITED.signer,
    signer: CLIENT.signer,
    exchange: exchangeOf(0x23),
    name: 'laptop',
    challenge: bytesOf(0x24),
    created: START,
    ...changes,
  }
}

/** The receipt for one statement in a log of a few others. */
export function receiptFor(
  authority: TestAuthority,
  statement: ReceiptStatement,
  { others = 4, index = 2, epoch = 1, keys = authority.logKeys } = {},
): Uint8Array {
  const tree = merkleTree(sha256)
  const entries = Array.from({ length: others }, (_, i) =>
    encodeLogEntry({ kind: ENTRY_KINDS.deposit, digest: bytesOf(i) }),
  )
  entries.splice(index, 0, encodeLogEntry({ kind: ENTRY_KINDS[statement.kind], digest: statement.digest }))
  const hashes = entries.map((entry) => tree.leafHash(entry))
  const text = encodeCheckpoint({
    origin: authority.origin,
    size: hashes.length,
    root: tree.rootOf(hashes),
    extensions: [],
  })
  const note = signNote(
    text,
    keys.map(({ signer }) => signer),
  )
  const proof = encodeLogProof({ index, hashes: tree.inclusionProof(hashes, index), checkpoint: note })
  const envelope = authority.envelopes[epoch - 1]
  if (!envelope) throw new RangeError(`no epoch ${epoch}`)
  return encodeReceipt({ statement, level: 0, epoch: envelope, proof: utf8Decode(proof) })
}
