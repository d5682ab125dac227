import { utf8Decode, utf8Encode } from '../bytes/index.ts'
import { encodeLogProof, MAX_PROOF_HASHES, parseCheckpoint, parseNote, TlogError } from '../tlog/index.ts'
import { encodeJson, parseJson } from './canonical-json.ts'
import { ENVELOPE, type Envelope } from './dsse.ts'
import { checkedText, hexBytes, listOf, objectOf, wholeNumber, type JsonField } from './json-fields.ts'
import { LIMITS } from './limits.ts'
import { PROBLEMS, type ProblemCode } from './problems.ts'
import { malformed } from './protocol-error.ts'
import type { Receipt, ReceiptStatement } from './receipt.ts'

/** What became of one deposit of a request: where its leaf is and how to get from there to the root, or why there is none. */
export type ReceiptOutcome =
  | { readonly index: number; readonly hashes: readonly Uint8Array[] }
  | { readonly problem: ProblemCode }

/**
 * The receipts for all deposits of one request: docs/spec/receipt.md, "Several receipts". What they have in common stands in it
 * once. Nothing is verified.
 */
export interface ReceiptList {
  /** The epoch record that names the keys of the log. */
  readonly epoch: Envelope
  /** The signed note that all proofs lead to. */
  readonly checkpoint: string
  /** In the order of the request. */
  readonly outcomes: readonly ReceiptOutcome[]
}

const PLACE: JsonField<{ readonly index: number; readonly hashes: readonly Uint8Array[] }> = objectOf({
  index: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  hashes: listOf(hexBytes(32), 0, MAX_PROOF_HASHES),
})
const REFUSAL: JsonField<{ readonly problem: ProblemCode }> = objectOf({
  problem: {
    read(value, path) {
      const code = (Object.keys(PROBLEMS) as ProblemCode[]).find((candidate) => candidate === value)
      if (code === undefined) throw malformed(path, 'expected the code of a problem')
      return code
    },
    write: (value) => value,
  },
})
const OUTCOME: JsonField<ReceiptOutcome> = {
  read: (value, path) => (isRefusal(value) ? REFUSAL : PLACE).read(value, path),
  write: (value) => ('problem' in value ? REFUSAL.write(value) : PLACE.write(value)),
}
const RECEIPT_LIST: JsonField<ReceiptList> = objectOf({
  epoch: ENVELOPE,
  checkpoint: checkedText(LIMITS.receiptBytes, checkCheckpoint),
  outcomes: listOf(OUTCOME, 1, LIMITS.depositsPerRequest),
})

/** The one encoding of a list. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeReceiptList(list: ReceiptList): Uint8Array {
  return encodeJson(RECEIPT_LIST, list, LIMITS.receiptListBytes)
}

/** Reads what `encodeReceiptList` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseReceiptList(bytes: Uint8Array): ReceiptList {
  return parseJson(RECEIPT_LIST, bytes, LIMITS.receiptListBytes)
}

/**
 * The receipts of a list: each is what its deposit would have got alone, to be verified like any other.
 *
 * @param statements what was sent, in the order of the request
 * @throws ProtocolError PROTOCOL_FORMAT if the list has another number of outcomes
 */
export function receiptsOf(
  { epoch, checkpoint, outcomes }: ReceiptList,
  statements: readonly ReceiptStatement[],
): (Receipt | ProblemCode)[] {
  if (outcomes.length !== statements.length) {
    throw malformed('outcomes', `expected ${statements.length} of them, got ${outcomes.length}`)
  }
  const note = utf8Encode(checkpoint)
  return statements.map((statement, i) => {
    const outcome = outcomes[i] ?? { problem: 'internal' }
    if ('problem' in outcome) return outcome.problem
    const proof = encodeLogProof({ index: outcome.index, hashes: outcome.hashes, checkpoint: note })
    return { statement, level: 0, epoch, proof: utf8Decode(proof) }
  })
}

function isRefusal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'problem')
}

function checkCheckpoint(text: string, path: string): void {
  try {
    parseCheckpoint(parseNote(utf8Encode(text)).text)
  } catch (cause) {
    if (cause instanceof TlogError) throw malformed(path, cause.message, { cause })
    throw cause
  }
}
