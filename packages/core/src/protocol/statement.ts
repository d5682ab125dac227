import { copyOf } from '../bytes/index.ts'
import type { Sha256 } from '../merkle/index.ts'
import { ENTRY_KINDS, type LogEntry } from '../tlog/index.ts'
import type { Act } from './acts.ts'
import { encodeJson, parseJson } from './canonical-json.ts'
import { pae, type Envelope, type EnvelopeSignature } from './dsse.ts'
import { LIMITS } from './limits.ts'
import { malformed, ProtocolError, quote } from './protocol-error.ts'
import { fingerprintOf, type MessageSigner, type VerifyMeans } from './signer-text.ts'

// Held by this module alone: nobody else can make a VerifiedStatement.
const MADE_BY_VERIFICATION = Symbol('verified')

/**
 * A statement whose signatures are valid. Only this module makes one: to hold it is the proof.
 *
 * The keys are those that the payload names. That they are the right ones is for `verifyEpochs` and `verifyEnrolment` to say.
 */
export class VerifiedStatement<T> {
  readonly act: Act<T>
  readonly payload: T
  /** SHA-256 of what was signed: 32 bytes, the same whoever signed. */
  readonly digest: Uint8Array
  readonly envelope: Envelope

  constructor(
    token: typeof MADE_BY_VERIFICATION,
    act: Act<T>,
    payload: T,
    by: { digest: Uint8Array; envelope: Envelope },
  ) {
    if (token !== MADE_BY_VERIFICATION) throw new TypeError('a statement is verified by openStatement alone')
    this.act = act
    this.payload = payload
    this.digest = by.digest
    this.envelope = by.envelope
  }

  /** How it stands in the log. */
  get entry(): LogEntry {
    return { kind: ENTRY_KINDS[this.act.entryKind], digest: this.digest }
  }
}

/** The statement digest of an envelope: SHA-256 of its `pae`, 32 bytes. Nothing is verified. */
export function statementDigest(sha256: Sha256, envelope: Envelope): Uint8Array {
  return sha256(pae(envelope.payloadType, envelope.payload))
}

/**
 * Signs an act.
 *
 * @param signers the pairs of the keys that the payload names, in the order of the act
 * @throws ProtocolError PROTOCOL_FORMAT or PROTOCOL_LIMIT for a payload that could not be read back, PROTOCOL_SIGNATURE for
 *   other signers
 */
export function signStatement<T>(
  sha256: Sha256,
  act: Act<T>,
  payload: T,
  signers: readonly MessageSigner[],
): Envelope {
  const bytes = encodeJson(act.payload, payload, LIMITS.payloadBytes)
  const message = pae(act.payloadType, bytes)
  const wanted = act.signersOf(payload)
  if (signers.length !== wanted.length || signers.some(({ signer }, i) => signer !== wanted[i])) {
    throw new ProtocolError('PROTOCOL_SIGNATURE', `${act.name}: not the signers that the statement names`)
  }
  const signatures = signers.map(({ signer, sign }) => ({
    keyid: fingerprintOf(sha256, signer),
    sig: sign(message),
  }))
  return { payload: bytes, payloadType: act.payloadType, signatures }
}

/**
 * Verifies a statement under the keys that it names itself.
 *
 * DSSE has the payload parsed last. Here the keys stand in the payload, so it is parsed, strictly and within limits, before
 * they are used, and nothing of it leaves before all signatures are valid.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE
 */
export function openStatement<T>(act: Act<T>, envelope: Envelope, means: VerifyMeans): VerifiedStatement<T> {
  if (envelope.payloadType !== act.payloadType) {
    throw malformed(act.name, `a statement of another type, ${quote(envelope.payloadType)}`)
  }
  const payload = parseJson(act.payload, envelope.payload, LIMITS.payloadBytes)
  const signers = act.signersOf(payload)
  if (envelope.signatures.length !== signers.length) {
    const [wanted, got] = [signers.length, envelope.signatures.length]
    throw malformed(act.name, `expected ${wanted} signatures, got ${got}`)
  }
  const message = pae(envelope.payloadType, envelope.payload)
  for (const [i, signature] of envelope.signatures.entries()) {
    checkSignature(act.name, signers[i] ?? '', signature, message, means)
  }
  return new VerifiedStatement(MADE_BY_VERIFICATION, act, payload, {
    digest: means.sha256(message),
    envelope: ownEnvelope(envelope),
  })
}

/** What was verified stays what it is when the caller's buffers change. */
function ownEnvelope({ payload, payloadType, signatures }: Envelope): Envelope {
  return {
    payload: copyOf(payload),
    payloadType,
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: copyOf(sig) })),
  }
}

function checkSignature(
  what: string,
  signer: string,
  { keyid, sig }: EnvelopeSignature,
  message: Uint8Array,
  { sha256, verify }: VerifyMeans,
): void {
  // The key id proves nothing; but a second one would be a second encoding of the same envelope.
  if (keyid !== fingerprintOf(sha256, signer)) {
    throw new ProtocolError('PROTOCOL_SIGNATURE', `${what}: signed by another key than the statement names`)
  }
  if (!verify(signer, message, sig)) {
    throw new ProtocolError('PROTOCOL_SIGNATURE', `${what}: the signature of ${keyid} is not valid`)
  }
}
