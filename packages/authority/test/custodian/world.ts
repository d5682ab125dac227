import { MlKem768X25519Identity } from '@strongroom/core/age'
import { concat, toHex, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import { SigningKey } from '@strongroom/core/container'
import { merkleTree } from '@strongroom/core/merkle'
import {
  ACTS,
  clientIdOf,
  encodeReceipt,
  encodeTerms,
  fingerprintOf,
  signerIdOf,
  signStatement,
  statementDigest,
  type ActName,
  type ActPayloads,
  type Charter,
  type CharterPerson,
  type Envelope,
  type Epoch,
  type MessageSigner,
  type RecoveryBundle,
  type Terms,
} from '@strongroom/core/protocol'
import {
  encodeCheckpoint,
  encodeLogEntry,
  encodeLogProof,
  encodeVerifierKey,
  ENTRY_KINDS,
  Frontier,
  logOrigin,
  noteSigner,
  parseNote,
  signNote,
  verifierKey,
  type EntryKindName,
  type NoteSignature,
} from '@strongroom/core/tlog'
import type { CustodianKeys } from '../../src/custodian/custody.ts'
import { LogKeys } from '../../src/log/log-keys.ts'
import { rawSigner } from '../../src/log/node-signatures.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf, pairOf } from '../support/authority.ts'

// An authority with one tenant, whose log is grown by hand: what a bundle is made of, from statements and hashes alone. Nothing of the
// custodian's own code is used here.

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const START = Date.UTC(2026, 10, 21, 10)

const tree = merkleTree(sha256)
export const IDENTITY = pairOf(1)
export const IDENTITY_PRINT = fingerprintOf(sha256, IDENTITY.signer)
export const CUSTODIAN = pairOf(3)
export const ADA = pairOf(0x31)
export const OFFICERS = [pairOf(0x32), pairOf(0x33), pairOf(0x34)] as const
export const STRANGER = pairOf(0x39)
export const NEWCOMER = pairOf(0x41)
export const CODE = pairOf(0x42)
export const OTHER_CODE = pairOf(0x43)
export const VETTED = pairOf(0x44)
export const NOTICE = pairOf(0x45)
export const INVITATION = pairOf(0x51)
export const OWNER_KEY = SigningKey.fromSecretBytes('ed25519', bytesOf(0x52))
export const OWNER = messageSigner(OWNER_KEY)
export const OWNER_ID = clientIdOf(sha256, 'acme', OWNER.signer)
export const EXCHANGE = MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(2))
/** Of the new container: what it opens was released for it. */
export const RECIPIENT = MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(6))

const PAIRS = [
  IDENTITY,
  CUSTODIAN,
  ADA,
  ...OFFICERS,
  STRANGER,
  NEWCOMER,
  CODE,
  OTHER_CODE,
  VETTED,
  NOTICE,
  INVITATION,
  OWNER,
]

export const TERMS: Terms = {
  retention: ['ten-years'],
  floor: { approvals: 2, waiting: 3_600 },
  witnesses: null,
}

const RULE = { approvals: 2, waiting: 86_400, expiry: 7 * 86_400, evidence: { need: 0, of: [] } } as const

const person = (id: string, roles: CharterPerson['roles'], pair: MessageSigner): CharterPerson => ({
  id,
  name: id.toUpperCase(),
  signers: [fingerprintOf(sha256, pair.signer)],
  roles,
})

export const CHARTER: Charter = {
  identity: IDENTITY_PRINT,
  tenant: 'acme',
  number: 1,
  standing: 'shared',
  people: [
    person('ada', ['administrator'], ADA),
    person('bo', ['officer'], OFFICERS[0]),
    person('cy', ['officer'], OFFICERS[1]),
    person('di', ['officer'], OFFICERS[2]),
  ],
  policy: {
    self: { ...RULE, evidence: { need: 1, of: ['client-key', 'recovery-code', 'vetting'] } },
    'third-party': RULE,
    'break-glass': { ...RULE, waiting: 3_600 },
    charter: RULE,
  },
  by: IDENTITY.signer,
  previous: null,
  created: START,
}

