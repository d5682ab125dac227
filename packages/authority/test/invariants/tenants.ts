import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import {
  depositListDigest,
  encodeEnvelope,
  encodeProbeSubmission,
  encodeRequestSubmission,
  keyNameOf,
  MEDIA_TYPES,
  parseDepositPage,
  parseEnvelope,
  signStatement,
  ACTS,
  type MessageSigner,
} from '@strongroom/core/protocol'
import { ROUTES } from '../../src/http/route-table.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import type { RawAnswer } from '../support/raw-request.ts'
import { CODE, NEWCOMER } from '../support/recovery.ts'
import { whileServed, type Served } from '../support/served.ts'
import type { SceneTests } from '../support/suite.ts'
import {
  ask,
  asNamed,
  otherPeople,
  people,
  releasedThrough,
  releaseFor,
  SECOND_CODE,
  send,
  THEIR_CODE,
  THEIRS,
  type Peopled,
} from './asking.ts'

/** What stands for somebody's: the real one of the first tenant, or one of the same form that nobody has. */
interface Values {
  readonly id: Uint8Array
  readonly digest: Uint8Array
  readonly client: string
  readonly link: string
}

interface World {
  readonly served: Served
  readonly victim: Peopled
  readonly other: Peopled
  /** The first has an open request and a released one. */
  readonly victims: readonly Values[]
  readonly nobodys: Values
}

/** Two tenants, of which the first has everything that there is. */
async function worldOf(served: Served): Promise<World> {
  const client = served.client()
  const blobs = [1, 2, 3].map((i) =>
    client.blob(i, { description: { kind: 'plain', text: `the secret of acme, ${i}` } }),
  )
  const victim = await people(served, blobs)
  const other = await otherPeople(served)
  const released = await ask(served, { ...victim, deposits: victim.deposits.slice(0, 1) })
  assert.equal(released.answer.status, 200, released.answer.text)
  const open = await ask(served, victim, { evidence: [{ kind: 'recovery-code', key: SECOND_CODE.signer }] }, [
    NEWCOMER,
    SECOND_CODE,
  ])
  assert.equal(open.answer.status, 200, open.answer.text)
  const [id = bytesOf(1)] = victim.deposits
  await releasedThrough(served, victim.tenancy, {
    digest: released.digest,
    blobs: [{ id, blob: bytesOf(77, 40) }],
  })
  const values = (digest: Uint8Array): Values => ({
    id,
    digest,
    client: client.owner.client,
    link: `${toHex(digest)}${'00'.repeat(32)}`,
  })
  const nobody = bytesOf(0x7777)
  return {
    served,
    victim,
    other,
    victims: [values(open.digest), values(released.digest)],
    nobodys: {
      id: nobody,
      digest: nobody,
      client: `c-${'7'.repeat(24)}`,
      link: `${toHex(nobody)}${'00'.repeat(32)}`,
    },
  }
}

/** Everybody of the second tenant, who asks under their own name. */
function callers({
  other,
}: World): Readonly<Record<string, { readonly pair: MessageSigner; readonly name: string }>> {
  const named = (pair: MessageSigner) => ({ pair, name: keyNameOf(sha256, pair.signer) })
  return {
    'a client': { pair: other.client.pair, name: other.client.owner.client },
    'its key': named(other.client.pair),
    'an administrator': named(THEIRS.zoe),
    'an officer': named(THEIRS.yan),
    'a code': named(THEIR_CODE),
  }
}

const targetOf = (path: string, values: Values): string =>
  path.replace(/\{([a-z]+)\}/, (_, name: string) => {
    if (name === 'tile') return '0/000'
    const value = values[name as keyof Values]
    return typeof value === 'string' ? value : toHex(value)
  })

/** How something of the first tenant would be written. */
function marksOf({ victim, victims }: World): string[] {
  const { client, deposits } = victim
  return [
    'the secret of acme',
    'the laptop burnt',
    client.owner.client,
    client.pair.signer,
    CODE.signer,
    ...deposits.map(toHex),
    ...victims.map(({ digest }) => toHex(digest)),
  ]
}

/** Statements of somebody of the second tenant about something of the first, by the paths that take them. */
const BODIES: Readonly<
  Record<
    string,
    (world: World, values: Values) => readonly { readonly body: Uint8Array; readonly type: string }[]
  >
