import { equalBytes, wipe } from '../bytes/index.ts'
import { SigningKey, type KeyContainer } from '../container/index.ts'
import {
  clientIdOf,
  encodeReceipt,
  parseEnvelope,
  parseInvitation,
  ProtocolError,
  statementDigest,
  verifyEnrolment,
  verifyEpochs,
  verifyReceipt,
  type Envelope,
  type EpochChain,
  type Receipt,
} from '../protocol/index.ts'
import { AuthorityClient } from './authority-client.ts'
import { ClientError } from './client-error.ts'
import { signEnrolment, type Enrolling } from './enrolment-proof.ts'
import { nodeMeans, sha256, verifyRaw } from './node-verify.ts'
import type { Transport } from './transport.ts'

/** What an enrolment is made of. */
export interface NewEnrolment {
  /** The text that an administrator handed out: a secret until it is used. */
  readonly invitation: string
  /** What the client calls itself, for people: one line of at most 128 bytes. */
  readonly name: string
  /** Whose exchange and signature pair are enrolled: the active ones of its profile. */
  readonly container: KeyContainer
  /** Makes the way to the address in the invitation. */
  readonly connect: (url: string) => Transport
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** A client that an authority knows. */
export interface EnrolledClient {
  readonly tenant: string
  readonly clientId: string
  /** The fingerprint of the authority, from the invitation: what is pinned from now on. */
  readonly identity: string
  readonly url: string
  /** Its epochs, verified under that fingerprint. */
  readonly epochs: EpochChain
  /** The statement itself. */
  readonly enrolment: Envelope
  /** The authority's proof that the enrolment stands in its log, verified. */
  readonly receipt: Uint8Array
}

/**
 * Enrols a client under an invitation: docs/spec/authority-protocol.md, "Enrolment".
 *
 * Who answers is verified by the fingerprint in the invitation before anything is sent but the wish to know who answers. What is
 * returned must be kept before the authority is used. Whoever lost it, because the answer did not come or was not kept, enrols with the
 * same invitation and container again.
 *
 * @throws ProtocolError for a malformed invitation, AUTHORITY_IDENTITY and others if another authority answers, or one that cannot
 *   prove what it says
 * @throws ClientError as `AuthorityClient`; CLIENT_ANSWER for a challenge that is none
 */
export async function enrol({ invitation: text, connect, ...own }: NewEnrolment): Promise<EnrolledClient> {
  const invitation = parseInvitation(text)
  const invited = SigningKey.fromSecretBytes('ed25519', invitation.secret)
  wipe(invitation.secret)
  const transport = connect(invitation.url)
  try {
    return await enrolWith(transport, { ...own, invitation, invited })
  } finally {
    invited.wipe()
    transport.close()
  }
}

async function enrolWith(transport: Transport, who: Enrolling): Promise<EnrolledClient> {
  const { invitation, container, now } = who
  const { tenant, identity, url } = invitation
  const own = container.signingKey()
  const clientId = clientIdOf(sha256, tenant, own.signer.toString())
  const credentials = { clientId, sign: (message: Uint8Array) => own.sign(message) }
  const client = new AuthorityClient({ url, transport, credentials, now })
  const trust = { ...nodeMeans, identity }
  const before = verifyEpochs((await client.card()).epochs, trust)
  const { enrolment, receipt } = await becomeKnown(client, who)
  // An epoch may have begun meanwhile.
  const isNew = !before.epochs.some(({ digest }) =>
    equalBytes(digest, statementDigest(sha256, receipt.epoch)),
  )
  const epochs = isNew ? verifyEpochs((await client.card()).epochs, trust, before.known) : before
  return { tenant, clientId, identity, url, epochs, enrolment, receipt: proved(receipt, enrolment, epochs) }
}

/** Enrols, or finds that these keys were enrolled under this invitation and nobody was told. */
async function becomeKnown(
  client: AuthorityClient,
  who: Enrolling,
): Promise<{ readonly enrolment: Envelope; readonly receipt: Receipt }> {
  const exchange = who.container.recipient().toString()
  const challenge = await client.challenge({ invitation: who.invited.signer.toString(), exchange })
  const enrolment = signEnrolment(who, challenge)
  try {
    return { enrolment, receipt: await send(client, enrolment) }
  } catch (error) {
    if (!mayBeEnrolled(error)) throw error
    const again = await enrolledBefore(client, who).catch(() => undefined)
    if (!again) throw error
    return { enrolment: again, receipt: await send(client, again) }
  }
}

/** Sends a statement; if the answer does not come, once more, since the same bytes are the same enrolment. */
async function send(client: AuthorityClient, envelope: Envelope): Promise<Receipt> {
  try {
    return await client.enrol(envelope)
  } catch (error) {
    if (error instanceof ClientError && error.code === 'CLIENT_UNREACHABLE') return client.enrol(envelope)
    throw error
  }
}

/** Whether an enrolment may have been taken before, by a client that never saw the receipt. */
function mayBeEnrolled(error: unknown): boolean {
  const code = error instanceof ClientError ? error.problem?.code : undefined
  return code === 'enrolled' || code === 'invitation'
}

/** The enrolment of these very keys under this very invitation, if the authority has it already. */
async function enrolledBefore(
  client: AuthorityClient,
  { invitation, invited, container }: Enrolling,
): Promise<Envelope | undefined> {
  const { statements } = await client.statements()
  const found = statements.find(({ kind }) => kind === 'enrolment')
  if (!found) return undefined
  const envelope = parseEnvelope(found.bytes)
  const { payload } = verifyEnrolment(envelope, { ...nodeMeans, identity: invitation.identity }).statement
  const own = container.signingKey().signer.toString()
  return payload.signer === own && payload.invitation === invited.signer.toString() ? envelope : undefined
}

/** The receipt's bytes, if it proves this very enrolment under an epoch of the card. */
function proved(receipt: Receipt, envelope: Envelope, epochs: EpochChain): Uint8Array {
  const bytes = encodeReceipt(receipt)
  const statement = { kind: 'enrolment', digest: statementDigest(sha256, envelope) } as const
  const trust = { ...nodeMeans, verifyRaw, identity: epochs.identity, epochs, statement }
  try {
    verifyReceipt(bytes, trust)
    return bytes
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ClientError('CLIENT_ALARM', 'the authority cannot prove the enrolment that it took', { cause })
  }
}
