import { fromHex } from '@strongroom/core/bytes'
import {
  encodeDepositPage,
  encodeStatementPage,
  MEDIA_TYPES,
  parseDepositQuery,
  parseStatementQuery,
  type FoundDeposit,
  type FoundStatement,
} from '@strongroom/core/protocol'
import type { ClientRow, DepositRow, StatementRow } from '../model/index.ts'
import { releasedDeposit } from './callers.ts'
import { ProblemError, readRequest } from './problem-error.ts'
import type { Answer, Call, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'

/** What clients read of their own. What is somebody else's is absent. */
export const CLIENT_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/deposits',
    auth: 'signed',
    summary: 'Search the deposits of the client',
    query: SCHEMAS.depositQuery,
    answers: { [MEDIA_TYPES.json]: SCHEMAS.depositPage },
    seconds: 30,
    handle: searchDeposits,
  },
  {
    method: 'GET',
    path: '/v1/deposits/{id}',
    auth: 'keyed',
    summary: 'A deposit of the client, as it was sent; or of the request that was released',
    answers: { [MEDIA_TYPES.deposit]: SCHEMAS.deposit },
    seconds: 30,
    handle: readDeposit,
  },
  {
    method: 'GET',
    path: '/v1/deposits/{id}/receipt',
    auth: 'signed',
    summary: 'A receipt for a deposit of the client',
    answers: { [MEDIA_TYPES.receipt]: SCHEMAS.receipt },
    seconds: 30,
    handle: readReceipt,
  },
  {
    method: 'GET',
    path: '/v1/statements',
    auth: 'signed',
    summary: 'Everything that was logged about the client',
    query: SCHEMAS.statementQuery,
    answers: { [MEDIA_TYPES.json]: SCHEMAS.statementPage },
    seconds: 30,
    handle: readStatements,
  },
]

/** Who signed. On signed routes there is always somebody. */
function ownerOf({ client }: Call): ClientRow {
  if (!client) throw new ProblemError('unauthenticated')
  return client
}

async function searchDeposits(call: Call): Promise<Answer> {
  const query = readRequest(() => parseDepositQuery(call.query))
  // One more than is shown says whether there is another page.
  const search = { ...query, limit: query.limit + 1 }
  const rows = await call.desk.authority.store.deposits(ownerOf(call), search)
  const deposits = rows.slice(0, query.limit).map(foundDeposit)
  const next = rows.length > query.limit ? (deposits.at(-1)?.index ?? null) : null
  return { type: MEDIA_TYPES.json, body: encodeDepositPage({ deposits, next }) }
}

/** What a search says of a deposit. */
export function foundDeposit(row: DepositRow): FoundDeposit {
  const { index, received, created, epoch, format, serial, commitment, retention, superseded, wrong } = row
  return {
    id: row.digest,
    index,
    received,
    created,
    epoch,
    format,
    serial,
    commitment,
    sealId: row.sealId ?? null,
    object: row.object ? { name: row.object.nameDigest, size: row.object.size } : null,
    description: row.description ?? null,
    retention,
    level: row.level === 2 ? 2 : 0,
    wrong,
    previous: row.previous ?? null,
    superseded,
  }
}

async function readDeposit(call: Call): Promise<Answer> {
  const id = fromHex(call.parameter)
  const { caller, desk } = call
  const row = caller?.client
    ? await desk.authority.store.statement(caller.client, id)
    : await releasedDeposit(call, id)
  // An enrolment is a statement of the same owner, and no deposit.
  if (row?.kind !== 'deposit') throw new ProblemError('not-found')
  return { type: MEDIA_TYPES.deposit, body: row.bytes }
}

async function readReceipt(call: Call): Promise<Answer> {
  const { store, log } = call.desk.authority
  const [owner, digest] = [ownerOf(call), fromHex(call.parameter)]
  const row = await store.statement(owner, digest)
  const receipt = row?.kind === 'deposit' ? await log.receipt(owner, digest) : undefined
  if (!receipt) throw new ProblemError('not-found')
  return { type: MEDIA_TYPES.receipt, body: receipt }
}

async function readStatements(call: Call): Promise<Answer> {
  const { after, limit } = readRequest(() => parseStatementQuery(call.query))
  const from = after === undefined ? 0 : after + 1
  const rows = await call.desk.authority.store.statementsFrom(ownerOf(call), from, limit + 1)
  const statements = rows.slice(0, limit).map(foundStatement)
  const next = rows.length > limit ? (statements.at(-1)?.index ?? null) : null
  return { type: MEDIA_TYPES.json, body: encodeStatementPage({ statements, next }) }
}

function foundStatement({ index, kind, digest, received, bytes }: StatementRow): FoundStatement {
  return { index, kind, digest, received, bytes }
}
