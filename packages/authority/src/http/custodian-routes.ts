import { toHex } from '@strongroom/core/bytes'
import {
  encodeCustodianDeposits,
  encodeCustodianWork,
  encodeEnvelope,
  LIMITS,
  MEDIA_TYPES,
  parseCustodianQuery,
  parseEnvelope,
  parseRewrapSubmission,
  parseVerificationSubmission,
  RECOVERY_LIMITS,
  type ApprovedSubject,
  type Envelope,
} from '@strongroom/core/protocol'
import { ownerStatements } from '../log/index.ts'
import { isOwnWord, type RecoveryAct, type StatementRow } from '../model/index.ts'
import { PROBE_MS } from '../store/index.ts'
import { checkCustodian } from './callers.ts'
import { checkWritable } from './deposit-routes.ts'
import { readRequest } from './problem-error.ts'
import type { Answer, Call, Desk, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'
import { admitted, appendOne } from './statement-routes.ts'

const MOST_SUBJECTS = 1_000
const MOST_PROBES = 100
const answers = { [MEDIA_TYPES.receipt]: SCHEMAS.receipt }

/** A statement of the custodian that comes by itself. */
function stated(path: string, act: RecoveryAct, summary: string): Route {
  return {
    method: 'POST',
    path,
    auth: 'statement',
    summary,
    bodies: { [MEDIA_TYPES.envelope]: { schema: SCHEMAS.envelope, most: () => LIMITS.envelopeBytes } },
    answers,
    seconds: 60,
    handle: async (call) => {
      checkWritable(call.desk)
      return appendOne(call, admitted(call, call.body, [act]))
    },
  }
}

/** What the custodian asks and says. It opens deposits elsewhere: nothing here can. */
export const CUSTODIAN_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/custodian/work',
    auth: 'keyed',
    summary: 'What waits for the custodian',
    answers: { [MEDIA_TYPES.json]: SCHEMAS.custodianWork },
    seconds: 60,
    handle: readWork,
  },
  {
    method: 'GET',
    path: '/v1/custodian/deposits',
    auth: 'keyed',
    summary: 'Deposits to open, or to wrap for the next epoch',
    query: SCHEMAS.custodianQuery,
    answers: { [MEDIA_TYPES.json]: SCHEMAS.custodianDeposits },
    seconds: 60,
    handle: readDeposits,
  },
  stated('/v1/releases', 'release', 'Release what was approved'),
  {
    method: 'POST',
    path: '/v1/verifications',
    auth: 'statement',
    summary: 'Say which deposits were opened and found right',
    bodies: {
      [MEDIA_TYPES.json]: { schema: SCHEMAS.verification, most: () => RECOVERY_LIMITS.submissionBytes },
    },
    answers,
    seconds: 60,
    handle: verify,
  },
  {
    method: 'POST',
    path: '/v1/rewraps',
    auth: 'statement',
    summary: 'Say which deposits were wrapped for another epoch',
    bodies: { [MEDIA_TYPES.json]: { schema: SCHEMAS.rewrap, most: () => LIMITS.pageBytes } },
    answers,
    seconds: 60,
    handle: rewrap,
  },
  stated('/v1/completions', 'completion', 'Say that all deposits of an epoch were'),
]

async function readWork(call: Call): Promise<Answer> {
  checkCustodian(call)
  const { desk } = call
  const { store } = desk.authority
  const { unverified, rewrap: left, owed } = await store.recovery.backlog(await exchangeEpoch(desk))
  const subjects = await approved(desk)
  const probes = await store.recovery.probes.waiting(desk.now() - PROBE_MS, MOST_PROBES)
  const body = encodeCustodianWork({ subjects, owed, probes, unverified, rewrap: left })
  return { type: MEDIA_TYPES.json, body }
}

async function exchangeEpoch({ authority }: Desk): Promise<number> {
  return (await authority.epochs()).sinceExchange.payload.number
}

/** Of all tenants, the oldest first. */
async function approved({ authority, now }: Desk): Promise<ApprovedSubject[]> {
  const { store, trust } = authority
  const search = { state: 'approved', limit: MOST_SUBJECTS } as const
  const found = []
  for (const { tenant } of await store.tenants()) {
    found.push(...(await store.recovery.subjects(trust, tenant, search, now())))
  }
  return found
    .toSorted((one, other) => one.row.leaf - other.row.leaf)
    .slice(0, MOST_SUBJECTS)
    .map(({ row, kind, state }) => ({ digest: row.digest, kind, releasableFrom: state.releasableFrom }))
}

async function readDeposits(call: Call): Promise<Answer> {
  checkCustodian(call)
  const { store } = call.desk.authority
  const { work, epoch, after, limit } = readRequest(() => parseCustodianQuery(call.query))
  const to = await exchangeEpoch(call.desk)
  const rows = await store.recovery.waiting({ work, from: epoch, to, after, limit: limit + 1 })
  // A row that is not that of its statement shows another deposit, or none: it is left out, and stays for fsck to find.
  const page = rows.slice(0, limit).filter(isOwnWord)
  const next = rows.length > limit ? (page.at(-1)?.index ?? null) : null
  const wrapped = await rewrappedOf(call.desk, page)
  const body = encodeCustodianDeposits({
    deposits: page.map(({ index, digest, bytes: blob }) => ({
      index,
      blob,
      rewrapped: wrapped.get(toHex(digest)) ?? null,
    })),
    enrolments: await enrolmentsOf(call.desk, page),
    next,
  })
  return { type: MEDIA_TYPES.json, body }
}

async function rewrappedOf(
  { authority }: Desk,
  rows: readonly StatementRow[],
): Promise<ReadonlyMap<string, Uint8Array>> {
  const found: [string, Uint8Array][] = []
  for (const [tenant, own] of Map.groupBy(rows, (row) => row.tenant)) {
    const digests = own.map(({ digest }) => digest)
    found.push(...(await authority.store.recovery.rewrapped(tenant, digests)))
  }
  return new Map(found)
}

async function enrolmentsOf({ authority }: Desk, rows: readonly StatementRow[]): Promise<Envelope[]> {
  const owners = new Map(rows.map((row) => [`${row.tenant}/${row.client}`, row]))
  const found: Envelope[] = []
  for (const { client } of owners.values()) {
    const owner = await authority.store.client(client)
    const shown = owner ? await ownerStatements(authority.store, owner) : []
    found.push(...shown.map(({ bytes }) => parseEnvelope(bytes)))
  }
  return found
}

async function verify(call: Call): Promise<Answer> {
  checkWritable(call.desk)
  const { statement, results } = readRequest(() => parseVerificationSubmission(call.body))
  return appendOne(call, admitted(call, encodeEnvelope(statement), ['verification'], { results }))
}

async function rewrap(call: Call): Promise<Answer> {
  checkWritable(call.desk)
  const { statement, blobs } = readRequest(() => parseRewrapSubmission(call.body))
  return appendOne(call, admitted(call, encodeEnvelope(statement), ['rewrap'], { blobs }))
}
