import { equalBytes, utf8Encode } from '../bytes/index.ts'
import { merkleTree } from '../merkle/index.ts'
import {
  encodeLogEntry,
  ENTRY_KINDS,
  noteVerifier,
  parseLogProof,
  TlogError,
  verifyLogProof,
  type Cosignature,
  type EntryKindName,
  type LogPolicy,
  type VerifiedInclusion,
  type VerifyRaw,
  type WitnessPolicy,
} from '../tlog/index.ts'
import { encodeJson, parseJson } from './canonical-json.ts'
import { ENVELOPE, type Envelope } from './dsse.ts'
import { entryKindText } from './entry-kind-text.ts'
import { logKeysOf, verifyEpoch, type AuthorityTrust, type EpochChain } from './epoch-chain.ts'
import type { Epoch } from './epoch.ts'
import { checkedText, exactly, hexBytes, objectOf, type JsonField } from './json-fields.ts'
import { LIMITS } from './limits.ts'
import { malformed, ProtocolError } from './protocol-error.ts'
import { checkPinned } from './signer-text.ts'
import { statementDigest, type VerifiedStatement } from './statement.ts'

/** The statement that a receipt is about. */
export interface ReceiptStatement {
  readonly kind: EntryKindName
  /** The statement digest, 32 bytes; of a deposit its id, the SHA-256 of the key blob. */
  readonly digest: Uint8Array
}

/** An authority's proof that it has a statement: docs/spec/receipt.md. */
export interface Receipt {
  readonly statement: ReceiptStatement
  /** How far the authority had verified it: 0, structure and signature. Higher levels are statements of their own. */
  readonly level: 0
  /** The epoch record that names the keys of the log. */
  readonly epoch: Envelope
  /** A C2SP tlog-proof, without extra data. */
  readonly proof: string
}

interface ReceiptMembers extends Receipt {
  readonly strongroom: 'receipt'
  readonly version: 1
}

const RECEIPT: JsonField<ReceiptMembers> = objectOf({
  strongroom: exactly('receipt'),
  version: exactly(1),
  statement: objectOf({ kind: entryKindText, digest: hexBytes(32) }),
  level: exactly(0),
  epoch: ENVELOPE,
  proof: checkedText(LIMITS.receiptBytes, checkProof),
})

/** The one encoding of a receipt. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeReceipt({ statement, level, epoch, proof }: Receipt): Uint8Array {
  const members: ReceiptMembers = { strongroom: 'receipt', version: 1, statement, level, epoch, proof }
  return encodeJson(RECEIPT, members, LIMITS.receiptBytes)
}

/** Reads what `encodeReceipt` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseReceipt(bytes: Uint8Array): Receipt {
  const { statement, level, epoch, proof } = parseJson(RECEIPT, bytes, LIMITS.receiptBytes)
  return { statement, level, epoch, proof }
}

/** Nothing in a receipt is without a signature: extra data would be. */
function checkProof(text: string, path: string): void {
  const proof = refusing(path, 'PROTOCOL_FORMAT', () => parseLogProof(utf8Encode(text)))
  if (proof.extra) throw malformed(path, 'a proof with extra data')
}

/** What a receipt is checked against. Only the identity key is trusted; everything else follows from it. */
export interface ReceiptTrust extends AuthorityTrust {
  /** Signatures of logs: Ed25519 and ML-DSA-44. */
  readonly verifyRaw: VerifyRaw
  /** The authority's epochs as far as they are known: the receipt's must be one of them, and is not verified again. */
  readonly epochs?: EpochChain
  /** The statement that it must be about. Leave it out only to learn which it is. */
  readonly statement?: ReceiptStatement
  /** Witnesses that must have signed too. */
  readonly witnesses?: WitnessPolicy
}

// Held by this module alone: nobody else can make a VerifiedReceipt.
const MADE_BY_VERIFICATION = Symbol('verified')

/** A receipt that holds. Only `verifyReceipt` makes one: to hold it is the proof that the log has the statement. */
export class VerifiedReceipt {
  readonly statement: ReceiptStatement
  readonly level: 0
  /** Where the leaf is in the log. */
  readonly index: number
  /** Leaves and root of the tree in which it was proved. */
  readonly size: number
  readonly root: Uint8Array
  readonly origin: string
  readonly epoch: VerifiedStatement<Epoch>
  /** The valid signatures of witnesses that the policy knows. */
  readonly cosignatures: readonly Cosignature[]

