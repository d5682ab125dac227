import { listOf, objectOf, refined, type JsonField } from './json-fields.ts'
import { signerText } from './key-texts.ts'
import { malformed } from './protocol-error.ts'

/**
 * By what somebody who has lost everything shows who they are: docs/spec/recovery.md, "Evidence". In the order in which they are
 * written. Each is a key that signs the request, so that the custodian checks it by itself.
 */
export const EVIDENCE_KINDS = ['client-key', 'recovery-code', 'vetting'] as const

export type EvidenceKind = (typeof EVIDENCE_KINDS)[number]

/** Whether a key of that kind is good for one request alone. */
const ONCE: { readonly [K in EvidenceKind]: boolean } = {
  'client-key': false,
  'recovery-code': true,
  vetting: true,
}

/** One piece of evidence. */
export interface Evidence {
  readonly kind: EvidenceKind
  /** The public key in text form. It signs the request too. */
  readonly key: string
}

/** The pieces whose keys are spent by a release. */
export function spentByUse(evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.filter(({ kind }) => ONCE[kind])
}

/** Which evidence a charter asks for: at least `need` of these kinds. */
export interface EvidenceRule {
  readonly need: number
  readonly of: readonly EvidenceKind[]
}

/** A kind of evidence in JSON. */
export const evidenceKindText = oneOf(EVIDENCE_KINDS)

/** Kinds of evidence in JSON, each once, in their order. */
export const EVIDENCE_LIST: JsonField<readonly EvidenceKind[]> = ascending(
  listOf(evidenceKindText, 0, EVIDENCE_KINDS.length),
  (kind) => kind,
)

/** The evidence of a request in JSON: one of a kind, since a second of the same kind proves nothing more. */
export const EVIDENCE: JsonField<readonly Evidence[]> = ascending(
  listOf(objectOf({ kind: evidenceKindText, key: signerText }), 0, EVIDENCE_KINDS.length),
  ({ kind }) => kind,
)

/** One of a few texts. */
export function oneOf<const T extends string>(names: readonly T[]): JsonField<T> {
  return {
    read(value, path) {
      const found = names.find((name) => name === value)
      if (found === undefined) throw malformed(path, `expected one of ${names.join(', ')}`)
      return found
    },
    write: (value) => value,
  }
}

/** A list in ascending order, so that nothing is in it twice and there is one way to write it. */
export function ascending<T>(
  list: JsonField<readonly T[]>,
  keyOf: (member: T) => string,
): JsonField<readonly T[]> {
  return refined(list, (members, path) => {
    const keys = members.map(keyOf)
    const wrong = keys.findIndex((key, i) => i > 0 && key <= (keys[i - 1] ?? ''))
    if (wrong >= 0) throw malformed(`${path}[${wrong}]`, 'expected members in ascending order, each once')
  })
}