function messageSigner(key: SigningKey): MessageSigner {
  return { signer: key.signer.toString(), sign: (message) => key.sign(message) }
}

/** The keys of the custodian, as a container would give them. */
export const KEYS: CustodianKeys = { signer: CUSTODIAN, identities: [EXCHANGE], wipe: () => {} }

/** Signs an act with the pairs of all keys that the payload names. */
export function signed<K extends ActName>(name: K, payload: ActPayloads[K]): Envelope {
  const signers = ACTS[name].signersOf(payload).map((signer) => {
    const pair = PAIRS.find((candidate) => candidate.signer === signer)
    if (!pair) throw new RangeError('not a key of these tests')
    return pair
  })
  return signStatement(sha256, ACTS[name], payload, signers)
}

/** The same statement, signed by somebody else under the right name. */
export function forged(envelope: Envelope, by: MessageSigner = STRANGER): Envelope {
  const signatures = envelope.signatures.map(({ keyid }) => ({ keyid, sig: by.sign(envelope.payload) }))
  return { ...envelope, signatures }
}

export const digestOf = (envelope: Envelope): Uint8Array => statementDigest(sha256, envelope)

/** One leaf. */
export interface Leaf {
  readonly kind: EntryKindName
  readonly digest: Uint8Array
  /** Undefined of a deposit. */
  readonly envelope?: Envelope
  readonly blob?: Uint8Array
}

/** How a bundle is cut from the log. */
export interface Cut {
  /** The first leaf of the range. */
  readonly start: number
  /** Leaves of the checkpoint; all unless told. */
  readonly size?: number
  /** When it is signed. */
  readonly at: number
}

/** A log, and everything that was ever stated in it. */
export class World {
  readonly keys: LogKeys
  readonly epochs: Envelope[] = []
  readonly terms: Terms
  readonly leaves: Leaf[] = []

  constructor({
    terms = TERMS,
    ...keys
  }: { terms?: Terms; custodian?: MessageSigner; exchange?: MlKem768X25519Identity; rsa?: Uint8Array } = {}) {
    const origin = logOrigin('vault.example.org', toHex(signerIdOf(sha256, IDENTITY.signer)))
    this.keys = LogKeys.parse(KEYS_TEXT ?? keysText(origin))
    this.terms = terms
    this.epoch(keys)
  }

  /** The next epoch. */
  epoch({
    custodian = CUSTODIAN,
    exchange = EXCHANGE,
    rsa = null,
  }: {
    custodian?: MessageSigner
    exchange?: MlKem768X25519Identity
    rsa?: Uint8Array | null
  } = {}): void {
    const last = this.epochs.at(-1)
    const number = this.epochs.length + 1
    const epoch: Epoch = {
      authority: 'Example archive',
      identity: IDENTITY.signer,
      number,
      exchange: exchange.recipient().toString(),
      rsa,
      custodian: custodian.signer,
      log: { origin: this.keys.origin, keys: this.keys.verifierKeys },
      policy: sha256(encodeTerms(this.terms)),
      notBefore: START + (number - 1) * MINUTE,
      notAfter: START + 700 * DAY,
      previous: last ? digestOf(last) : null,
    }
    const envelope = signed('epoch', epoch)
    this.epochs.push(envelope)
    this.add('epoch', envelope)
  }

  /** Logs a statement. @returns its leaf */
  add(kind: Exclude<EntryKindName, 'deposit'>, envelope: Envelope): number {
    return this.leaves.push({ kind, digest: digestOf(envelope), envelope }) - 1
  }

  /** Logs a statement of its own making. */
  state<K extends ActName>(kind: K, payload: ActPayloads[K]): Envelope {
    const envelope = signed(kind, payload)
    this.add(kind, envelope)
    return envelope
  }

  deposit(blob: Uint8Array): Uint8Array {
    this.leaves.push({ kind: 'deposit', digest: sha256(blob), blob })
    return blob
  }

