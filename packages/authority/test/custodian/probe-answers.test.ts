/** Probes as the custodian judges them: what it answers, and what nobody can make it open. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MlKem768X25519Identity } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import { nodeMeans, probeMac } from '@strongroom/core/client'
import {
  ACTS,
  depositListDigest,
  openStatement,
  probeListDigest,
  sortedIds,
  verifyEpochs,
  type Envelope,
  type Probe,
  type ProbeFile,
} from '@strongroom/core/protocol'
import { EMPTY_EDGE, extendTiles, TiledTree } from '@strongroom/core/tlog'
import { CustodianError, type CustodianKeys } from '../../src/custodian/index.ts'
import { answerProbe, type ProbeTrust } from '../../src/custodian/probe-answers.ts'
import { rewrapBlob } from '../../src/custodian/wrapped-key.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { depositOf, SESSION_KEYS, story } from './story.ts'
import {
  digestOf,
  EXCHANGE,
  forged,
  IDENTITY_PRINT,
  KEYS,
  OWNER,
  OWNER_ID,
  START,
  STRANGER,
  type World,
} from './world.ts'

const told = story({ wrongKey: bytesOf(0xbad, 16) })
const { world } = told
const [enrolment] = told.bundle.enrolments
assert.ok(enrolment)
const NEXT = MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(8))

/** A probe of the owner about these deposits, signed and logged. */
function probed(blobs: readonly Uint8Array[], changes: Partial<Probe> = {}): Envelope {
  const ids = blobs.map((blob) => sha256(blob))
  return world.state('probe', {
    identity: IDENTITY_PRINT,
    tenant: 'acme',
    client: OWNER_ID,
    signer: OWNER.signer,
    deposits: { count: ids.length, digest: depositListDigest(sha256, ids) },
    nonce: bytesOf(world.leaves.length),
    created: START,
    ...changes,
  })
}

/** What the authority shows of it. */
function shown(
  statement: Envelope,
  blobs: readonly Uint8Array[],
  changes: Partial<ProbeFile> = {},
): ProbeFile {
  const ids = sortedIds(blobs.map((blob) => sha256(blob)))
  const sorted = ids.flatMap((id) => blobs.filter((blob) => toHex(sha256(blob)) === toHex(id)))
  const deposits = sorted.map((blob) => ({ index: world.indexOf(sha256(blob)), blob, rewrapped: null }))
  const index = world.indexOf(digestOf(statement))
  return { statement, index, ids, deposits, enrolments: enrolment ? [enrolment] : [], ...changes }
}

/** The tree as the custodian saw it last. */
function judgedBy(of: World = world, size = of.leaves.length): ProbeTrust {
  const trust = { ...nodeMeans, identity: IDENTITY_PRINT }
  const tree = { size, root: of.root(size) }
  const { written } = extendTiles(sha256, EMPTY_EDGE, of.hashes(size))
  const log = new TiledTree(sha256, tree, ({ level, index }) => {
    const found = written.find(({ tile }) => tile.level === level && tile.index === index)
    return found?.bytes ?? new Uint8Array(0)
  })
  return { trust, epochs: verifyEpochs(of.epochs, trust), tree, now: START, log }
}

/** For each deposit in the order that it was given, whether it opened, by its session key. */
async function answered(file: ProbeFile, keys: CustodianKeys = KEYS, judged = judgedBy()) {
  const digest = digestOf(file.statement)
  const { statement, answers } = await answerProbe(digest, file, keys, judged)
  const { payload } = openStatement(ACTS['probe-answer'], statement, nodeMeans)
  assert.deepEqual(payload.results, probeListDigest(sha256, answers))
  assert.deepEqual(payload.subject, digest)
  assert.deepEqual(payload.checkpoint, judged.tree)
  return new Map(answers.map(({ id, mac }) => [toHex(id), mac]))
}

const refuses = (code: CustodianError['code'], run: Promise<unknown>): Promise<void> =>
  assert.rejects(run, (error) => error instanceof CustodianError && error.code === code)

const own = SESSION_KEYS.map(
  (_, i) => world.leaves.filter(({ blob }) => blob && blob.length > 1_000)[i]?.blob,
)
const [first, second] = own
assert.ok(first && second)
const lying = world.leaves.filter(({ blob }) => blob && blob.length > 1_000)[2]?.blob
assert.ok(lying)

