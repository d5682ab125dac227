import { utf8Encode } from '../bytes/index.ts'
import { isContainerName } from '../container/index.ts'
import {
  checkedText,
  checkName,
  checkUrl,
  encodeJson,
  ENVELOPE,
  exactly,
  LIMITS,
  listOf,
  objectOf,
  orNull,
  parseFingerprint,
  parseJson,
  parseSignerText,
  ProtocolError,
  verifyEpochs,
  wholeNumber,
  type AuthorityTrust,
  type Envelope,
  type EpochChain,
  type JsonField,
} from '../protocol/index.ts'
import { MAX_NOTE_BYTES } from '../tlog/index.ts'
import { verifyHead } from './log-head.ts'
import { nodeMeans } from './node-verify.ts'

/** What a client keeps about an authority that it enrolled with. */
export interface Enrolled {
  /** What the client calls it: 1 to 64 of `a-z`, `0-9` and `-`. */
  readonly name: string
  readonly url: string
  /** Certificates to trust instead of the platform's, in PEM. */
  readonly ca: string | null
  readonly tenant: string
  readonly clientId: string
  /** The client's signature key, in text form. */
  readonly signer: string
  /** The fingerprint of the authority's identity key. */
  readonly identity: string
  /** The key container that was enrolled. */
  readonly container: string
}

/** The same with what was learnt since. Only this module makes one from a file: its epochs and checkpoint are verified. */
export interface AuthorityState extends Enrolled {
  readonly epochs: EpochChain
  /** The signed note up to which the log was followed; null before the first time. */
  readonly checkpoint: string | null
  /** The leaf of the last statement about the client that was looked at; null before the first. */
  readonly followed: number | null
}

interface StateMembers extends Enrolled {
  readonly strongroom: 'authority-state'
  readonly version: 1
  readonly epochs: readonly Envelope[]
  readonly checkpoint: string | null
  readonly followed: number | null
}

const MAX_CERTIFICATES = 262_144
/** All that the protocol allows an authority to have. */
export const MAX_STATE_BYTES = LIMITS.authorityBytes + MAX_NOTE_BYTES + 2 * MAX_CERTIFICATES
const any = () => undefined

const STATE: JsonField<StateMembers> = objectOf({
  strongroom: exactly('authority-state'),
  version: exactly(1),
  name: checkedText(64, checkName),
  url: checkedText(512, checkUrl),
  ca: orNull(checkedText(MAX_CERTIFICATES, any)),
  tenant: checkedText(64, checkName),
  clientId: checkedText(64, checkName),
  signer: checkedText(4_096, parseSignerText),
  identity: checkedText(64, parseFingerprint),
  container: checkedText(128, checkContainer),
  epochs: listOf(ENVELOPE, 1, LIMITS.epochs),
  checkpoint: orNull(checkedText(MAX_NOTE_BYTES, any)),
  followed: orNull(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
})

/** The one encoding of a state. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeState(state: AuthorityState): Uint8Array {
  const epochs = state.epochs.epochs.map(({ envelope }) => envelope)
  return encodeJson(STATE, { ...state, strongroom: 'authority-state', version: 1, epochs }, MAX_STATE_BYTES)
}

/**
 * Reads what `encodeState` writes, and verifies epochs and checkpoint under the identity that stands in it.
 *
 * @throws ProtocolError, TlogError as `verifyEpochs` and `verifyHead` do
 */
export function parseState(bytes: Uint8Array): AuthorityState {
  const { strongroom, version, ...members } = parseJson(STATE, bytes, MAX_STATE_BYTES)
  void [strongroom, version]
  const epochs = verifyEpochs(members.epochs, trustIn(members.identity))
  if (members.checkpoint !== null) verifyHead(utf8Encode(members.checkpoint), epochs)
  return { ...members, epochs }
}

/** Trust in the authority of that identity, with Node's cryptography. */
export function trustIn(identity: string): AuthorityTrust {
  return { ...nodeMeans, identity }
}

function checkContainer(text: string, path: string): void {
  if (!isContainerName(text))
    throw new ProtocolError('PROTOCOL_FORMAT', `${path}: not the name of a container`)
}
