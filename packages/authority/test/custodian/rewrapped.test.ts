import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { MlKem768X25519Identity, parseHeader, unwrapFileKey, type Identity } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import { nodeMeans } from '@strongroom/core/client'
import {
  encodeRecoveryBundle,
  parseKeyBlobs,
  parseRecoveryBundle,
  verifyEpochs,
  type BundledRewrap,
  type RecoveryBundle,
} from '@strongroom/core/protocol'
import {
  checkBundle,
  CustodianError,
  handOut,
  releaseBundle,
  rewrapDeposits,
  verifyDeposits,
  type CustodianKeys,
  type DepositTrust,
} from '../../src/custodian/index.ts'
import { rewrapBlob } from '../../src/custodian/wrapped-key.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { knowledgeOf } from './checking.ts'
import { folderOf, keys, removeFolders } from './connected.ts'
import { SESSION_KEYS, story, withRelease, type Story } from './story.ts'
import { EXCHANGE, IDENTITY_PRINT, RECIPIENT, type World } from './world.ts'

after(removeFolders)

const identityOf = (seed: number) => MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(seed))
const NEXT = identityOf(8)
const LAST = identityOf(9)
const custodian = keys.signer

/** A story whose exchange key was changed after the deposits. */
const rotated = (...exchanges: MlKem768X25519Identity[]): Story =>
  story({
    custodian,
    before: (world) => {
      for (const exchange of exchanges) world.epoch({ custodian, exchange })
    },
  })

const holding = (...identities: Identity[]): CustodianKeys => ({ ...keys, identities })

function judgedBy(world: World): DepositTrust {
  const trust = { ...nodeMeans, identity: IDENTITY_PRINT }
  const tree = { size: world.leaves.length, root: world.root(world.leaves.length) }
  return { trust, epochs: verifyEpochs(world.epochs, trust), tree, now: 0 }
}

/** What a custodian makes of the deposits of the first epoch, with what was made before. */
function rewraps(
  { bundle, world }: Story,
  identities: readonly Identity[],
  number: number,
  before: readonly BundledRewrap[] = [],
): BundledRewrap[] {
  const judged = judgedBy(world)
  const to = judged.epochs.find(number)
  assert.ok(to)
  const known = new Map(before.map(({ id, blob }) => [toHex(id), blob]))
  const deposits = bundle.deposits.map((blob) => {
    const rewrapped = known.get(toHex(sha256(blob)))
    return { blob, owner: bundle.enrolments, ...(rewrapped && { rewrapped }) }
  })
  const { wrapped, failed } = rewrapDeposits(deposits, 1, to, holding(...identities), judged)
  assert.deepEqual(failed, [])
  return wrapped.toSorted((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1))
}

/** Releases and hands out with these keys. @returns the session keys that the requester finds */
function recovered(told: Story, bundle: RecoveryBundle, own: CustodianKeys, name: string): string[] {
  const folder = folderOf(name, told)
  try {
    // As it travels.
    const read = parseRecoveryBundle(encodeRecoveryBundle(bundle))
    const { envelope } = releaseBundle(read, folder, own, told.now)
    const shown = withRelease({ ...told, bundle }, envelope)
    const { blobs } = handOut(shown.bundle, folder, shown.now)
    return parseKeyBlobs(blobs).map((blob) => toHex(unwrapFileKey(parseHeader(blob), [RECIPIENT])))
  } finally {
    folder.close()
  }
}

const refuses = (code: CustodianError['code'], run: () => unknown): void => {
  assert.throws(run, (error) => error instanceof CustodianError && error.code === code)
}
const expected = SESSION_KEYS.map(toHex).toSorted()