  constructor(
    token: typeof MADE_BY_VERIFICATION,
    { statement, level }: Receipt,
    { index, checkpoint }: VerifiedInclusion,
    epoch: VerifiedStatement<Epoch>,
  ) {
    if (token !== MADE_BY_VERIFICATION) throw new TypeError('a receipt is verified by verifyReceipt alone')
    this.statement = statement
    this.level = level
    this.index = index
    this.size = checkpoint.size
    this.root = checkpoint.root
    this.origin = checkpoint.origin
    this.epoch = epoch
    this.cosignatures = checkpoint.cosignatures
  }
}

/**
 * Verifies a receipt with the identity key alone, without asking anybody: docs/spec/receipt.md, "Verifying". The steps are the
 * specification's.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE and AUTHORITY_IDENTITY for the receipt and its epoch,
 *   PROTOCOL_BINDING if it is about another statement, EPOCH_CHAIN if its epoch is not among `trust.epochs`, RECEIPT_PROOF with
 *   the TlogError as its cause
 */
export function verifyReceipt(receipt: Uint8Array, trust: ReceiptTrust): VerifiedReceipt {
  const parsed = parseReceipt(receipt)
  checkStatement(parsed.statement, trust.statement)
  const epoch = epochOf(parsed.epoch, trust)
  const policy = logPolicyOf(epoch.payload, trust)
  const inclusion = refusing('receipt', 'RECEIPT_PROOF', () =>
    verifyLogProof(trust.sha256, parseLogProof(utf8Encode(parsed.proof)), leafHashOf(parsed, trust), policy),
  )
  return new VerifiedReceipt(MADE_BY_VERIFICATION, parsed, inclusion, epoch)
}

/** The epoch that names the log's keys. A chain that does not have it belongs to somebody who was shown another history. */
function epochOf(envelope: Envelope, trust: ReceiptTrust): VerifiedStatement<Epoch> {
  if (!trust.epochs) return verifyEpoch(envelope, trust)
  checkPinned(trust.sha256, trust.identity, trust.epochs.identity)
  const digest = statementDigest(trust.sha256, envelope)
  const known = trust.epochs.epochs.find((epoch) => equalBytes(epoch.digest, digest))
  if (!known)
    throw new ProtocolError('EPOCH_CHAIN', 'the receipt is of an epoch that the authority does not show')
  // The same statement under other signatures is verified like any other.
  return sameSignatures(known.envelope, envelope) ? known : verifyEpoch(envelope, trust)
}

function sameSignatures(one: Envelope, two: Envelope): boolean {
  if (one.signatures.length !== two.signatures.length) return false
  return one.signatures.every(({ keyid, sig }, i) => {
    const other = two.signatures[i]
    return other !== undefined && keyid === other.keyid && equalBytes(sig, other.sig)
  })
}

/** Whose checkpoints an epoch stands for: of its log, each of its keys must have signed. */
export function logPolicyOf(
  epoch: Epoch,
  { sha256, verifyRaw, witnesses }: Pick<ReceiptTrust, 'sha256' | 'verifyRaw' | 'witnesses'>,
): LogPolicy {
  const keys = logKeysOf(epoch, { sha256 }).map((key) => noteVerifier(key, verifyRaw))
  return { origin: epoch.log.origin, keys, ...(witnesses && { witnesses }) }
}

function leafHashOf({ statement }: Receipt, { sha256 }: ReceiptTrust): Uint8Array {
  const entry = encodeLogEntry({ kind: ENTRY_KINDS[statement.kind], digest: statement.digest })
  return merkleTree(sha256).leafHash(entry)
}

function checkStatement(found: ReceiptStatement, wanted: ReceiptStatement | undefined): void {
  if (!wanted || (found.kind === wanted.kind && equalBytes(found.digest, wanted.digest))) return
  throw new ProtocolError('PROTOCOL_BINDING', 'the receipt is about another statement')
}

/** Runs `check`; what the log's layer refuses becomes an error of this one. */
function refusing<T>(path: string, code: 'PROTOCOL_FORMAT' | 'RECEIPT_PROOF', check: () => T): T {
  try {
    return check()
  } catch (cause) {
    if (cause instanceof TlogError) throw new ProtocolError(code, `${path}: ${cause.message}`, { cause })
    throw cause
  }
}
