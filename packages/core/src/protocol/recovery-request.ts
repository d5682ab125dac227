import { nameText } from './authority-names.ts'
import { RECOVERY_CLASSES, type RecoveryClass } from './charter.ts'
import { EVIDENCE, oneOf, type Evidence } from './evidence.ts'
import {
  hexBytes,
  lineText,
  objectOf,
  orNull,
  refined,
  timeText,
  wholeNumber,
  type JsonField,
} from './json-fields.ts'
import { fingerprintText, hybridRecipientText, signerText } from './key-texts.ts'
import { malformed } from './protocol-error.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/** The class of a request; charters are changed by charters. */
export type RequestClass = Exclude<RecoveryClass, 'charter'>

const REQUEST_CLASSES = RECOVERY_CLASSES.filter((name): name is RequestClass => name !== 'charter')

/** Somebody asks for session keys: docs/spec/recovery.md, "Requests". What officers approve is the digest of all of it. */
export interface RecoveryRequest {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  /** The statement digest of the charter in force. */
  readonly charter: Uint8Array
  readonly class: RequestClass
  /** The id of the client that made the deposits: their owner. */
  readonly client: string
  readonly deposits: ListedDeposits
  /** The person of the charter who asks; null only in the class `self`. */
  readonly requester: string | null
  /** The requester's key, which signs too; null where there is none. Text form. */
  readonly by: string | null
  /** The age recipient for which everything is wrapped again; mlkem768x25519. */
  readonly recipient: string
  /** The signature key of the new container, in text form: nobody's in the charter. */
  readonly signer: string
  readonly evidence: readonly Evidence[]
  readonly reason: string
  /** A number in somebody's files. */
  readonly reference: string | null
  /** Milliseconds since 1970, full seconds. */
  readonly created: number
  readonly expires: number
  /** 32 random bytes: no two requests are one. */
  readonly nonce: Uint8Array
}

/** Which deposits: how many, and `depositListDigest` of their ids. */
export interface ListedDeposits {
  readonly count: number
  readonly digest: Uint8Array
}

/** A request in JSON. */
export const REQUEST: JsonField<RecoveryRequest> = refined(
  objectOf({
    identity: fingerprintText,
    tenant: nameText,
    charter: hexBytes(32),
    class: oneOf(REQUEST_CLASSES),
    client: nameText,
    deposits: objectOf({ count: wholeNumber(1, RECOVERY_LIMITS.deposits), digest: hexBytes(32) }),
    requester: orNull(nameText),
    by: orNull(signerText),
    recipient: hybridRecipientText,
    signer: signerText,
    evidence: EVIDENCE,
    reason: lineText(RECOVERY_LIMITS.reasonBytes),
    reference: orNull(lineText(RECOVERY_LIMITS.referenceBytes)),
    created: timeText,
    expires: timeText,
    nonce: hexBytes(32),
  }),
  checkRequest,
)

/** Who signs a request: the new container, the requester if there is one, and each piece of evidence. */
export function requestSigners({ signer, by, evidence }: RecoveryRequest): readonly string[] {
  return [signer, ...(by === null ? [] : [by]), ...evidence.map(({ key }) => key)]
}

function checkRequest(request: RecoveryRequest): void {
  if (request.expires <= request.created) throw malformed('expires', 'expected a time after created')
  if ((request.requester === null) !== (request.by === null)) {
    throw malformed('by', 'a requester and their key come together')
  }
  // In every other class a request without a name could be approved by whoever made it.
  if (request.requester === null && request.class !== 'self') {
    throw malformed('requester', `a request of the class ${request.class} needs one`)
  }
  const signers = requestSigners(request)
  // Two signatures of one key would be one consent.
  if (new Set(signers).size < signers.length) throw malformed('evidence', 'one key signs twice')
}
