import { nameText } from './authority-names.ts'
import {
  checkedText,
  hexBytes,
  lineText,
  listOf,
  objectOf,
  orNull,
  refined,
  timeText,
  type JsonField,
} from './json-fields.ts'
import { fingerprintText, signerText } from './key-texts.ts'
import { malformed } from './protocol-error.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'
import { parseSignerText } from './signer-text.ts'

/** A client names its recovery codes: docs/spec/recovery.md, "Recovery codes". They replace all that it named before. */
export interface RecoveryCodes {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  /** The id of the client. */
  readonly client: string
  /** The client's signer in text form, which signs. */
  readonly signer: string
  /** The public keys of the codes: Ed25519, text form. */
  readonly codes: readonly string[]
  /** The statement digest of the codes that these replace; null for the first. */
  readonly previous: Uint8Array | null
  /** Milliseconds since 1970, full seconds. */
  readonly created: number
}

/** An officer vouches for somebody who has no code, and hands them one: docs/spec/recovery.md, "Vetting". */
export interface Vetting {
  readonly identity: string
  readonly tenant: string
  /** The client whose deposits may be asked for. */
  readonly client: string
  /** The id of the officer in the charter. */
  readonly person: string
  /** The officer's key in text form, which signs. */
  readonly by: string
  /** The public key of the code: Ed25519, text form. Good for one request. */
  readonly code: string
  /** What the officer saw. */
  readonly evidence: string
  readonly created: number
  /** No request may be logged with it after that. */
  readonly expires: number
}

const CODE_SUITE = 1
const codeText: JsonField<string> = checkedText(64, (text, path) => {
  if (parseSignerText(text, path).suiteId !== CODE_SUITE) throw malformed(path, 'expected a key of ed25519')
})

/** Recovery codes in JSON. */
export const CODES: JsonField<RecoveryCodes> = refined(
  objectOf({
    identity: fingerprintText,
    tenant: nameText,
    client: nameText,
    signer: signerText,
    codes: listOf(codeText, 1, RECOVERY_LIMITS.codes),
    previous: orNull(hexBytes(32)),
    created: timeText,
  }),
  ({ codes, signer }) => {
    if (new Set(codes).size < codes.length) throw malformed('codes', 'one code twice')
    // Whoever has the client's key would have a code, which is for those who have it not.
    if (codes.includes(signer)) throw malformed('codes', 'the key of the client is no recovery code')
  },
)

/** A vetting in JSON. */
export const VETTING: JsonField<Vetting> = refined(
  objectOf({
    identity: fingerprintText,
    tenant: nameText,
    client: nameText,
    person: nameText,
    by: signerText,
    code: codeText,
    evidence: lineText(RECOVERY_LIMITS.reasonBytes),
    created: timeText,
    expires: timeText,
  }),
  ({ by, code, created, expires }) => {
    if (by === code) throw malformed('code', 'the key of the officer is no code')
    if (expires <= created) throw malformed('expires', 'expected a time after created')
  },
)
