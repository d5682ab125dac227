import { concat, toHex, toPaddedBase64, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import { encodeReceipt, type Envelope, type ReceiptStatement } from '@strongroom/core/protocol'
import { encodeLogProof } from '@strongroom/core/tlog'

/** Makes the receipt of one statement. @param proof that its leaf, at `index`, is in the tree of the checkpoint */
export type MakeReceipt = (
  statement: ReceiptStatement,
  index: number,
  proof: readonly Uint8Array[],
) => Uint8Array

/** What stands in a template where the digest and the proof of a statement go. */
const NO_DIGEST = new Uint8Array(32)
const NO_PROOF = `index 0${escaped('\n\n')}`

/**
 * Makes receipts for statements in the tree of one checkpoint.
 *
 * They differ in three places only: the encoder writes one, and the others are copies with those places filled in. To encode each
 * anew would take longer than to commit its statement.
 *
 * @param epoch the record that names the keys which signed the note
 */
export function receiptMaker(epoch: Envelope, note: Uint8Array): MakeReceipt {
  const templates = new Map<string, readonly Uint8Array[]>()
  const templateFor = (kind: ReceiptStatement['kind']): readonly Uint8Array[] => {
    const template = templates.get(kind) ?? templateOf(kind, epoch, note)
    templates.set(kind, template)
    return template
  }
  return ({ kind, digest }, index, proof) => {
    const [start, middle, end] = templateFor(kind)
    if (!start || !middle || !end) throw new RangeError('a template has three parts')
    const lines = [`index ${index}`, ...proof.map(toPaddedBase64), '', ''].join(escaped('\n'))
    return concat(start, utf8Encode(toHex(digest)), middle, utf8Encode(lines), end)
  }
}

/** A receipt without a digest and a proof, cut where those stand. */
function templateOf(
  kind: ReceiptStatement['kind'],
  epoch: Envelope,
  note: Uint8Array,
): readonly Uint8Array[] {
  const proof = utf8Decode(encodeLogProof({ index: 0, hashes: [], checkpoint: note }))
  const receipt = encodeReceipt({ statement: { kind, digest: NO_DIGEST }, level: 0, epoch, proof })
  const [start, rest, ...again] = utf8Decode(receipt).split(toHex(NO_DIGEST))
  const [middle, end, ...more] = rest?.split(NO_PROOF) ?? []
  if (start === undefined || middle === undefined || end === undefined || again.length + more.length > 0) {
    throw new RangeError('a receipt has its digest and its proof once')
  }
  return [start, middle, end].map((part) => utf8Encode(part))
}

/** A text as it stands within a string of JSON. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}