describe('a probe', () => {
  test('is answered with a MAC for each deposit that opens, which its session key alone makes', async () => {
    const blobs = [first, second, lying]
    const statement = probed(blobs)
    const macs = await answered(shown(statement, blobs))
    for (const [i, blob] of [first, second].entries()) {
      const id = sha256(blob)
      const key = SESSION_KEYS[i] ?? bytesOf(0, 16)
      assert.deepEqual(macs.get(toHex(id)), probeMac(key, digestOf(statement), id))
    }
    assert.equal(macs.get(toHex(sha256(lying))), null, 'it holds another key than it promises')
  })
  test('of another nonce has other answers', async () => {
    const [one, other] = [probed([first]), probed([first])]
    const macs = [await answered(shown(one, [first])), await answered(shown(other, [first]))]
    assert.notDeepEqual(macs[0], macs[1])
  })
  test('is answered by the newest rewrap where the exchange key is gone', async () => {
    const statement = probed([first])
    const next = story({ before: (it) => it.epoch({ exchange: NEXT }) }).world
    const to = verifyEpochs(next.epochs, { ...nodeMeans, identity: IDENTITY_PRINT }).latest
    const rewrapped = rewrapBlob(SESSION_KEYS[0], to, sha256(first))
    const deposits = [{ index: world.indexOf(sha256(first)), blob: first, rewrapped }]
    const keys = { ...KEYS, identities: [NEXT] }
    const id = sha256(first)
    const macs = await answered(shown(statement, [first], { deposits }), keys)
    assert.deepEqual(macs.get(toHex(id)), probeMac(SESSION_KEYS[0], digestOf(statement), id))
    assert.equal((await answered(shown(statement, [first]), keys)).get(toHex(id)), null)
  })
  test('M1: of a SIMPLEBLOB opens its envelope whatever is in it, without the RSA key; of a password nothing', async () => {
    const made = (format: 'simple-blob' | 'password-parameters', i: number) =>
      world.deposit(depositOf(world, bytesOf(i, 16), i, { format, enclosed: bytesOf(i, 300) }))
    const [blob, derived] = [made('simple-blob', 70), made('password-parameters', 71)]
    const statement = probed([blob, derived])
    const keys: CustodianKeys = {
      ...KEYS,
      rsaKey: () => assert.fail('the RSA key was asked for'),
    }
    const macs = await answered(shown(statement, [blob, derived]), keys)
    const id = sha256(blob)
    assert.deepEqual(macs.get(toHex(id)), probeMac(bytesOf(70, 16), digestOf(statement), id))
    assert.equal(macs.get(toHex(sha256(derived))), null)
  })
})

describe('whatever the authority shows', () => {
  const opened = async (file: ProbeFile) => [...(await answered(file)).values()].filter((mac) => mac !== null)

  test('nothing opens that is withheld, changed, swapped, or not in the log where it is said to be', async () => {
    const statement = probed([first])
    const index = world.indexOf(sha256(first))
    const changed = first.slice()
    changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 1
    const file = (deposits: ProbeFile['deposits']) => shown(statement, [first], { deposits })
    assert.equal((await opened(file([{ index, blob: first, rewrapped: null }]))).length, 1)
    const attacks: ProbeFile['deposits'][] = [
      [],
      [{ index, blob: changed, rewrapped: null }],
      [{ index, blob: second, rewrapped: null }],
      [{ index: index + 1, blob: first, rewrapped: null }],
      [{ index: world.leaves.length + 5, blob: first, rewrapped: null }],
      [{ index: world.indexOf(digestOf(statement)), blob: first, rewrapped: null }],
    ]
    for (const deposits of attacks) assert.deepEqual(await opened(file(deposits)), [])
  })
  test('nothing opens that was logged after the probe, or by nobody', async () => {
    const unlogged = depositOf(world, bytesOf(1, 16), 80)
    const early = probed([unlogged])
    const never = shown(early, [unlogged], { deposits: [{ index: 3, blob: unlogged, rewrapped: null }] })
    assert.deepEqual(await opened(never), [])
    world.deposit(unlogged)
    assert.deepEqual(await opened(shown(early, [unlogged])), [], 'behind the probe')
  })
  test('T4: nothing opens that is another client’s, whoever signs the probe', async () => {
    const foreign = world.deposit(
      depositOf(world, bytesOf(2, 16), 81, { clientId: 'c-0123456789abcdef01234567' }),
    )
    assert.deepEqual(await opened(shown(probed([foreign]), [foreign])), [])
    const stranger = probed([first], { signer: STRANGER.signer })
    await refuses('BUNDLE_OWNER', answered(shown(stranger, [first])))
    const other = probed([first], { client: 'c-0123456789abcdef01234567' })
    await refuses('BUNDLE_OWNER', answered(shown(other, [first])))
    const tenant = probed([first], { tenant: 'other' })
    await refuses('BUNDLE_OWNER', answered(shown(tenant, [first])))
    const statement = probed([first])
    await refuses('BUNDLE_OWNER', answered(shown(statement, [first], { enrolments: [] })))
    await refuses('BUNDLE_OWNER', answered(shown(statement, [first], { enrolments: [forged(enrolment)] })))
  })
  test('a probe that is not signed, not logged, for another authority or about others is not answered', async () => {
    const statement = probed([first])
    const file = shown(statement, [first])
    await refuses('BUNDLE_STATEMENT', answered({ ...file, statement: forged(statement) }))
    await refuses('BUNDLE_NOT_LOGGED', answered({ ...file, index: file.index - 1 }))
    await refuses('BUNDLE_NOT_LOGGED', answered(file, KEYS, judgedBy(world, file.index)))
    await refuses('BUNDLE_DEPOSITS', answered({ ...file, ids: [sha256(second)] }))
    await refuses('BUNDLE_DEPOSITS', answered({ ...file, ids: [...file.ids, sha256(second)] }))
    const away = probed([first], { identity: `SHA256:${'A'.repeat(43)}` })
    await refuses('BUNDLE_FOREIGN', answered(shown(away, [first])))
    await refuses('BUNDLE_SUBJECT', answerProbe(bytesOf(1), file, KEYS, judgedBy()))
    const other = { ...KEYS, signer: STRANGER }
    await refuses('CUSTODIAN_KEY', answered(file, other))
    assert.ok(KEYS.identities.includes(EXCHANGE))
  })
  test('tiles that are not those of the tree show nothing', async () => {
    const statement = probed([first])
    const { tree, ...judged } = judgedBy()
    const log = new TiledTree(sha256, tree, ({ width }) => new Uint8Array(32 * width))
    await refuses('BUNDLE_PROOF', answered(shown(statement, [first]), KEYS, { ...judged, tree, log }))
  })
})
