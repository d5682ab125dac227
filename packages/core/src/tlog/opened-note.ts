import { utf8Encode } from '../bytes/index.ts'
import type { NoteSigner, NoteVerifier } from './note-keys.ts'
import { encodeNote, keyLabel, parseNote, type NoteSignature } from './signed-note.ts'
import { TlogError } from './tlog-error.ts'

/** A note with at least one valid signature of a known key. */
export interface OpenedNote {
  /** The text with its last line feed. */
  readonly text: string
  /** One valid signature for each known key that signed, in the order of the note. */
  readonly verified: readonly NoteSignature[]
  /** Signatures of keys that are not known: they say nothing. */
  readonly unknown: readonly NoteSignature[]
}

/**
 * Verifies a signed note. C2SP signed-note, "Signatures".
 *
 * A signature whose name and key hash are those of a known key must be valid, each of them if there are several. Others
 * are ignored.
 *
 * @throws TlogError TLOG_NOTE, TLOG_LIMIT, TLOG_SIGNATURE, TLOG_UNSIGNED if no known key signed, TLOG_KEY if two
 *   verifiers have the same name and hash
 */
export function openNote(note: Uint8Array, verifiers: readonly NoteVerifier[]): OpenedNote {
  const parsed = parseNote(note)
  const { verified, unknown } = verifySignatures(parsed.textBytes, parsed.signatures, verifiers)
  if (verified.length === 0) throw new TlogError('TLOG_UNSIGNED', 'the note is signed by no known key')
  return { text: parsed.text, verified, unknown }
}

/** Sorts signatures into valid and unknown ones. @throws TlogError TLOG_SIGNATURE, TLOG_KEY */
export function verifySignatures(
  text: Uint8Array,
  signatures: readonly NoteSignature[],
  verifiers: readonly NoteVerifier[],
): { readonly verified: readonly NoteSignature[]; readonly unknown: readonly NoteSignature[] } {
  const known = byLabel(verifiers)
  // One a key: who counts signatures must not count a key twice.
  const verified = new Map<string, NoteSignature>()
  const unknown: NoteSignature[] = []
  for (const signature of signatures) {
    const key = keyLabel(signature)
    const verifier = known.get(key)
    if (verifier === undefined) unknown.push(signature)
    else if (!verifier.verify(text, signature.signature)) {
      throw new TlogError('TLOG_SIGNATURE', 'a signature of a known key is not valid', { key })
    } else if (!verified.has(key)) verified.set(key, signature)
  }
  return { verified: [...verified.values()], unknown }
}

function byLabel(verifiers: readonly NoteVerifier[]): Map<string, NoteVerifier> {
  const known = new Map(verifiers.map((verifier) => [keyLabel(verifier), verifier]))
  if (known.size !== verifiers.length) {
    throw new TlogError('TLOG_KEY', 'two of the keys have the same name and hash')
  }
  return known
}

/**
 * Signs a text as a note.
 *
 * @param text ends with a line feed
 * @param signers each signs once; at least one
 * @throws TlogError TLOG_NOTE, TLOG_LIMIT, and what a signer throws
 */
export function signNote(text: string, signers: readonly NoteSigner[]): Uint8Array {
  return encodeNote(text, signaturesOf(text, signers))
}

/** What the signers say about a text, to be added to a note. @throws what a signer throws */
export function signaturesOf(text: string, signers: readonly NoteSigner[]): NoteSignature[] {
  const message = utf8Encode(text)
  return signers.map((signer) => ({
    name: signer.name,
    keyHash: signer.keyHash,
    signature: signer.sign(message),
  }))
}

/**
 * The note with further signatures behind those it has; one of a key that signed before takes the place of the old.
 *
 * @throws TlogError TLOG_NOTE, TLOG_LIMIT
 */
export function addSignatures(note: Uint8Array, added: readonly NoteSignature[]): Uint8Array {
  const { text, signatures } = parseNote(note)
  const labels = new Set(added.map(keyLabel))
  return encodeNote(text, [...signatures.filter((old) => !labels.has(keyLabel(old))), ...added])
}
