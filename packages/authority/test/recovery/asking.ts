import { decryptFile } from '@strongroom/core/age'
import {
  CHALLENGE,
  encodeJson,
  encodeRequestSubmission,
  keyNameOf,
  LIMITS,
  MEDIA_TYPES,
  parseEnvelope,
  parseJson,
  RECIPIENT_CHALLENGE,
  signRequest,
  statementDigest,
  type MessageSigner,
  type RecoveryRequest,
} from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { TERMS, type TestClient } from '../support/authority.ts'
import type { RawAnswer } from '../support/raw-request.ts'
import { all, CODE, NEWCOMER, RECIPIENT, Tenancy } from '../support/recovery.ts'
import { freshNonce, type Served } from '../support/served.ts'

const HOST = 'vault.example.org'

interface Asked {
  readonly method?: string
  readonly body?: Uint8Array
  readonly type?: string
}

/** A signed request of a key that is no client's. */
export const asKey = (served: Served, pair: MessageSigner, target: string, asked: Asked = {}) =>
  asNamed(served, { pair, name: keyNameOf(sha256, pair.signer) }, target, asked)

/** The same under any name: of a client, or of a key. */
export async function asNamed(
  served: Served,
  { pair, name }: { readonly pair: MessageSigner; readonly name: string },
  target: string,
  { method = 'GET', body, type }: Asked = {},
): Promise<RawAnswer> {
  const created = Math.floor(served.scene.now / 1000)
  const params = { created, expires: created + 60, nonce: freshNonce(), clientId: name }
  const request = { method, authority: HOST, target, ...(body && { body }) }
  const fields = signRequest(sha256, request, params, pair.sign)
  return served.ask(method, target, { fields: { ...fields }, ...(body && { body }), ...(type && { type }) })
}

/** Sends a body without a signature of its own. */
export const send = (served: Served, path: string, body: Uint8Array, type: string = MEDIA_TYPES.envelope) =>
  served.ask('POST', path, { body, type })

/** Sets the first tenant of a service up. */
export async function setUp(served: Served): Promise<{ tenancy: Tenancy; deposits: Uint8Array[] }> {
  const { store, log } = served.service.authority
  const tenancy = new Tenancy(served.scene.authority)
  const client = served.client()
  await store.recovery.addTerms(TERMS)
  const deposits = client.deposits(1, 3)
  await all(log, [tenancy.charter(), tenancy.codes(client), ...deposits])
  return { tenancy, deposits: deposits.map(({ digest }) => digest) }
}

/** What became of a request, and what was sent. */
interface Answered {
  readonly answer: RawAnswer
  readonly digest: Uint8Array
  readonly body: Uint8Array
}

/** Asks for deposits as a client that has lost everything but a code. */
export const ask = (
  served: Served,
  tenancy: Tenancy,
  deposits: readonly Uint8Array[],
  changes: Partial<RecoveryRequest> = {},
  pairs?: readonly MessageSigner[],
): Promise<Answered> => askFor(served, { tenancy, client: served.client(), deposits }, changes, pairs)

/** The same for any client. */
export async function askFor(
  served: Served,
  {
    tenancy,
    client,
    deposits,
  }: { readonly tenancy: Tenancy; readonly client: TestClient; readonly deposits: readonly Uint8Array[] },
  changes: Partial<RecoveryRequest> = {},
  pairs: readonly MessageSigner[] = [NEWCOMER, CODE],
): Promise<Answered> {
  const payload = tenancy.requestFor(client, deposits, served.scene.now, changes)
  const { signer, recipient } = payload
  const wanted = encodeJson(RECIPIENT_CHALLENGE, { signer, recipient }, LIMITS.jsonBytes)
  const given = await send(served, '/v1/requests/challenge', wanted, MEDIA_TYPES.json)
  const { file } = parseJson(CHALLENGE, given.body, LIMITS.jsonBytes)
  const challenge = decryptFile(file, [RECIPIENT])
  const statement = parseEnvelope(tenancy.sign('request', payload, ...pairs))
  const body = encodeRequestSubmission({ statement, deposits, challenge })
  const answer = await send(served, '/v1/requests', body, MEDIA_TYPES.json)
  return { answer, digest: statementDigest(sha256, statement), body }
}
