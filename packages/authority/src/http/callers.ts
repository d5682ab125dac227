import { fromHex, toHex } from '@strongroom/core/bytes'
import { fingerprintOf, keyNameOf, personOf, type Role } from '@strongroom/core/protocol'
import { sha256, type ClientRow, type StatementRow } from '../model/index.ts'
import { depositIds, type SubjectRecord } from '../store/index.ts'
import { ProblemError } from './problem-error.ts'
import type { Call, Desk } from './route.ts'

/** Who signed a request: a client, or a key that is known from a statement. What it may do, the statements say each time. */
export interface Caller {
  /** As whom it signed: the id of a client, or the name of a key. */
  readonly name: string
  readonly signer: string
  readonly client: ClientRow | undefined
  /** In which tenants it is known; none for the custodian. */
  readonly tenants: readonly string[]
  readonly isCustodian: boolean
  /** The clients whose recovery codes, or vettings, it is one of; by tenant and client. */
  readonly codeOf: readonly { readonly tenant: string; readonly client: string }[]
}

const KEY_NAME = /^k-[0-9a-f]{24}$/

/** Finds a caller by the name that it signs with; undefined if nobody is called so. */
export async function findCaller(desk: Desk, name: string): Promise<Caller | undefined> {
  if (!KEY_NAME.test(name)) {
    const client = await desk.clients.find(name)
    const { signer, tenant } = client ?? {}
    if (!client || signer === undefined || tenant === undefined) return undefined
    return { name, signer, client, tenants: [tenant], isCustodian: false, codeOf: [] }
  }
  const { latest } = await desk.authority.epochs()
  const { custodian } = latest.payload
  if (keyNameOf(sha256, custodian) === name) {
    return { name, signer: custodian, client: undefined, tenants: [], isCustodian: true, codeOf: [] }
  }
  const rows = await desk.authority.store.recovery.keysNamed(name)
  const [first] = rows
  // The name says which key it is: a row with another one is not its own word.
  if (!first || keyNameOf(sha256, first.signer) !== name) return undefined
  const own = rows.filter(({ signer }) => signer === first.signer)
  const codes = own.filter(({ kind }) => kind === 'code' || kind === 'vetting')
  return {
    name,
    signer: first.signer,
    client: undefined,
    tenants: [...new Set(own.map(({ tenant }) => tenant))].toSorted(),
    isCustodian: false,
    codeOf: codes.map(({ tenant, ref }) => ({ tenant, client: ref })),
  }
}

/** Who signed. On keyed routes there is always somebody. @throws ProblemError unauthenticated */
export function callerOf({ caller }: Pick<Call, 'caller'>): Caller {
  if (!caller) throw new ProblemError('unauthenticated')
  return caller
}

/** @throws ProblemError not-found unless it is the custodian: who is not, learns nothing of the route */
export function checkCustodian(call: Pick<Call, 'caller'>): void {
  if (!callerOf(call).isCustodian) throw new ProblemError('not-found')
}

/** What a caller may do in a tenant by the charter in force; nothing if it is nobody of it. */
export async function rolesIn(desk: Desk, caller: Caller, tenant: string): Promise<readonly Role[]> {
  if (!caller.tenants.includes(tenant)) return []
  const { store, trust } = desk.authority
  const { charters } = await store.recovery.ground(trust, tenant)
  const charter = charters?.latest.statement.payload
  return (charter && personOf(charter, fingerprintOf(sha256, caller.signer))?.roles) ?? []
}

/** The first tenant in which the caller is somebody of the charter in force. */
export async function memberOf(desk: Desk, caller: Caller): Promise<string | undefined> {
  for (const tenant of caller.tenants) {
    if ((await rolesIn(desk, caller, tenant)).length > 0) return tenant
  }
  return undefined
}

/** How a caller sees a subject. */
export interface SeenSubject {
  readonly subject: SubjectRecord
  readonly roles: readonly Role[]
}

/**
 * The subject that stands in the path, if the caller may see it: people of the charter, the owner, who asks, the custodian.
 *
 * @throws ProblemError not-found, in the same words whether there is one
 */
export async function seenSubject(call: Call): Promise<SeenSubject> {
  const { desk } = call
  const caller = callerOf(call)
  const digest = fromHex(call.parameter)
  const tenants = caller.isCustodian ? await custodiansTenants(desk, digest) : caller.tenants
  for (const tenant of tenants) {
    const { store, trust } = desk.authority
    const subject = await store.recovery.subject(trust, tenant, digest, desk.now())
    if (!subject) continue
    const roles = await rolesIn(desk, caller, tenant)
    if (caller.isCustodian || roles.length > 0 || isInvolved(caller, subject)) return { subject, roles }
  }
  throw new ProblemError('not-found')
}

async function custodiansTenants({ authority }: Desk, digest: Uint8Array): Promise<string[]> {
  const tenant = await authority.store.recovery.subjectHome(digest)
  return tenant === undefined ? [] : [tenant]
}

function isInvolved(caller: Caller, { row }: SubjectRecord): boolean {
  if (caller.client) return row.client === caller.client.client && row.tenant === caller.client.tenant
  return row.signer === caller.name || row.opener === caller.name
}

/** A deposit that was released to the caller, who signed the request for it. */
export async function releasedDeposit(call: Call, id: Uint8Array): Promise<StatementRow | undefined> {
  const { store, trust } = call.desk.authority
  const caller = callerOf(call)
  for (const tenant of caller.tenants) {
    const search = { state: 'released', kind: 'request', only: { key: caller.name }, limit: 100 } as const
    const subjects = await store.recovery.subjects(trust, tenant, search, call.desk.now())
    const own = subjects.filter(({ row }) => row.signer === caller.name)
    const wanted = toHex(id)
    if (own.some(({ row }) => depositIds(row).some((deposit) => toHex(deposit) === wanted))) {
      return store.recovery.statementOf(tenant, id)
    }
  }
  return undefined
}
