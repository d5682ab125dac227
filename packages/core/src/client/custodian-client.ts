import { toHex } from '../bytes/index.ts'
import {
  checkName,
  encodeCustodianQuery,
  encodeEnvelope,
  encodeProbeAnswerSubmission,
  encodeRewrapSubmission,
  encodeVerificationSubmission,
  LIMITS,
  MEDIA_TYPES,
  parseCharterPage,
  parseCustodianDeposits,
  parseCustodianWork,
  parseProbeFile,
  parseReceipt,
  RECOVERY_LIMITS,
  type CharterPage,
  type CustodianDeposits,
  type CustodianQuery,
  type CustodianWork,
  type Envelope,
  type ProbeAnswerSubmission,
  type ProbeFile,
  type Receipt,
  type RewrapSubmission,
  type VerificationSubmission,
} from '../protocol/index.ts'
import { AuthorityClient, withQuery } from './authority-client.ts'

/**
 * Asks an authority as its custodian: docs/spec/recovery.md, "Requests and answers". Nothing is verified here; a bundle least of all.
 *
 * @throws ClientError as `AuthorityClient`
 */
export class CustodianClient extends AuthorityClient {
  async work(): Promise<CustodianWork> {
    return this.ask({ ...page('/v1/custodian/work'), parse: parseCustodianWork })
  }

  /** The bundle of a subject. @param seen how many leaves were read so far: its entries begin there, or earlier */
  async bundle(subject: Uint8Array, seen: number): Promise<Uint8Array> {
    return this.ask({
      path: withQuery(`/v1/requests/${toHex(subject)}/bundle`, `seen=${seen}`),
      signed: true,
      type: MEDIA_TYPES.bundle,
      maxBytes: RECOVERY_LIMITS.bundleBytes,
      parse: (bytes) => bytes,
    })
  }

  /** The charters of a tenant, and the terms. */
  async chartersOf(tenant: string): Promise<CharterPage> {
    const path = `/v1/charter?tenant=${checkName(tenant, 'tenant')}`
    return this.ask({ ...page(path), parse: parseCharterPage })
  }

  /** Sends a release. The same bytes again get a receipt again. */
  async sendRelease(release: Envelope): Promise<Receipt> {
    return this.ask(statement('/v1/releases', release))
  }

  /** Sends the key blobs of a release that is logged, as `encodeKeyBlobs` has them. */
  async sendKeyBlobs(subject: Uint8Array, blobs: Uint8Array): Promise<Receipt> {
    return this.ask({
      path: `/v1/requests/${toHex(subject)}/release`,
      method: 'PUT',
      signed: true,
      body: { type: MEDIA_TYPES.keyBlobs, bytes: blobs },
      ...RECEIPT,
    })
  }

  async deposits(query: CustodianQuery): Promise<CustodianDeposits> {
    const path = withQuery('/v1/custodian/deposits', encodeCustodianQuery(query))
    return this.ask({ ...page(path), parse: parseCustodianDeposits })
  }

  async sendVerification(submission: VerificationSubmission): Promise<Receipt> {
    const bytes = encodeVerificationSubmission(submission)
    return this.ask({ path: '/v1/verifications', body: { type: MEDIA_TYPES.json, bytes }, ...RECEIPT })
  }

  /** A probe with what it is answered by. @param digest of its statement, 32 bytes */
  async probe(digest: Uint8Array): Promise<ProbeFile> {
    return this.ask({ ...page(`/v1/custodian/probes/${toHex(digest)}`), parse: parseProbeFile })
  }

  async sendProbeAnswer(submission: ProbeAnswerSubmission): Promise<Receipt> {
    const bytes = encodeProbeAnswerSubmission(submission)
    return this.ask({ path: '/v1/probes/answers', body: { type: MEDIA_TYPES.json, bytes }, ...RECEIPT })
  }

  async sendRewrap(submission: RewrapSubmission): Promise<Receipt> {
    const bytes = encodeRewrapSubmission(submission)
    return this.ask({ path: '/v1/rewraps', body: { type: MEDIA_TYPES.json, bytes }, ...RECEIPT })
  }

  async sendCompletion(completion: Envelope): Promise<Receipt> {
    return this.ask(statement('/v1/completions', completion))
  }
}

const RECEIPT = { type: MEDIA_TYPES.receipt, maxBytes: LIMITS.receiptBytes, parse: parseReceipt } as const

const page = (path: string) =>
  ({ path, signed: true, type: MEDIA_TYPES.json, maxBytes: LIMITS.pageBytes }) as const

const statement = (path: string, envelope: Envelope) =>
  ({ path, body: { type: MEDIA_TYPES.envelope, bytes: encodeEnvelope(envelope) }, ...RECEIPT }) as const