describe('a release after a rotation (M20)', () => {
  test('gives what was deposited for a key that is gone, by its rewrap', () => {
    const told = rotated(NEXT)
    const rewrapped = rewraps(told, [EXCHANGE, NEXT], 2)
    refuses('CUSTODIAN_DEPOSITS', () => recovered(told, told.bundle, holding(NEXT), 'without'))
    const found = recovered(told, { ...told.bundle, rewrapped }, holding(NEXT), 'with')
    assert.deepEqual(found.toSorted(), expected)
  })

  test('goes on from rewrap to rewrap: each key opens what the one before left', () => {
    const told = rotated(NEXT, LAST)
    const first = rewraps(told, [EXCHANGE, NEXT], 2)
    const second = rewraps(told, [NEXT, LAST], 3, first)
    const found = recovered(told, { ...told.bundle, rewrapped: second }, holding(LAST), 'twice')
    assert.deepEqual(found.toSorted(), expected)
  })

  test('does not mind a wrong rewrap where the key of the deposit is there', () => {
    const told = rotated(NEXT)
    const rewrapped = rewraps(told, [EXCHANGE, NEXT], 2).map(({ id }) => ({ id, blob: bytesOf(1, 90) }))
    const found = recovered(told, { ...told.bundle, rewrapped }, holding(EXCHANGE, NEXT), 'own-key')
    assert.deepEqual(found.toSorted(), expected)
  })

  test('fails in one way for every rewrap that is not of that deposit and its session key', () => {
    const told = rotated(NEXT)
    const good = rewraps(told, [EXCHANGE, NEXT], 2)
    const to = judgedBy(told.world).epochs.latest
    const [one, two] = good
    assert.ok(one && two)
    const other = rewrapBlob(bytesOf(0xbad, 16), to, one.id)
    const cut = one.blob.slice(0, -1)
    const flipped = one.blob.slice()
    flipped[flipped.length - 5] = (flipped[flipped.length - 5] ?? 0) ^ 1
    for (const [i, blob] of [two.blob, other, cut, flipped, told.bundle.deposits[0] ?? cut].entries()) {
      const small = blob.length <= 4_096 ? blob : cut
      const rewrapped = [{ ...one, blob: small }, two]
      refuses('CUSTODIAN_DEPOSITS', () =>
        recovered(told, { ...told.bundle, rewrapped }, holding(NEXT), `wrong-${i}`),
      )
    }
  })

  test('opens what somebody else wrapped of the right session key: only its owner or the custodian can', () => {
    const told = rotated(NEXT)
    const to = judgedBy(told.world).epochs.latest
    const good = rewraps(told, [EXCHANGE, NEXT], 2)
    const foreign = good.map(({ id, blob }) => {
      const sessionKey = unwrapFileKey(parseHeader(blob), [NEXT])
      return { id, blob: rewrapBlob(sessionKey, to, id) }
    })
    const found = recovered(told, { ...told.bundle, rewrapped: foreign }, holding(NEXT), 'foreign')
    assert.deepEqual(found.toSorted(), expected)
  })

  test('is refused with a rewrap of what is not asked for, before anything is opened', () => {
    const told = rotated(NEXT)
    const rewrapped = [{ id: bytesOf(1), blob: bytesOf(1, 90) }]
    refuses('BUNDLE_DEPOSITS', () =>
      checkBundle(
        { ...told.bundle, rewrapped },
        knowledgeOf(told, { signers: [custodian.signer] }),
        told.now,
      ),
    )
  })

  test('and new deposits of the old epoch are still verified, by their rewraps', () => {
    const told = rotated(NEXT)
    const judged = judgedBy(told.world)
    const good = rewraps(told, [EXCHANGE, NEXT], 2)
    const byId = new Map(good.map(({ id, blob }) => [toHex(id), blob]))
    const deposits = told.bundle.deposits.map((blob) => {
      const rewrapped = byId.get(toHex(sha256(blob)))
      return { blob, owner: told.bundle.enrolments, ...(rewrapped && { rewrapped }) }
    })
    const { results } = verifyDeposits(deposits, 1, holding(NEXT), judged)
    assert.ok(results.every(({ right }) => right))
  })
})
