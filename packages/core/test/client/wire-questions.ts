import { toHex, utf8Encode } from '@strongroom/core/bytes'
import {
  AuthorityClient,
  type Transport,
  type TransportAnswer,
  type TransportRequest,
} from '@strongroom/core/client'
import {
  encodeAuthorityCard,
  encodeDepositPage,
  encodeProblem,
  encodeReceiptList,
  encodeStatementPage,
  LIMITS,
  MEDIA_TYPES,
  parseReceipt,
  PROBLEMS,
  problemOf,
  type ProblemCode,
} from '@strongroom/core/protocol'
import { parseLogProof, type Tile } from '@strongroom/core/tlog'
import { bytesOf, CLIENT, receiptFor, sha256, START, testAuthority } from '../protocol/fixtures.ts'

const URL_OF_AUTHORITY = 'https://vault.example.org'
export const authority = testAuthority(2)
const CREDENTIALS = { clientId: 'c-1', sign: CLIENT.sign }
export const BLOB = utf8Encode('a deposit')
export const ID = sha256(BLOB)
const RECEIPT = receiptFor(authority, { kind: 'deposit', digest: ID })

/** A way to an authority that answers always the same. */
export class OneAnswer implements Transport {
  readonly asked: TransportRequest[] = []
  readonly #answer: (request: TransportRequest) => TransportAnswer

  constructor(answer: TransportAnswer | ((request: TransportRequest) => TransportAnswer)) {
    this.#answer = typeof answer === 'function' ? answer : () => answer
  }

  readonly request = (request: TransportRequest): Promise<TransportAnswer> => {
    this.asked.push(request)
    return Promise.resolve(this.#answer(request))
  }

  readonly close = (): void => undefined
}

export const answer = (type: string, body: Uint8Array, status = 200): TransportAnswer => ({
  status,
  headers: { 'content-type': type },
  body,
})
export const problemAnswer = (code: ProblemCode): TransportAnswer =>
  answer(MEDIA_TYPES.problem, encodeProblem(problemOf(code)), PROBLEMS[code].status)

export const clientAt = (transport: Transport, signed = true): AuthorityClient =>
  new AuthorityClient({
    url: URL_OF_AUTHORITY,
    transport,
    now: () => START + 500,
    ...(signed && { credentials: CREDENTIALS }),
  })

const CARD = { epochs: authority.envelopes, limits: { depositBytes: 16_384, depositsPerRequest: 7 } }
export const DEPOSITS = { deposits: [], next: null }
export const STATEMENTS = {
  statements: [{ index: 3, kind: 'deposit', digest: ID, received: START, bytes: BLOB }],
  next: null,
} as const
export const NOTE = utf8Encode('a note')
export const TILE: Tile = { level: 0, index: 0, width: 256 }
const ALONE = parseReceipt(RECEIPT)
const PROOF = parseLogProof(utf8Encode(ALONE.proof))
export const LIST = {
  epoch: ALONE.epoch,
  checkpoint: Buffer.from(PROOF.checkpoint).toString('utf8'),
  outcomes: [{ index: PROOF.index, hashes: PROOF.hashes }, { problem: 'quota' }],
} as const

/** Every request that there is: what is sent, what is answered, and what comes of it. */
interface Row {
  readonly ask: (client: AuthorityClient) => Promise<unknown>
  readonly line: string
  readonly signed?: true
  readonly sends?: string
  readonly answer: TransportAnswer
  readonly result: unknown
  readonly maxBytes: number
}
const CHALLENGE = { invitation: CLIENT.signer, exchange: authority.epochs[0]?.exchange ?? '' }
export const ROWS: Readonly<Record<string, Row>> = {
  card: {
    ask: (client) => client.card(),
    line: 'GET /v1/authority',
    answer: answer(MEDIA_TYPES.json, encodeAuthorityCard(CARD)),
    result: CARD,
    maxBytes: LIMITS.authorityBytes,
  },
  challenge: {
    ask: (client) => client.challenge(CHALLENGE),
    line: 'POST /v1/enrolments/challenge',
    sends: MEDIA_TYPES.json,
    answer: answer(MEDIA_TYPES.json, utf8Encode('{"file":"AAAA"}')),
    result: { file: new Uint8Array(3) },
    maxBytes: LIMITS.jsonBytes,
  },
  enrol: {
    ask: (client) => client.enrol(ALONE.epoch),
    line: 'POST /v1/enrolments',
    sends: MEDIA_TYPES.envelope,
    answer: answer(MEDIA_TYPES.receipt, RECEIPT),
    result: ALONE,
    maxBytes: LIMITS.receiptBytes,
  },
  deposit: {
    ask: (client) => client.deposit([BLOB, NOTE]),
    line: 'POST /v1/deposits',
    sends: MEDIA_TYPES.deposits,
    answer: answer(MEDIA_TYPES.receipts, encodeReceiptList(LIST)),
    result: [ALONE, 'quota'],
    maxBytes: LIMITS.receiptListBytes,
  },
  searchDeposits: {
    ask: (client) => client.searchDeposits({ description: 'a b', level: 2 }),
    line: 'GET /v1/deposits?description=a%20b&level=2',
    signed: true,
    answer: answer(MEDIA_TYPES.json, encodeDepositPage(DEPOSITS)),
    result: DEPOSITS,
    maxBytes: LIMITS.pageBytes,
  },
  depositBlob: {
    ask: (client) => client.depositBlob(ID),
    line: `GET /v1/deposits/${toHex(ID)}`,
    signed: true,
    answer: answer(MEDIA_TYPES.deposit, BLOB),
    result: BLOB,
    maxBytes: LIMITS.depositBytes,
  },
  receipt: {
    ask: (client) => client.receipt(ID),
    line: `GET /v1/deposits/${toHex(ID)}/receipt`,
    signed: true,
    answer: answer(MEDIA_TYPES.receipt, RECEIPT),
    result: ALONE,
    maxBytes: LIMITS.receiptBytes,
  },
  statements: {
    ask: (client) => client.statements(2),
    line: 'GET /v1/statements?after=2',
    signed: true,
    answer: answer(MEDIA_TYPES.json, encodeStatementPage(STATEMENTS)),
    result: STATEMENTS,
    maxBytes: LIMITS.pageBytes,
  },
  checkpoint: {
    ask: (client) => client.checkpoint(),
    line: 'GET /checkpoint',
    answer: answer('text/plain; charset=utf-8', NOTE),
    result: NOTE,
    maxBytes: 1_000_000,
  },
  tile: {
    ask: (client) => client.tile(TILE),
    line: 'GET /tile/0/000',
    answer: answer('application/octet-stream', bytesOf(1, 8192)),
    result: bytesOf(1, 8192),
    maxBytes: 8192,
  },
  bundle: {
    ask: (client) => client.tile({ level: 'entries', index: 1234, width: 5 }),
    line: 'GET /tile/entries/x001/234.p/5',
    answer: answer('application/octet-stream', bytesOf(1, 175)),
    result: bytesOf(1, 175),
    maxBytes: 175,
  },
}
