import { bech32Decode } from '../bytes/index.ts'
import { checkedText, type JsonField } from './json-fields.ts'
import { malformed, readAs } from './protocol-error.ts'
import { MAX_SIGNER_CHARACTERS, parseFingerprint, parseSignerText } from './signer-text.ts'

/** Kinds of age recipients by their human-readable part; lengths of the keys in bytes. C2SP age.md. */
const RECIPIENTS = [
  { kind: 'mlkem768x25519', hrp: 'age1pq', length: 1216 },
  { kind: 'x25519', hrp: 'age', length: 32 },
] as const

/** The algorithm of an age recipient. */
export type RecipientKind = (typeof RECIPIENTS)[number]['kind']

const MAX_RECIPIENT_CHARACTERS = 2_048

/**
 * The kind of an age recipient. Its form is checked, not whether the bytes are a key of the algorithm: who wraps for it finds out.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for anything else than `age1pq1…` and `age1…` in lower case
 */
export function recipientKindOf(text: string, path = 'recipient'): RecipientKind {
  const { hrp, bytes } = readAs(path, () => bech32Decode(text))
  const row = RECIPIENTS.find((candidate) => candidate.hrp === hrp)
  if (!row) throw malformed(path, 'expected an age recipient')
  if (bytes.length !== row.length) {
    throw malformed(path, `expected a ${row.kind} key of ${row.length} bytes, got ${bytes.length}`)
  }
  return row.kind
}

/** An age recipient of any kind, in JSON. */
export const recipientText: JsonField<string> = checkedText(MAX_RECIPIENT_CHARACTERS, recipientKindOf)

/** The recipient of an epoch: post-quantum, always. */
export const hybridRecipientText: JsonField<string> = checkedText(MAX_RECIPIENT_CHARACTERS, (text, path) => {
  const kind = recipientKindOf(text, path)
  if (kind !== 'mlkem768x25519') throw malformed(path, `expected a key of mlkem768x25519, got one of ${kind}`)
})

/** A public signature key in JSON. */
export const signerText: JsonField<string> = checkedText(MAX_SIGNER_CHARACTERS, parseSignerText)

/** The fingerprint of one in JSON. */
export const fingerprintText: JsonField<string> = checkedText(64, parseFingerprint)
