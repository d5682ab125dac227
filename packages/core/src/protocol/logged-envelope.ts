import type { LoggedEnvelope } from './charter-chain.ts'
import { ENVELOPE } from './dsse.ts'
import { objectOf, wholeNumber, type JsonField } from './json-fields.ts'

/** The index of a leaf in JSON. */
export const leafIndex: JsonField<number> = wholeNumber(0, Number.MAX_SAFE_INTEGER)

/** Milliseconds since 1970 in JSON, as a number. */
export const momentNumber: JsonField<number> = wholeNumber(0, 8.64e15)

/** An envelope and where the authority says that it stands, in JSON: `{"index": …, "envelope": …}`. */
export const LOGGED_ENVELOPE: JsonField<LoggedEnvelope> = objectOf({ index: leafIndex, envelope: ENVELOPE })
