import { ENTRY_KINDS, type EntryKindName } from '../tlog/index.ts'
import type { JsonField } from './json-fields.ts'
import { malformed } from './protocol-error.ts'

/** The name of a kind of statements, in JSON. */
export const entryKindText: JsonField<EntryKindName> = {
  read(value, path) {
    const kinds = Object.keys(ENTRY_KINDS) as EntryKindName[]
    const kind = kinds.find((candidate) => candidate === value)
    if (kind === undefined) throw malformed(path, `expected one of ${kinds.join(', ')}`)
    return kind
  },
  write: (value) => value,
}
