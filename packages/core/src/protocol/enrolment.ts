import { hexBytes, lineText, objectOf, refined, timeText, type JsonField } from './json-fields.ts'
import { nameText } from './authority-names.ts'
import { fingerprintText, recipientText, signerText } from './key-texts.ts'
import { malformed } from './protocol-error.ts'

/**
 * A client says which keys it has, under an invitation: docs/spec/authority-protocol.md, "Enrolment". Signed by the client's
 * signature key and by the invitation's, so each has seen what the other signed.
 */
export interface Enrolment {
  /** The fingerprint of the authority that it is meant for. */
  readonly identity: string
  readonly tenant: string
  /** The public key of the invitation, in text form. */
  readonly invitation: string
  /** The client's public signature key, in text form. */
  readonly signer: string
  /** The client's age recipient: what is recovered is wrapped for it. */
  readonly exchange: string
  /** What the client calls itself, for people. */
  readonly name: string
  /** 32 bytes that the authority encrypted for `exchange`: who knows them holds that key too. */
  readonly challenge: Uint8Array
  /** Milliseconds since 1970, full seconds. */
  readonly created: number
}

const MAX_NAME_BYTES = 128

/** An enrolment in JSON. */
export const ENROLMENT: JsonField<Enrolment> = refined(
  objectOf({
    identity: fingerprintText,
    tenant: nameText,
    invitation: signerText,
    signer: signerText,
    exchange: recipientText,
    name: lineText(MAX_NAME_BYTES),
    challenge: hexBytes(32),
    created: timeText,
  }),
  ({ invitation, signer: client }) => {
    // Two signatures of one key would be one consent.
    if (invitation === client) throw malformed('signer', 'the key of the invitation is no key of a client')
  },
)
