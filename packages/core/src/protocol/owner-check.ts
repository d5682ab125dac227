import { equalBytes } from '../bytes/index.ts'
import { ACTS } from './acts.ts'
import { clientIdOf } from './authority-names.ts'
import type { Release } from './custodian-statements.ts'
import type { Envelope } from './dsse.ts'
import { verifyEnrolment } from './enrolment-check.ts'
import type { AuthorityTrust, EpochChain } from './epoch-chain.ts'
import { ProtocolError } from './protocol-error.ts'
import { fingerprintOf } from './signer-text.ts'
import { openStatement, statementDigest, type VerifiedStatement } from './statement.ts'

/** A client, as statements show it: that it was let in, and by which key it signs. */
export interface VerifiedOwner {
  /** `clientIdOf` its tenant and signer. */
  readonly clientId: string
  readonly tenant: string
  /** In text form. */
  readonly signer: string
  readonly fingerprint: string
  /** The name that it enrolled with; null of one that a release let in. */
  readonly name: string | null
  /** The release that let it in; null of one that enrolled. */
  readonly release: VerifiedStatement<Release> | null
}

/**
 * Verifies what shows whose deposits they are: docs/spec/recovery.md, "Owners". An enrolment, or a request of the class `self` and behind it
 * its release. Where they stand in the log, and whose epoch it was there, is for the caller to check.
 *
 * @throws ProtocolError as `verifyEnrolment`; PROTOCOL_BINDING for statements that do not belong together, or of no custodian of `epochs`
 */
export function verifyOwner(
  envelopes: readonly Envelope[],
  { epochs, ...trust }: AuthorityTrust & { readonly epochs: EpochChain },
): VerifiedOwner {
  const [first, second, ...others] = envelopes
  if (!first || others.length > 0) throw unbound(`expected one or two statements, got ${envelopes.length}`)
  if (second) return releasedOwner(first, second, trust, epochs)
  const { statement, clientId, fingerprint } = verifyEnrolment(first, trust)
  const { tenant, signer, name } = statement.payload
  return { clientId, tenant, signer, fingerprint, name, release: null }
}

function releasedOwner(
  first: Envelope,
  second: Envelope,
  trust: AuthorityTrust,
  epochs: EpochChain,
): VerifiedOwner {
  const { sha256 } = trust
  const { payload: request } = openStatement(ACTS.request, first, trust)
  const release = openStatement(ACTS.release, second, trust)
  const { subject, kind, identity, tenant, custodian } = release.payload
  const own = trust.identity.startsWith('SHA256:') ? trust.identity : fingerprintOf(sha256, trust.identity)
  const bound =
    kind === 'request' &&
    equalBytes(subject, statementDigest(sha256, first)) &&
    [request.identity, identity].every((named) => named === own) &&
    request.tenant === tenant
  if (!bound) throw unbound('the release is of another request, tenant or authority')
  if (request.class !== 'self') throw unbound(`a request of the class ${request.class} makes nobody a client`)
  if (!epochs.epochs.some(({ payload }) => payload.custodian === custodian)) {
    throw unbound('the release is of no custodian of this authority')
  }
  const { signer } = request
  const clientId = clientIdOf(sha256, tenant, signer)
  return { clientId, tenant, signer, fingerprint: fingerprintOf(sha256, signer), name: null, release }
}

/** Takes a list apart into what shows one client each: a release belongs to the request before it. */
export function splitOwners(envelopes: readonly Envelope[]): Envelope[][] {
  const owners: Envelope[][] = []
  for (const envelope of envelopes) {
    const last = owners.at(-1)
    if (last && envelope.payloadType === ACTS.release.payloadType) last.push(envelope)
    else owners.push([envelope])
  }
  return owners
}

function unbound(message: string): ProtocolError {
  return new ProtocolError('PROTOCOL_BINDING', message)
}
