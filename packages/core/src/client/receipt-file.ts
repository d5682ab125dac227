import { equalBytes } from '../bytes/index.ts'
import {
  parseReceipt,
  ProtocolError,
  verifyReceipt,
  type EpochChain,
  type ReceiptStatement,
  type VerifiedReceipt,
} from '../protocol/index.ts'
import type { WitnessPolicy } from '../tlog/index.ts'
import { nodeMeans, sha256, verifyRaw } from './node-verify.ts'

/** What a receipt is checked against; of all this only the identity is needed. */
export interface ReceiptExpectations {
  /** The fingerprint of the authority's identity key, or the key in text form. */
  readonly identity: string
  /** The digest of the statement that it must be about, 32 bytes: of a deposit, its id. */
  readonly digest?: Uint8Array
  /** The deposit that it must be about, instead of the digest. */
  readonly blob?: Uint8Array
  /** The kind that the statement must be of; that of a `blob` is `deposit`. */
  readonly kind?: ReceiptStatement['kind']
  /** The authority's epochs as far as they are known: that of the receipt must be among them. */
  readonly epochs?: EpochChain
  readonly witnesses?: WitnessPolicy
}

/**
 * Verifies a receipt by itself, years later and without asking anybody: docs/spec/receipt.md, "Verifying".
 *
 * @throws ProtocolError as `verifyReceipt` does; PROTOCOL_BINDING if it is about another statement
 */
export function verifyReceiptFile(bytes: Uint8Array, expected: ReceiptExpectations): VerifiedReceipt {
  const { identity, epochs, witnesses } = expected
  const statement = expectedStatement(() => parseReceipt(bytes).statement, expected)
  return verifyReceipt(bytes, {
    ...nodeMeans,
    verifyRaw,
    identity,
    statement,
    ...(epochs && { epochs }),
    ...(witnesses && { witnesses }),
  })
}

/** The statement that the receipt must be about: what is not asked for is as it is found. */
function expectedStatement(
  find: () => ReceiptStatement,
  { blob, digest, kind }: ReceiptExpectations,
): ReceiptStatement {
  if (blob) {
    const id = sha256(blob)
    if (!digest || equalBytes(id, digest)) return { kind: 'deposit', digest: id }
    throw new ProtocolError('PROTOCOL_BINDING', 'the deposit has another id')
  }
  if (digest && kind) return { kind, digest }
  const found = find()
  return { kind: kind ?? found.kind, digest: digest ?? found.digest }
}
