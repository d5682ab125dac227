import { randomBytes } from 'node:crypto'
import { equalBytes, toBase64, toHex } from '../bytes/index.ts'
import {
  CHALLENGE,
  CHALLENGE_REQUEST,
  checkUrl,
  encodeDepositQuery,
  encodeDeposits,
  encodeEnvelope,
  encodeJson,
  encodeStatementQuery,
  LIMITS,
  MEDIA_TYPES,
  parseAuthorityCard,
  parseDepositPage,
  parseJson,
  parseReceipt,
  parseReceiptList,
  parseStatementPage,
  receiptsOf,
  signRequest,
  type AuthorityCard,
  type Challenge,
  type ChallengeRequest,
  type DepositPage,
  type DepositQuery,
  type Envelope,
  type ProblemCode,
  type Receipt,
  type StatementPage,
} from '../protocol/index.ts'
import { ENTRY_BYTES, MAX_NOTE_BYTES, TILE_WIDTH, tilePath, type Tile } from '../tlog/index.ts'
import { readAnswer, type ExpectedAnswer } from './authority-answer.ts'
import { ClientError } from './client-error.ts'
import { sha256 } from './node-verify.ts'
import type { Transport } from './transport.ts'

/** What requests are signed with. */
export interface ClientCredentials {
  /** From `clientIdOf`; of any other key than a client's, from `keyNameOf`. */
  readonly clientId: string
  /** The signature pair that was enrolled, or that other key. */
  readonly sign: (message: Uint8Array) => Uint8Array
}

/** How an authority is asked. */
export interface AuthorityClientOptions {
  /** As `checkUrl` accepts it: what signatures of requests name. */
  readonly url: string
  readonly transport: Transport
  /** Left out, only what is open to everybody can be asked. */
  readonly credentials?: ClientCredentials
  /** The clock, in milliseconds since 1970. */
  readonly now?: () => number
}

/** What is sent, and what is expected. */
export interface Question<T> extends ExpectedAnswer<T> {
  readonly path: string
  /** Media type and bytes of the body; a request with one is a POST unless it is told. */
  readonly body?: { readonly type: string; readonly bytes: Uint8Array }
  readonly method?: 'PUT'
  readonly signed?: true
}

const TEXT = 'text/plain'
const BYTES = 'application/octet-stream'
const NONCE_BYTES = 16
/** In a bundle each entry stands behind its length. */
const ENTRY_IN_BUNDLE_BYTES = ENTRY_BYTES + 2
const HASH_BYTES = 32

/**
 * Asks one authority: docs/spec/authority-protocol.md, "Requests and answers".
 *
 * Every answer is limited in size while it is read, and parsed. Nothing is verified here: cards with `verifyEpochs`, receipts with
 * `verifyReceipt`, checkpoints and tiles with `TiledTree`.
 *
 * @throws ClientError CLIENT_UNREACHABLE and CLIENT_TLS from the transport, CLIENT_PROBLEM with what the authority says,
 *   CLIENT_ANSWER for what is no answer of this protocol; CLIENT_NOT_ENROLLED for a signed request without credentials
 */
export class AuthorityClient {
  readonly url: string
  readonly #transport: Transport
  readonly #credentials: ClientCredentials | undefined
  readonly #now: () => number

  /** @throws ProtocolError PROTOCOL_FORMAT for another address than `checkUrl` accepts */
  constructor({ url, transport, credentials, now = Date.now }: AuthorityClientOptions) {
    this.url = checkUrl(url)
    this.#transport = transport
    this.#credentials = credentials
    this.#now = now
  }

  /** Its epochs and limits. */
  card(): Promise<AuthorityCard> {
    return this.ask({
      path: '/v1/authority',
      type: MEDIA_TYPES.json,
      maxBytes: LIMITS.authorityBytes,
      parse: parseAuthorityCard,
    })
  }

  /** What proves that the exchange key is held, for who opens it. */
  async challenge(request: ChallengeRequest): Promise<Challenge> {
    const bytes = encodeJson(CHALLENGE_REQUEST, request, LIMITS.jsonBytes)
    return this.ask({
      path: '/v1/enrolments/challenge',
      body: { type: MEDIA_TYPES.json, bytes },
      type: MEDIA_TYPES.json,
      maxBytes: LIMITS.jsonBytes,
      parse: (answer) => parseJson(CHALLENGE, answer, LIMITS.jsonBytes),
    })
  }

  /** Sends an enrolment; the same bytes again get a receipt again. */
  async enrol(envelope: Envelope): Promise<Receipt> {
    return this.ask({
      path: '/v1/enrolments',
      body: { type: MEDIA_TYPES.envelope, bytes: encodeEnvelope(envelope) },
      type: MEDIA_TYPES.receipt,
      maxBytes: LIMITS.receiptBytes,
      parse: parseReceipt,
    })
  }

