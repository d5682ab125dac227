import {
  base64Bytes,
  checkedText,
  wholeNumber,
  hexBytes,
  lineText,
  listOf,
  orNull,
  objectOf,
  refined,
  timeText,
} from './json-fields.ts'
import type { JsonField } from './json-fields.ts'
import { hybridRecipientText, signerText } from './key-texts.ts'
import { malformed } from './protocol-error.ts'

/**
 * What the identity key of an authority says about one period: which keys are used in it. docs/spec/authority-protocol.md,
 * "Epoch records".
 */
export interface Epoch {
  /** The authority's name for people. */
  readonly authority: string
  /** The identity key that signs, in text form: the same in all epochs. */
  readonly identity: string
  /** 1 for the first, one more for each that follows. */
  readonly number: number
  /** The age recipient that deposits are made for; mlkem768x25519. */
  readonly exchange: string
  /** An RSA key for CryptoAPI clients: DER of SubjectPublicKeyInfo. */
  readonly rsa: Uint8Array | null
  /** Whose statements count as the custodian's: a signer in text form, another key than `identity`. */
  readonly custodian: string
  readonly log: EpochLog
  /** SHA-256 of the policy document. */
  readonly policy: Uint8Array
  /** Milliseconds since 1970, as `notAfter`: full seconds. */
  readonly notBefore: number
  readonly notAfter: number
  /** The statement digest of the epoch before; null in the first. */
  readonly previous: Uint8Array | null
}

/** The log that the statements of the epoch go to. */
export interface EpochLog {
  /** `<host or name>/strongroom/<first 16 hexadecimal digits of the identity's key id>` */
  readonly origin: string
  /** Two C2SP verifier keys (`vkey`) of the origin's name: Ed25519 (type 0x01) and ML-DSA-44 (0x06). Both sign each checkpoint. */
  readonly keys: readonly string[]
}

const MAX_NUMBER = 0xffffffff
const MAX_NAME_BYTES = 128
const MAX_ORIGIN_CHARACTERS = 255
const LOG_KEYS = 2
const MAX_LOG_KEY_CHARACTERS = 4_096
const MAX_RSA_BYTES = 2_200 // a modulus of 16,384 bits

/** Without what C2SP signed-note forbids in a key name: white space and plus signs. */
const ORIGIN = /^[\x21-\x2a\x2c-\x7e]+\/strongroom\/[0-9a-f]{16}$/
const LOG_KEY = /^[\x21-\x2a\x2c-\x7e]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}$/

const LOG: JsonField<EpochLog> = objectOf({
  origin: checkedText(MAX_ORIGIN_CHARACTERS, matching(ORIGIN, 'the origin of a log of strongroom')),
  keys: listOf(checkedText(MAX_LOG_KEY_CHARACTERS, matching(LOG_KEY, 'a verifier key')), LOG_KEYS, LOG_KEYS),
})

/** An epoch record in JSON. */
export const EPOCH: JsonField<Epoch> = refined(
  objectOf({
    authority: lineText(MAX_NAME_BYTES),
    identity: signerText,
    number: wholeNumber(1, MAX_NUMBER),
    exchange: hybridRecipientText,
    rsa: orNull(base64Bytes(MAX_RSA_BYTES)),
    custodian: signerText,
    log: LOG,
    policy: hexBytes(32),
    notBefore: timeText,
    notAfter: timeText,
    previous: orNull(hexBytes(32)),
  }),
  checkEpoch,
)

function checkEpoch(epoch: Epoch): void {
  // The identity key is offline. A custodian that held it could name its own successors.
  if (epoch.custodian === epoch.identity) throw malformed('custodian', 'the identity key is no custodian')
  if (epoch.notAfter <= epoch.notBefore) throw malformed('notAfter', 'expected a time after notBefore')
  if ((epoch.number === 1) !== (epoch.previous === null)) {
    throw malformed('previous', `epoch ${epoch.number} does not fit its predecessor`)
  }
}

function matching(pattern: RegExp, what: string): (text: string, path: string) => void {
  return (text, path) => {
    if (!pattern.test(text)) throw malformed(path, `expected ${what}`)
  }
}