> = {
  '/v1/statements': ({ served, other, victim }, { digest, client }) => {
    const { now } = served.scene
    const statements = [victim.tenancy, other.tenancy].flatMap((tenancy) => [
      tenancy.sign(
        'approval',
        {
          ...approvalOf(tenancy.identity, tenancy.tenant, digest, now),
          person: 'yan',
          by: THEIRS.yan.signer,
        },
        THEIRS.yan,
      ),
      tenancy.sign(
        'rejection',
        {
          identity: tenancy.identity,
          tenant: tenancy.tenant,
          subject: digest,
          person: 'yan',
          by: THEIRS.yan.signer,
          reason: 'no',
          created: now,
        },
        THEIRS.yan,
      ),
      tenancy.sign(
        'cancellation',
        {
          identity: tenancy.identity,
          tenant: tenancy.tenant,
          subject: digest,
          capacity: 'owner',
          by: other.client.pair.signer,
          created: now,
        },
        other.client.pair,
      ),
      tenancy.sign(
        'vetting',
        {
          identity: tenancy.identity,
          tenant: tenancy.tenant,
          client,
          person: 'yan',
          by: THEIRS.yan.signer,
          code: bytesOfKey(),
          evidence: 'a passport',
          created: now,
          expires: now + 3_600_000,
        },
        THEIRS.yan,
      ),
    ])
    return statements.map((body) => ({ body, type: MEDIA_TYPES.envelope }))
  },
  '/v1/requests': ({ served, other, victim }, { id, client }) =>
    [victim.tenancy, other.tenancy].map((tenancy) => {
      const changes = { client, evidence: [{ kind: 'recovery-code', key: THEIR_CODE.signer }] } as const
      const payload = {
        ...tenancy.requestFor(other.client, [id], served.scene.now, changes),
        nonce: bytesOf(0x99),
      }
      const statement = parseEnvelope(tenancy.sign('request', payload, NEWCOMER, THEIR_CODE))
      const body = encodeRequestSubmission({ statement, deposits: [id], challenge: bytesOf(1) })
      return { body, type: MEDIA_TYPES.json }
    }),
  '/v1/probes': ({ served, other, victim }, { id, client }) =>
    [victim.tenancy, other.tenancy].flatMap(({ tenant, identity }) =>
      [client, other.client.owner.client].map((named) => {
        const { signer } = other.client.pair
        const deposits = { count: 1, digest: depositListDigest(sha256, [id]) }
        const created = served.scene.now
        const payload = { identity, tenant, client: named, signer, deposits, nonce: bytesOf(0x98), created }
        const statement = signStatement(sha256, ACTS.probe, payload, [other.client.pair])
        return { body: encodeProbeSubmission({ statement, deposits: [id] }), type: MEDIA_TYPES.json }
      }),
    ),
  '/v1/releases': ({ served, victim }, { id, digest }) => {
    const blobs = [{ id, blob: bytesOf(1, 40) }]
    const { envelope } = releaseFor(served, victim.tenancy, { digest, blobs })
    const { payload, payloadType } = parseEnvelope(envelope)
    const read = ACTS.release.payload.read(JSON.parse(Buffer.from(payload).toString()), payloadType)
    const forged = { ...read, custodian: THEIRS.yan.signer }
    const body = encodeEnvelope(signStatement(sha256, ACTS.release, forged, [THEIRS.yan]))
    return [{ body, type: MEDIA_TYPES.envelope }]
  },
}

const approvalOf = (identity: string, tenant: string, subject: Uint8Array, now: number) => ({
  identity,
  tenant,
  subject,
  evidence: 'called back',
  created: now,
  expires: now + 3_600_000,
})

const bytesOfKey = () => THEIRS.wim.signer

/** Paths that take nothing about anybody who is there: a key that is new, or what the custodian signs about lists that it brings itself. */
const ABOUT_NOBODY: ReadonlySet<string> = new Set([
  '/v1/deposits', // below
  '/v1/enrolments/challenge',
  '/v1/enrolments',
  '/v1/requests/challenge',
  '/v1/completions',
  '/v1/verifications',
  '/v1/rewraps',
  '/v1/probes/answers',
])

/** Of everybody, all of it: about the log that both share. */
const OF_THE_LOG: ReadonlySet<string> = new Set([
  '/tile/{tile}',
  '/checkpoint',
  '/v1/authority',
  '/healthz',
  '/readyz',
  '/openapi.json',
  '/docs',
])

async function answered(
  world: World,
  caller: { readonly pair: MessageSigner; readonly name: string },
  route: (typeof ROUTES)[number],
  values: Values,
): Promise<RawAnswer> {
  const { method, path, bodies } = route
  const [type] = Object.keys(bodies ?? {})
  const body = method === 'GET' ? undefined : new Uint8Array(44)
  return await asNamed(world.served, caller, targetOf(path, values), {
    method,
    ...(body && { body }),
    ...(body && type && { type }),
  })
}