  /**
   * Sends deposits in one request: 1 to `depositsPerRequest` of the card. For each, in their order, its receipt or why there is none.
   *
   * The same bytes are the same deposit: what got no answer is sent again.
   */
  async deposit(blobs: readonly Uint8Array[]): Promise<readonly (Receipt | ProblemCode)[]> {
    const statements = blobs.map((blob) => ({ kind: 'deposit', digest: sha256(blob) }) as const)
    return this.ask({
      path: '/v1/deposits',
      body: { type: MEDIA_TYPES.deposits, bytes: encodeDeposits(blobs) },
      type: MEDIA_TYPES.receipts,
      maxBytes: LIMITS.receiptListBytes,
      parse: (answer) => receiptsOf(parseReceiptList(answer), statements),
    })
  }

  /** One page of the client's deposits, the newest first. */
  async searchDeposits(query: DepositQuery = {}): Promise<DepositPage> {
    return this.ask({
      path: withQuery('/v1/deposits', encodeDepositQuery(query)),
      signed: true,
      type: MEDIA_TYPES.json,
      maxBytes: LIMITS.pageBytes,
      parse: parseDepositPage,
    })
  }

  /** A deposit of the client, byte for byte as it was sent. @param id 32 bytes */
  async depositBlob(id: Uint8Array): Promise<Uint8Array> {
    return this.ask({
      path: `/v1/deposits/${toHex(id)}`,
      signed: true,
      type: MEDIA_TYPES.deposit,
      maxBytes: LIMITS.depositBytes,
      parse(blob) {
        if (equalBytes(sha256(blob), id)) return blob
        throw new ClientError('CLIENT_ANSWER', 'the answer is another deposit than the one asked for')
      },
    })
  }

  /** A receipt for a deposit of the client. @param id 32 bytes */
  async receipt(id: Uint8Array): Promise<Receipt> {
    return this.ask({
      path: `/v1/deposits/${toHex(id)}/receipt`,
      signed: true,
      type: MEDIA_TYPES.receipt,
      maxBytes: LIMITS.receiptBytes,
      parse: parseReceipt,
    })
  }

  /** One page of what was logged about the client. @param after only leaves above that index */
  async statements(after?: number): Promise<StatementPage> {
    return this.ask({
      path: withQuery('/v1/statements', encodeStatementQuery(after === undefined ? {} : { after })),
      signed: true,
      type: MEDIA_TYPES.json,
      maxBytes: LIMITS.pageBytes,
      parse(answer) {
        const page = parseStatementPage(answer)
        // What was seen already would be seen for ever.
        if ((page.statements[0]?.index ?? Infinity) > (after ?? -1)) return page
        throw new ClientError('CLIENT_ANSWER', 'the answer is a page from before the one asked for')
      },
    })
  }

  /** The greatest checkpoint: a signed note. */
  checkpoint(): Promise<Uint8Array> {
    return this.ask({ path: '/checkpoint', type: TEXT, maxBytes: MAX_NOTE_BYTES, parse: (note) => note })
  }

  /** A tile of hashes or a bundle of entries; of a partial one that is not there any more, the front of the full one. */
  async tile(tile: Tile): Promise<Uint8Array> {
    try {
      return await this.#tile(tile, tile.width)
    } catch (error) {
      const absent = error instanceof ClientError && error.problem?.code === 'not-found'
      if (!absent || tile.width === TILE_WIDTH) throw error
      return this.#tile(tile, TILE_WIDTH)
    }
  }

  async #tile({ level, index, width }: Tile, asked: number): Promise<Uint8Array> {
    const lineBytes = level === 'entries' ? ENTRY_IN_BUNDLE_BYTES : HASH_BYTES
    const bytes = await this.ask({
      path: `/${tilePath({ level, index, width: asked })}`,
      type: BYTES,
      maxBytes: asked * lineBytes,
      parse: (tile) => tile,
    })
    // All entries of this log are of one length.
    return bytes.subarray(0, width * lineBytes)
  }

  /** Sends one request, and reads its answer. */
  protected async ask<T>(question: Question<T>): Promise<T> {
    const { path, body, maxBytes, type } = question
    const method = question.method ?? (question.body ? 'POST' : 'GET')
    const headers = {
      accept: `${type}, ${MEDIA_TYPES.problem}`,
      ...(body && { 'content-type': body.type }),
      ...(question.signed && this.#signature(method, path, body?.bytes)),
    }
    const most = Math.max(maxBytes, LIMITS.problemBytes)
    const request = { method, path, headers, maxBytes: most, ...(body && { body: body.bytes }) } as const
    return readAnswer(await this.#transport.request(request), question)
  }

  /** Every request has a signature of its own: a nonce is good for one. */
  #signature(method: string, target: string, body?: Uint8Array): Readonly<Record<string, string>> {
    if (!this.#credentials) {
      throw new ClientError('CLIENT_NOT_ENROLLED', 'only an enrolled client can ask that')
    }
    const { clientId, sign } = this.#credentials
    const created = Math.floor(this.#now() / 1000)
    const nonce = toBase64(new Uint8Array(randomBytes(NONCE_BYTES)))
    const params = { created, expires: created + LIMITS.signatureSeconds, nonce, clientId }
    const request = { method, authority: new URL(this.url).host, target, ...(body && { body }) }
    return { ...signRequest(sha256, request, params, sign) }
  }
}

/** A path with its query, if there is one. */
export function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`
}
