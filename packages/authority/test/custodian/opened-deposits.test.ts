import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { MlKem768X25519Identity, parseHeader, unwrapFileKey } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import { nodeMeans } from '@strongroom/core/client'
import {
  ACTS,
  completionListDigest,
  openStatement,
  parseRewrapBody,
  verificationListDigest,
  verifyEpochs,
  type Envelope,
} from '@strongroom/core/protocol'
import {
  CustodianError,
  RewrapFiles,
  rewrapDeposits,
  stateRewrap,
  verifyDeposits,
  type DepositTrust,
  type OwnedDeposit,
} from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { faultyCalls } from './faulty-calls.ts'
import { depositOf, SESSION_KEYS, story, type Story } from './story.ts'
import { CUSTODIAN, EXCHANGE, forged, IDENTITY_PRINT, KEYS, START, STRANGER } from './world.ts'

const root = await mkdtemp(join(tmpdir(), 'rewraps-'))
after(() => rm(root, { recursive: true }))

const NEXT = MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(8))
const told = story({ wrongKey: bytesOf(0xbad, 16), before: () => {} })
const [enrolment] = told.bundle.enrolments
const owned = (blobs: readonly Uint8Array[]): OwnedDeposit[] =>
  blobs.flatMap((blob) => (enrolment ? [{ blob, owner: [enrolment] }] : []))

function judgedBy({ world }: Story): DepositTrust {
  const trust = { ...nodeMeans, identity: IDENTITY_PRINT }
  const tree = { size: world.leaves.length, root: world.root(world.leaves.length) }
  return { trust, epochs: verifyEpochs(world.epochs, trust), tree, now: START }
}

const refuses = (code: CustodianError['code'], run: () => unknown): void => {
  assert.throws(run, (error) => error instanceof CustodianError && error.code === code)
}

describe('verifying deposits (level 2)', () => {
  const judged = judgedBy(told)
  test('says of each whether it holds what was promised, and why is not said (M1)', () => {
    const { statement, results } = verifyDeposits(owned(told.bundle.deposits), 1, KEYS, judged)
    assert.equal(results.filter(({ right }) => right).length, 2)
    assert.equal(results.length, 3)
    const { payload } = openStatement(ACTS.verification, statement, nodeMeans)
    assert.deepEqual(payload.results, verificationListDigest(sha256, results))
    assert.equal(payload.custodian, CUSTODIAN.signer)
    assert.equal(payload.count, 3)
  })
  test('calls nothing right that is of another epoch, owner or key, or was changed', () => {
    const [blob = new Uint8Array(0)] = told.bundle.deposits
    const changed = blob.slice()
    changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 1
    const one = (deposit: OwnedDeposit, epoch = 1, keys = KEYS) =>
      verifyDeposits([deposit], epoch, keys, judged).results[0]?.right
    assert.ok(enrolment)
    assert.equal(one({ blob, owner: [enrolment] }, 2), false)
    assert.equal(one({ blob, owner: [forged(enrolment)] }), false)
    assert.equal(one({ blob: changed, owner: [enrolment] }), false)
    assert.equal(one({ blob, owner: [enrolment] }, 1, { ...KEYS, identities: [NEXT] }), false)
    assert.equal(one({ blob: bytesOf(1), owner: [enrolment] }), false)
  })
  test('is stated by the custodian of the last epoch alone', () => {
    refuses('CUSTODIAN_KEY', () => verifyDeposits([], 1, { ...KEYS, signer: STRANGER }, judged))
  })
})

describe('wrapping for another epoch (M20)', () => {
  const second = story({ before: (world) => world.epoch({ exchange: NEXT }) })
  const { epochs } = judgedBy(second)
  const judged = judgedBy(second)
  const keys = { ...KEYS, identities: [NEXT, EXCHANGE] }
  const to = epochs.latest
  // Made for the first epoch: the story has made none for the second.
  const blobs = second.bundle.deposits
  const [own] = second.bundle.enrolments
  const deposits = blobs.flatMap((blob) => (own ? [{ blob, owner: [own] }] : []))

  test('gives the same session keys under the new key, bound to deposit and epoch', () => {
    const { wrapped, failed } = rewrapDeposits(deposits, 1, to, keys, judged)
    assert.deepEqual(failed, [])
    const found = wrapped.map(({ id, blob }) => {
      const header = parseHeader(blob)
      const body = parseRewrapBody(header.stanzas[1]?.body ?? new Uint8Array(0))
      assert.deepEqual(body, { deposit: id, epochNumber: 2, epochDigest: to.digest })
      return toHex(unwrapFileKey(header, [NEXT]))
    })
    assert.deepEqual(found.toSorted(), SESSION_KEYS.map(toHex).toSorted())
    const statement = stateRewrap(wrapped, { from: 1, to: 2 }, keys, judged)
    assert.equal(openStatement(ACTS.rewrap, statement, nodeMeans).payload.count, 2)
  })

  test('is refused where the new key is not at hand: nobody could say that it opens', () => {
    refuses('CUSTODIAN_KEY', () => rewrapDeposits(deposits, 1, to, KEYS, judged))
  })

  test('is complete when every deposit is wrapped, and not before', () => {
    const folder = join(root, 'complete')
    const ids = blobs.map((blob) => sha256(blob))
    const files = new RewrapFiles(folder, { from: 1, to: 2 })
    const { wrapped } = rewrapDeposits(deposits, 1, to, keys, judged)
    files.keep(wrapped.slice(0, 1))
    refuses('CUSTODIAN_DEPOSITS', () => files.complete(ids, keys, judged))
    assert.equal(files.open(ids).length, 1)
    files.keep(wrapped)
    const again = new RewrapFiles(folder, { from: 1, to: 2 })
    assert.deepEqual(again.open(ids), [])
    const completion = again.complete(ids, keys, judged)
    const { payload } = openStatement(ACTS.completion, completion, nodeMeans)
    assert.deepEqual(payload.results, completionListDigest(sha256, wrapped))
  })

  test('goes on where the disk failed, and wraps nothing twice (M16, M26)', () => {
    const { wrapped } = rewrapDeposits(deposits, 1, to, keys, judged)
    for (let failing = 0; ; failing++) {
      const folder = join(root, `failing-${failing}`)
      const faults = faultyCalls(failing)
      const broken = new RewrapFiles(folder, { from: 1, to: 2 }, faults.calls)
      try {
        for (const one of wrapped) broken.keep([one])
      } catch (error) {
        assert.match(String(error), /the disk is gone/)
      }
      const files = new RewrapFiles(folder, { from: 1, to: 2 })
      const open = files.open(wrapped.map(({ id }) => id))
      files.keep(wrapped.filter(({ id }) => open.includes(id)))
      assert.deepEqual(files.open(wrapped.map(({ id }) => id)), [])
      if (!faults.failed()) break
    }
  })

  test('a deposit that does not open keeps the old key', () => {
    const lying = depositOf(second.world, bytesOf(1, 16), 55)
    const other: Envelope | undefined = second.bundle.enrolments[0]
    assert.ok(other)
    const { failed } = rewrapDeposits([{ blob: lying, owner: [other] }], 1, to, keys, judged)
    assert.deepEqual(failed, [sha256(lying)])
  })
})
