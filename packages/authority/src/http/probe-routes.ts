import { fromHex, toHex } from '@strongroom/core/bytes'
import {
  encodeEnvelope,
  encodeProbeFile,
  encodeProbeStanding,
  LIMITS,
  MEDIA_TYPES,
  parseEnvelope,
  parseProbeAnswerSubmission,
  parseProbeSubmission,
  type CustodianDeposit,
  type ProbeStanding,
} from '@strongroom/core/protocol'
import { ownerStatements } from '../log/index.ts'
import { PROBE_MS, probedIds, StoreError, type FoundProbe } from '../store/index.ts'
import { checkCustodian } from './callers.ts'
import { checkWritable } from './deposit-routes.ts'
import { ProblemError, readRequest } from './problem-error.ts'
import type { Answer, Call, Desk, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'
import { admitted, appendOne } from './statement-routes.ts'

const answers = { [MEDIA_TYPES.receipt]: SCHEMAS.receipt }

/** Whether deposits could be opened today: docs/spec/probe.md. */
export const PROBE_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/probes',
    auth: 'statement',
    summary: 'Ask the custodian whether deposits of the client open today',
    bodies: { [MEDIA_TYPES.json]: { schema: SCHEMAS.probe, most: () => LIMITS.jsonBytes } },
    answers,
    seconds: 60,
    handle: probe,
  },
  {
    method: 'GET',
    path: '/v1/probes/{digest}',
    auth: 'signed',
    summary: 'The answer to a probe of the client, or that it waits',
    answers: { [MEDIA_TYPES.json]: SCHEMAS.probeStanding },
    seconds: 30,
    handle: readStanding,
  },
  {
    method: 'GET',
    path: '/v1/custodian/probes/{digest}',
    auth: 'keyed',
    summary: 'A probe with its deposits',
    answers: { [MEDIA_TYPES.json]: SCHEMAS.probeFile },
    seconds: 60,
    handle: readFile,
  },
  {
    method: 'POST',
    path: '/v1/probes/answers',
    auth: 'statement',
    summary: 'Answer a probe',
    bodies: { [MEDIA_TYPES.json]: { schema: SCHEMAS.probeAnswer, most: () => LIMITS.jsonBytes } },
    answers,
    seconds: 60,
    handle: answerProbe,
  },
]

async function probe(call: Call): Promise<Answer> {
  checkWritable(call.desk)
  const { statement, deposits } = readRequest(() => parseProbeSubmission(call.body))
  return appendOne(call, admitted(call, encodeEnvelope(statement), ['probe'], { deposits }))
}

async function answerProbe(call: Call): Promise<Answer> {
  checkWritable(call.desk)
  const submission = readRequest(() => parseProbeAnswerSubmission(call.body))
  const { statement, answers: results } = submission
  return appendOne(call, admitted(call, encodeEnvelope(statement), ['probe-answer'], { answers: results }))
}

/** Of the client that asks: what is somebody else's is absent. */
async function readStanding(call: Call): Promise<Answer> {
  const { desk, client } = call
  if (!client) throw new ProblemError('unauthenticated')
  const found = await desk.authority.store.recovery.probes.find(client.tenant, fromHex(call.parameter))
  if (found?.row.client !== client.client) throw new ProblemError('not-found')
  return { type: MEDIA_TYPES.json, body: encodeProbeStanding(await standingOf(desk, found)) }
}

async function standingOf({ authority, now }: Desk, { row, answer }: FoundProbe): Promise<ProbeStanding> {
  const expires = row.received + PROBE_MS
  const nothing = { expires, answer: null, answers: [], receipt: null }
  if (!answer) return { state: now() < expires ? 'waiting' : 'expired', ...nothing }
  const { tenant } = row
  const statement = await authority.store.recovery.statementOf(tenant, answer.digest)
  const receipt = await authority.log.receipt({ tenant, client: '' }, answer.digest)
  if (!statement || !receipt) throw new ProblemError('internal')
  const { index, bytes } = statement
  return {
    state: 'answered',
    expires,
    answer: { index, envelope: parseEnvelope(bytes) },
    answers: answer.results,
    receipt,
  }
}

async function readFile(call: Call): Promise<Answer> {
  checkCustodian(call)
  const { store } = call.desk.authority
  const digest = fromHex(call.parameter)
  const tenant = await store.recovery.probes.home(digest)
  const found = tenant === undefined ? undefined : await store.recovery.probes.find(tenant, digest)
  const statement = found && (await store.recovery.statementOf(found.row.tenant, digest))
  if (!found || !statement) throw new ProblemError('not-found')
  const owner = await store.client(found.row.client)
  const entered = owner ? await ownerStatements(store, owner) : []
  const body = encodeProbeFile({
    statement: parseEnvelope(statement.bytes),
    index: statement.index,
    ids: probedIds(found.row),
    deposits: await depositsOf(call.desk, found),
    enrolments: entered.map(({ bytes }) => parseEnvelope(bytes)),
  })
  return { type: MEDIA_TYPES.json, body }
}

/**
 * Those that can be shown. One whose row is not that of its statement is left out: the custodian would not take it, and says to the client
 * that it did not open.
 */
async function depositsOf({ authority }: Desk, { row }: FoundProbe): Promise<CustodianDeposit[]> {
  const { recovery } = authority.store
  const ids = probedIds(row)
  const rewraps = await recovery.rewrapped(row.tenant, ids)
  const found: CustodianDeposit[] = []
  for (const id of ids) {
    const deposit = await shown(() => recovery.statementOf(row.tenant, id))
    if (deposit?.kind !== 'deposit') continue
    const { index, bytes: blob } = deposit
    found.push({ index, blob, rewrapped: rewraps.get(toHex(id)) ?? null })
  }
  return found
}

async function shown<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_CORRUPT') return undefined
    throw error
  }
}
