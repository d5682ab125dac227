import { equalBytes, toHex } from '../bytes/index.ts'
import {
  CHALLENGE,
  checkName,
  encodeCharterProposal,
  encodeClientQuery,
  encodeDepositQuery,
  encodeEnvelope,
  encodeJson,
  encodeRequestSubmission,
  encodeSubjectQuery,
  keyNameOf,
  LIMITS,
  MEDIA_TYPES,
  parseCharterPage,
  parseClientPage,
  parseDepositPage,
  parseDeposits,
  parseJson,
  parseKeyBlobs,
  parseReceipt,
  parseSubjectFile,
  parseSubjectPage,
  RECIPIENT_CHALLENGE,
  RECOVERY_LIMITS,
  statementDigest,
  type Challenge,
  type CharterPage,
  type CharterProposal,
  type ClientPage,
  type ClientQuery,
  type DepositPage,
  type DepositQuery,
  type Envelope,
  type MessageSigner,
  type Receipt,
  type RecipientChallenge,
  type RequestSubmission,
  type SubjectFile,
  type SubjectPage,
  type SubjectQuery,
} from '../protocol/index.ts'
import { AuthorityClient, withQuery, type ClientCredentials } from './authority-client.ts'
import type { AuthorityWire } from './authority-wire.ts'
import { ClientError } from './client-error.ts'
import { sha256 } from './node-verify.ts'

/**
 * What recovery needs of an authority: `RecoveryClient` has it. Answers are parsed and limited in size, and not verified. Each call
 * throws ClientError CLIENT_UNREACHABLE, CLIENT_PROBLEM or CLIENT_ANSWER.
 */
export interface RecoveryWire extends Pick<AuthorityWire, 'card' | 'checkpoint' | 'tile'> {
  /** The deposits of a client, as its code or the people of its tenant find them. */
  readonly depositsOf: (client: string, query?: DepositQuery) => Promise<DepositPage>
  readonly charters: () => Promise<CharterPage>
  readonly clients: (query?: ClientQuery) => Promise<ClientPage>
  /** Sends codes, a vetting, or a verdict. The same bytes again get a receipt again. */
  readonly submit: (statement: Envelope) => Promise<Receipt>
  readonly recipientChallenge: (request: RecipientChallenge) => Promise<Challenge>
  /** Sends a request. The same bytes again get a receipt again. */
  readonly submitRequest: (submission: RequestSubmission) => Promise<Receipt>
  readonly subjects: (query?: SubjectQuery) => Promise<SubjectPage>
  /** @param digest of the statement, 32 bytes */
  readonly subject: (digest: Uint8Array) => Promise<SubjectFile>
  /**
   * A page of the deposits of a request that was released, in ascending order of their ids.
   *
   * @param from how many to pass over
   */
  readonly releasedDeposits: (digest: Uint8Array, from: number) => Promise<readonly Uint8Array[]>
  /** The release blobs, in ascending order of the ids of their deposits. */
  readonly releaseBlobs: (digest: Uint8Array) => Promise<readonly Uint8Array[]>
}

/** What a key signs requests with that is not a client's: of an officer, a code, a new container. */
export function keyCredentials({ signer, sign }: MessageSigner): ClientCredentials {
  return { clientId: keyNameOf(sha256, signer), sign }
}

/** Each key blob stands behind its length. */
const MOST_RELEASE_BYTES = RECOVERY_LIMITS.deposits * (RECOVERY_LIMITS.releaseBlobBytes + 4)

/**
 * Asks an authority about recovery: docs/spec/recovery.md, "Requests and answers". Nothing is verified here but that an answer is
 * about what was asked for.
 *
 * @throws ClientError as `AuthorityClient`
 */
export class RecoveryClient extends AuthorityClient implements RecoveryWire {
  async depositsOf(client: string, query: DepositQuery = {}): Promise<DepositPage> {
    const path = `/v1/clients/${checkName(client, 'client')}/deposits`
    return this.ask({ ...page(withQuery(path, encodeDepositQuery(query))), parse: parseDepositPage })
  }

  async charters(): Promise<CharterPage> {
    return this.ask({ ...page('/v1/charter'), parse: parseCharterPage })
  }

  async clients(query: ClientQuery = {}): Promise<ClientPage> {
    return this.ask({ ...page(withQuery('/v1/clients', encodeClientQuery(query))), parse: parseClientPage })
  }

  async submit(statement: Envelope): Promise<Receipt> {
    return this.ask({
      path: '/v1/statements',
      body: { type: MEDIA_TYPES.envelope, bytes: encodeEnvelope(statement) },
      ...RECEIPT,
    })
  }

  /** Proposes a charter, as one of its administrators. The same bytes again get a receipt again. */
  async propose(proposal: CharterProposal): Promise<Receipt> {
    const body = { type: MEDIA_TYPES.json, bytes: encodeCharterProposal(proposal) }
    return this.ask({ path: '/v1/statements', body, ...RECEIPT })
  }

  async recipientChallenge(request: RecipientChallenge): Promise<Challenge> {
    const bytes = encodeJson(RECIPIENT_CHALLENGE, request, LIMITS.jsonBytes)
    return this.ask({
      path: '/v1/requests/challenge',
      body: { type: MEDIA_TYPES.json, bytes },
      type: MEDIA_TYPES.json,
      maxBytes: LIMITS.jsonBytes,
      parse: (answer) => parseJson(CHALLENGE, answer, LIMITS.jsonBytes),
    })
  }

  async submitRequest(submission: RequestSubmission): Promise<Receipt> {
    const bytes = encodeRequestSubmission(submission)
    return this.ask({ path: '/v1/requests', body: { type: MEDIA_TYPES.json, bytes }, ...RECEIPT })
  }

  async subjects(query: SubjectQuery = {}): Promise<SubjectPage> {
    return this.ask({
      ...page(withQuery('/v1/requests', encodeSubjectQuery(query))),
      parse: parseSubjectPage,
    })
  }

  async subject(digest: Uint8Array): Promise<SubjectFile> {
    return this.ask({
      ...page(`/v1/requests/${toHex(digest)}`),
      parse(answer) {
        const file = parseSubjectFile(answer)
        if (equalBytes(statementDigest(sha256, file.statement), digest)) return file
        throw new ClientError('CLIENT_ANSWER', 'the answer is about another request than the one asked for')
      },
    })
  }

  async releasedDeposits(digest: Uint8Array, from: number): Promise<readonly Uint8Array[]> {
    return this.ask({
      path: `/v1/requests/${toHex(digest)}/deposits?from=${from}`,
      signed: true,
      type: MEDIA_TYPES.deposits,
      maxBytes: LIMITS.pageBytes,
      parse: parseDeposits,
    })
  }

  async releaseBlobs(digest: Uint8Array): Promise<readonly Uint8Array[]> {
    return this.ask({
      path: `/v1/requests/${toHex(digest)}/release`,
      signed: true,
      type: MEDIA_TYPES.keyBlobs,
      maxBytes: MOST_RELEASE_BYTES,
      parse: parseKeyBlobs,
    })
  }
}

const RECEIPT = { type: MEDIA_TYPES.receipt, maxBytes: LIMITS.receiptBytes, parse: parseReceipt } as const

const page = (path: string) =>
  ({ path, signed: true, type: MEDIA_TYPES.json, maxBytes: LIMITS.pageBytes }) as const