/** The page of a link shows the beginning of it. */
const withoutLink = ({ comparable }: RawAnswer, { link }: Values): string =>
  comparable.replaceAll(link.slice(0, 16), '')

export const TENANTS: SceneTests = {
  'I11: nobody of another tenant reads or touches anything, by any id, on any route': async (scene) =>
    whileServed(scene, async (served) => {
      const world = await worldOf(served)
      const marks = marksOf(world)
      let asked = 0
      for (const [who, caller] of Object.entries(callers(world))) {
        for (const route of ROUTES.filter(
          ({ auth, path }) => auth !== 'statement' && !OF_THE_LOG.has(path),
        )) {
          for (const values of world.victims) {
            const { text, status } = await answered(world, caller, route, values)
            const what = `${who}: ${route.method} ${route.path}: ${status}`
            if (route.path.includes('{') && route.auth !== 'public')
              assert.ok(status >= 400 && status < 500, what)
            for (const mark of marks) assert.ok(!text.includes(mark), `${what}: ${mark}`)
            asked++
          }
        }
      }
      assert.ok(asked > 100, `${asked} asked`)
      // Who may see it, sees it.
      const { client, deposits } = world.victim
      const own = await served.read(`/v1/deposits/${toHex(deposits[0] ?? bytesOf(0))}`, client)
      assert.deepEqual(own.body, world.victim.blobs[0])
    }),

  'I11: nobody of another tenant decides anything there, and nothing of it is logged': async (scene) =>
    whileServed(scene, async (served) => {
      const world = await worldOf(served)
      const { store } = served.service.authority
      const posts = ROUTES.filter(({ method, auth }) => method === 'POST' && auth !== 'public').map(
        ({ path }) => path,
      )
      assert.deepEqual(
        posts.filter((path) => !(path in BODIES) && !ABOUT_NOBODY.has(path)),
        [],
        'a path without a test',
      )
      const { size } = await store.head()
      for (const [path, bodiesOf] of Object.entries(BODIES)) {
        for (const values of world.victims) {
          for (const [i, { body, type }] of bodiesOf(world, values).entries()) {
            const { status, text } = await send(served, path, body, type)
            assert.ok(status >= 400 && status < 500, `${path} ${i}: ${status} ${text}`)
          }
        }
      }
      assert.equal((await store.head()).size, size)
      // A deposit may say that it replaces anything; what is not its owner's is not replaced, and nobody hears whether it is there.
      const { victim, other, victims, nobodys } = world
      const said: string[] = []
      for (const [i, { id }] of [...victims.slice(0, 1), nobodys].entries()) {
        const blob = other.client.blob(950 + i, { previous: id })
        const answer = await served.ask('POST', '/v1/deposits', { type: MEDIA_TYPES.deposit, body: blob })
        said.push(`${answer.status} ${Object.keys(JSON.parse(answer.text) as object).join()}`)
      }
      assert.deepEqual(said, [said[0], said[0]])
      const { deposits } = parseDepositPage((await served.read('/v1/deposits', victim.client)).body)
      assert.equal(deposits.length, victim.deposits.length)
    }),

  'I12: what is somebody else’s is answered as what nobody has, byte for byte': async (scene) =>
    whileServed(scene, async (served) => {
      const world = await worldOf(served)
      let compared = 0
      for (const [who, caller] of Object.entries(callers(world))) {
        for (const route of ROUTES.filter(({ auth, path }) => auth !== 'statement' && path.includes('{'))) {
          if (OF_THE_LOG.has(route.path)) continue
          const nobodys = await answered(world, caller, route, world.nobodys)
          for (const values of world.victims) {
            const theirs = await answered(world, caller, route, values)
            // The page of a link shows the beginning of it.
            assert.equal(
              withoutLink(theirs, values),
              withoutLink(nobodys, world.nobodys),
              `${who}: ${route.method} ${route.path}`,
            )
            compared++
          }
        }
      }
      for (const [path, bodiesOf] of Object.entries(BODIES)) {
        const nobodys = bodiesOf(world, world.nobodys)
        for (const values of world.victims) {
          for (const [i, { body, type }] of bodiesOf(world, values).entries()) {
            const theirs = await send(served, path, body, type)
            const none = await send(served, path, nobodys[i]?.body ?? body, type)
            assert.equal(theirs.comparable, none.comparable, `${path} ${i}`)
            compared++
          }
        }
      }
      assert.ok(compared > 60, `${compared} compared`)
    }),
}
