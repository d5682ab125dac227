import { toHex } from '@strongroom/core/bytes'
import {
  ACTS,
  encodeEnvelope,
  encodeKeyBlobs,
  fingerprintOf,
  MEDIA_TYPES,
  releaseListDigest,
  signStatement,
  type CharterPerson,
  type MessageSigner,
} from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf, pairOf, TERMS, type TestClient } from '../support/authority.ts'
import { all, CODE, CUSTODIAN, DAY, NOTICE, Tenancy } from '../support/recovery.ts'
import { asKey, send } from '../recovery/asking.ts'
import type { Served } from '../support/served.ts'

export { asKey, askFor as ask, asNamed, send } from '../recovery/asking.ts'

/** The people of the second tenant, whom nobody else knows. */
export const THEIRS = {
  zoe: pairOf(0x41001),
  yan: pairOf(0x41002),
  xia: pairOf(0x41003),
  wim: pairOf(0x41004),
} as const
export const THEIR_CODE = pairOf(0x41011)
export const SECOND_CODE = pairOf(0x41012)

/** What a tenant of these tests has. */
export interface Peopled {
  readonly tenancy: Tenancy
  readonly client: TestClient
  /** Ids of its deposits, and their blobs. */
  readonly deposits: readonly Uint8Array[]
  readonly blobs: readonly Uint8Array[]
}

/** The first tenant, with people, codes and deposits. */
export async function people(
  served: Served,
  blobs: readonly Uint8Array[],
  codes: readonly MessageSigner[] = [CODE, SECOND_CODE],
): Promise<Peopled> {
  const { store, log } = served.service.authority
  const tenancy = new Tenancy(served.scene.authority)
  const client = served.client()
  await store.recovery.addTerms(TERMS)
  const deposits = blobs.map((blob) => client.admit(blob))
  await all(log, [tenancy.charter(), tenancy.codes(client, codes), ...deposits])
  return { tenancy, client, deposits: deposits.map(({ digest }) => digest), blobs }
}

/** The second tenant: other people, another code. */
export async function otherPeople(served: Served): Promise<Peopled> {
  const { log } = served.service.authority
  const { authority } = served.scene
  const tenancy = new Tenancy(authority, 'beta')
  const client = served.client(1)
  const person = (id: keyof typeof THEIRS, role: 'administrator' | 'officer'): CharterPerson => ({
    id,
    name: id,
    signers: [fingerprintOf(sha256, THEIRS[id].signer)],
    roles: [role],
  })
  const charter = {
    ...tenancy.first,
    people: [
      person('zoe', 'administrator'),
      person('yan', 'officer'),
      person('xia', 'officer'),
      person('wim', 'officer'),
    ],
  }
  const keys = Object.values(THEIRS).map(({ signer }) => signer)
  const decreed = tenancy.make('charter', charter, [authority.identity], { keys, notice: NOTICE.signer })
  const blobs = [client.blob(900), client.blob(901)]
  const deposits = blobs.map((blob) => client.admit(blob))
  await all(log, [decreed, tenancy.codes(client, [THEIR_CODE]), ...deposits])
  return { tenancy, client, deposits: deposits.map(({ digest }) => digest), blobs }
}

/** The release of a request, and its key blobs in the order in which they are handed out. */
export function releaseFor(
  served: Served,
  tenancy: Tenancy,
  {
    digest,
    blobs,
  }: {
    readonly digest: Uint8Array
    readonly blobs: readonly { readonly id: Uint8Array; readonly blob: Uint8Array }[]
  },
): { readonly envelope: Uint8Array; readonly keyBlobs: Uint8Array } {
  const payload = {
    identity: tenancy.identity,
    tenant: tenancy.tenant,
    custodian: CUSTODIAN.signer,
    subject: digest,
    kind: 'request',
    count: blobs.length,
    results: releaseListDigest(sha256, blobs),
    checkpoint: { size: 1, root: bytesOf(1) },
    created: served.scene.now,
  } as const
  const sorted = blobs.toSorted((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1))
  return {
    envelope: encodeEnvelope(signStatement(sha256, ACTS.release, payload, [CUSTODIAN])),
    keyBlobs: encodeKeyBlobs(sorted.map(({ blob }) => blob)),
  }
}

/** Two officers approve, the waiting time passes, the custodian releases and hands out. */
export async function releasedThrough(
  served: Served,
  tenancy: Tenancy,
  release: {
    readonly digest: Uint8Array
    readonly blobs: readonly { readonly id: Uint8Array; readonly blob: Uint8Array }[]
  },
): Promise<void> {
  const { scene } = served
  for (const officer of ['bo', 'cy'] as const) {
    await sent(served, '/v1/statements', tenancy.approval(release.digest, scene.now, officer).bytes)
  }
  scene.now += DAY
  const { envelope, keyBlobs } = releaseFor(served, tenancy, release)
  await sent(served, '/v1/releases', envelope)
  const target = `/v1/requests/${toHex(release.digest)}/release`
  const put = { method: 'PUT', type: MEDIA_TYPES.keyBlobs, body: keyBlobs }
  const answer = await asKey(served, CUSTODIAN, target, put)
  if (answer.status !== 200) throw new Error(answer.text)
}

async function sent(served: Served, path: string, body: Uint8Array): Promise<void> {
  const { status, text } = await send(served, path, body)
  if (status !== 200) throw new Error(text)
}
