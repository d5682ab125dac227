import {
  encodeCharterPage,
  encodeClientPage,
  encodeDepositPage,
  MEDIA_TYPES,
  parseClientQuery,
  parseDepositQuery,
  type FoundClient,
} from '@strongroom/core/protocol'
import type { ClientSummaryRow } from '../store/index.ts'
import { callerOf, memberOf, rolesIn, type Caller } from './callers.ts'
import { foundDeposit } from './client-routes.ts'
import { ProblemError, readRequest } from './problem-error.ts'
import { tenantParameter } from './recovery-schemas.ts'
import type { Answer, Call, Desk, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'

/** What the people of a tenant read: who they are, whose clients there are, and what is known of deposits. Nothing opens any. */
export const PEOPLE_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/charter',
    auth: 'keyed',
    summary: 'The charters of the tenant, and the terms',
    query: SCHEMAS.charterQuery,
    answers: { [MEDIA_TYPES.json]: SCHEMAS.charterPage },
    seconds: 30,
    handle: readCharter,
  },
  {
    method: 'GET',
    path: '/v1/clients',
    auth: 'keyed',
    summary: 'The clients of the tenant',
    query: SCHEMAS.clientQuery,
    answers: { [MEDIA_TYPES.json]: SCHEMAS.clientPage },
    seconds: 30,
    handle: listClients,
  },
  {
    method: 'GET',
    path: '/v1/clients/{client}/deposits',
    auth: 'keyed',
    summary: 'Search the deposits of a client',
    query: SCHEMAS.depositQuery,
    answers: { [MEDIA_TYPES.json]: SCHEMAS.depositPage },
    seconds: 30,
    handle: searchDeposits,
  },
]

async function readCharter(call: Call): Promise<Answer> {
  const { store, trust } = call.desk.authority
  const caller = callerOf(call)
  const asked = readRequest(() => tenantParameter(call.query))
  const tenant = caller.isCustodian
    ? asked
    : caller.tenants.find((own) => asked === undefined || own === asked)
  if (tenant === undefined) throw new ProblemError('not-found')
  const { links, epochs, termsBytes } = await store.recovery.ground(trust, tenant)
  if (links.length === 0 || !termsBytes) throw new ProblemError('not-found')
  const keys = await store.recovery.peopleKeys(tenant)
  const page = { charters: links, epochs: epochs.map(({ index }) => index), terms: termsBytes, keys }
  return { type: MEDIA_TYPES.json, body: encodeCharterPage(page) }
}

async function listClients(call: Call): Promise<Answer> {
  const { desk } = call
  const { after, limit } = readRequest(() => parseClientQuery(call.query))
  const tenant = await memberOf(desk, callerOf(call))
  if (tenant === undefined) throw new ProblemError('not-found')
  const rows = await desk.authority.store.recovery.clientPage(tenant, after, limit + 1)
  const clients: FoundClient[] = []
  for (const row of rows.slice(0, limit)) clients.push(await foundClient(desk, row))
  const next = rows.length > limit ? (clients.at(-1)?.index ?? null) : null
  return { type: MEDIA_TYPES.json, body: encodeClientPage({ clients, next }) }
}

async function foundClient({ authority }: Desk, row: ClientSummaryRow): Promise<FoundClient> {
  const { client, index, name, signer, received, state, deposits } = row
  const codes = await authority.store.recovery.codes(row.tenant, client)
  return { client, index, name, signer, received, state, deposits, codes: codes?.payload.codes.length ?? 0 }
}

async function searchDeposits(call: Call): Promise<Answer> {
  const query = readRequest(() => parseDepositQuery(call.query))
  const tenant = await tenantOfSeen(call.desk, callerOf(call), call.parameter)
  if (tenant === undefined) throw new ProblemError('not-found')
  const owner = { tenant, client: call.parameter }
  const rows = await call.desk.authority.store.deposits(owner, { ...query, limit: query.limit + 1 })
  const deposits = rows.slice(0, query.limit).map(foundDeposit)
  const next = rows.length > query.limit ? (deposits.at(-1)?.index ?? null) : null
  return { type: MEDIA_TYPES.json, body: encodeDepositPage({ deposits, next }) }
}

/** The tenant of a client whose deposits the caller may see: people of the charter, a code of the client, who asks for them. */
async function tenantOfSeen(desk: Desk, caller: Caller, client: string): Promise<string | undefined> {
  const { store, trust } = desk.authority
  const found = await store.client(client)
  if (!found || !caller.tenants.includes(found.tenant)) return undefined
  const { tenant } = found
  const isCode = caller.codeOf.some((own) => own.tenant === tenant && own.client === client)
  if (isCode || caller.name === client || (await rolesIn(desk, caller, tenant)).length > 0) return tenant
  const search = { kind: 'request', only: { key: caller.name }, limit: 100 } as const
  const asked = await store.recovery.subjects(trust, tenant, search, desk.now())
  return asked.some(({ row }) => row.client === client) ? tenant : undefined
}
