import { equalBytes } from '../bytes/index.ts'
import { ACTS } from './acts.ts'
import { clientIdOf } from './authority-names.ts'
import type { Envelope } from './dsse.ts'
import type { Enrolment } from './enrolment.ts'
import { ProtocolError } from './protocol-error.ts'
import { fingerprintOf, parseFingerprint, type VerifyMeans } from './signer-text.ts'
import { openStatement, type VerifiedStatement } from './statement.ts'

/** An enrolment that is what it says: both keys signed it, for this authority. */
export interface VerifiedEnrolment {
  readonly statement: VerifiedStatement<Enrolment>
  /** `clientIdOf` its tenant and signer. */
  readonly clientId: string
  /** The fingerprint of the client's signer. */
  readonly fingerprint: string
}

/**
 * Verifies an enrolment: docs/spec/authority-protocol.md, "Enrolment", steps 1 to 3. That the invitation is open and of that tenant,
 * and the challenge the one that was given, is for the authority to know.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE, PROTOCOL_BINDING if it was made for another authority
 */
export function verifyEnrolment(
  envelope: Envelope,
  { identity, ...means }: VerifyMeans & { readonly identity: string },
): VerifiedEnrolment {
  const statement = openStatement(ACTS.enrolment, envelope, means)
  const { tenant, signer } = statement.payload
  const own = identity.startsWith('SHA256:') ? identity : fingerprintOf(means.sha256, identity)
  if (!equalBytes(parseFingerprint(statement.payload.identity), parseFingerprint(own))) {
    throw new ProtocolError('PROTOCOL_BINDING', 'the enrolment was made for another authority')
  }
  return {
    statement,
    clientId: clientIdOf(means.sha256, tenant, signer),
    fingerprint: fingerprintOf(means.sha256, signer),
  }
}