  /** Leaves of nobody, to fill a log. */
  fill(count: number): void {
    for (let i = 0; i < count; i++) this.deposit(bytesOf(1_000_000 + this.leaves.length, 40))
  }

  indexOf(digest: Uint8Array): number {
    return this.leaves.findIndex((leaf) => toHex(leaf.digest) === toHex(digest))
  }

  entry(index: number): Uint8Array {
    const leaf = this.leaves[index]
    if (!leaf) throw new RangeError(`no leaf ${index}`)
    return encodeLogEntry({ kind: ENTRY_KINDS[leaf.kind], digest: leaf.digest })
  }

  hashes(size = this.leaves.length): Uint8Array[] {
    return Array.from({ length: size }, (_, i) => tree.leafHash(this.entry(i)))
  }

  root(size: number): Uint8Array {
    return tree.rootOf(this.hashes(size))
  }

  /** A signed note over the first leaves. */
  checkpoint(at: number, size = this.leaves.length): Uint8Array {
    const root = this.root(size)
    const checkpoint = { origin: this.keys.origin, size, root, extensions: [] }
    return signNote(
      encodeCheckpoint(checkpoint),
      this.keys.signers(() => at),
    )
  }

  /** A receipt that was given when the log had so many leaves. */
  receipt(
    digest: Uint8Array,
    at: number,
    size = this.indexOf(digest) + 1,
    checkpoint: Uint8Array = this.checkpoint(at, size),
  ): Uint8Array {
    const index = this.indexOf(digest)
    const leaf = this.leaves[index]
    const epoch = this.epochs.at(-1)
    if (!leaf || !epoch) throw new RangeError('not in this log')
    const hashes = tree.inclusionProof(this.hashes(size), index)
    const proof = utf8Decode(encodeLogProof({ index, hashes, checkpoint }))
    return encodeReceipt({ statement: { kind: leaf.kind, digest }, level: 0, epoch, proof })
  }

  /** The range of a bundle. */
  range({ start, size = this.leaves.length }: Omit<Cut, 'at'>): RecoveryBundle['range'] {
    const frontier = new Frontier(sha256)
    for (const hash of this.hashes(start)) frontier.append(hash)
    const entries = Array.from({ length: size - start }, (_, i) => this.entry(start + i))
    return { start, subtrees: frontier.hashes, entries: concat(...entries) }
  }

  /** Proofs of leaves before the range. */
  proofs(
    digests: readonly Uint8Array[],
    { start, size = this.leaves.length }: Omit<Cut, 'at'>,
  ): RecoveryBundle['proofs'] {
    const indices = [...new Set(digests.map((digest) => this.indexOf(digest)))].filter(
      (i) => i >= 0 && i < start,
    )
    const hashes = this.hashes(size)
    return indices
      .toSorted((one, other) => one - other)
      .map((index) => {
        const leaf = this.leaves[index]
        if (!leaf) throw new RangeError('no leaf')
        const { kind, digest } = leaf
        return { kind: ENTRY_KINDS[kind], digest, index, hashes: tree.inclusionProof(hashes, index) }
      })
  }
}

let KEYS_TEXT: string | undefined
function keysText(origin: string): string {
  KEYS_TEXT = LogKeys.generate(origin)
  return KEYS_TEXT
}

/** A witness that signs whatever it is given, at any time. */
export function witnessOf(
  name: string,
  seed: number,
): { readonly text: string; readonly sign: (note: Uint8Array, at: number) => NoteSignature } {
  const { publicKey, sign } = rawSigner('ed25519', bytesOf(seed))
  const key = verifierKey(sha256, name, 'cosignature', publicKey)
  return {
    text: encodeVerifierKey(key),
    sign(note, at) {
      const signer = noteSigner(key, { sign, now: () => Math.floor(at / 1000) })
      const signature = signer.sign(utf8Encode(parseNote(note).text))
      return { name, keyHash: key.keyHash, signature }
    },
  }
}
