import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createContainer, parseContainer } from '@strongroom/core/container'
import * as fc from 'fast-check'
import {
  CustodianError,
  encodeForShares,
  encodeShare,
  keyIdOf,
  keysOfContainer,
  parseShare,
  printShare,
  ShareCollection,
  splitSecret,
  unlockWithShares,
} from '../../src/custodian/index.ts'
import { bytesOf } from '../support/authority.ts'

const SECRET = bytesOf(0x5ec7e7)
const KEY = bytesOf(1)
const three = await splitSecret(SECRET, { threshold: 3, count: 5, key: KEY })
const other = await splitSecret(SECRET, { threshold: 3, count: 5, key: KEY })
const text = (i: number, from = three): string => from.texts[i] ?? ''

const refuses = (code: CustodianError['code'], run: () => unknown): void => {
  assert.throws(run, (error) => error instanceof CustodianError && error.code === code)
}

describe('shares', () => {
  test('of which any three give the secret again', async () => {
    for (const chosen of [
      [0, 1, 2],
      [4, 2, 0],
      [1, 3, 4],
    ]) {
      const shares = new ShareCollection(three.set)
      for (const i of chosen) shares.add(printShare(text(i)).toLowerCase())
      assert.equal(shares.missing, 0)
      assert.deepEqual(await shares.secret(), SECRET)
    }
  })
  test('of which fewer give nothing', async () => {
    const shares = new ShareCollection()
    assert.equal(shares.missing, undefined)
    shares.add(text(0))
    shares.add(text(1))
    assert.equal(shares.missing, 1)
    await assert.rejects(shares.secret(), { code: 'SHARES_FEW' })
    await assert.rejects(new ShareCollection(three.set).secret(), { code: 'SHARES_FEW' })
  })
  test('are read as they were written, and a mistyped character is found', () => {
    const share = parseShare(text(0))
    assert.equal(encodeShare(share), text(0))
    assert.deepEqual([share.index, share.threshold, share.count], [1, 3, 5])
    const typed = text(0)
    for (let i = 0; i < typed.length; i++) {
      const wrong = typed[i] === 'Q' ? 'P' : 'Q'
      refuses('SHARE_FORMAT', () => parseShare(typed.slice(0, i) + wrong + typed.slice(i + 1)))
      refuses('SHARE_FORMAT', () => parseShare(typed.slice(0, i)))
    }
    for (const nonsense of ['', 'STRONGROOM-SHARE-1', 'x'.repeat(10_000), 'AGE-SECRET-KEY-1QQQQ']) {
      refuses('SHARE_FORMAT', () => parseShare(nonsense))
    }
  })
  test('never stand in a message', () => {
    fc.assert(
      fc.property(fc.string(), (typed) => {
        assert.throws(
          () => parseShare(typed),
          (error) => error instanceof CustodianError && (typed.length < 4 || !error.message.includes(typed)),
        )
      }),
    )
  })
  test('of another key, from another day, given twice, or changed are named before anything is tried', async () => {
    const shares = new ShareCollection(three.set)
    const foreign = await splitSecret(SECRET, { threshold: 2, count: 2, key: bytesOf(2) })
    refuses('SHARE_OTHER', () => shares.add(text(0, foreign)))
    refuses('SHARE_OTHER', () => shares.add(text(0, other)))
    assert.equal(shares.add(text(0)), 1)
    refuses('SHARE_TWICE', () => shares.add(text(0)))
    const share = parseShare(text(1))
    const value = share.value.slice()
    value[3] = (value[3] ?? 0) ^ 1
    refuses('SHARE_WRONG', () => shares.add(encodeShare({ ...share, value })))
    refuses('SHARE_WRONG', () => shares.add(encodeShare({ ...share, index: 3 })))
  })
  test('that were changed are found without the folder too', async () => {
    const shares = new ShareCollection()
    shares.add(text(0))
    shares.add(text(1))
    refuses('SHARE_OTHER', () => shares.add(text(2, other)))
    const share = parseShare(text(2))
    const value = share.value.slice()
    value[3] = (value[3] ?? 0) ^ 1
    shares.add(encodeShare({ ...share, value }))
    await assert.rejects(shares.secret(), { code: 'SHARE_WRONG' })
  })
  test('open the container that was protected with their secret, and no other', async () => {
    const container = createContainer({ name: 'key', profile: 'pq', now: new Date(0) })
    const locked = parseContainer(encodeForShares(container, SECRET))
    assert.equal(locked.protection, 'keyring')
    const key = keyIdOf(locked.info)
    const made = await splitSecret(SECRET, { threshold: 2, count: 3, key })
    const shares = new ShareCollection(made.set)
    shares.add(text(0, made))
    shares.add(text(2, made))
    const keys = keysOfContainer(await unlockWithShares(locked, shares))
    assert.equal(keys.signer.signer, container.signingKey('pq').signer.toString())
    const wrong = await splitSecret(bytesOf(9), { threshold: 2, count: 2, key })
    const others = new ShareCollection(wrong.set)
    others.add(text(0, wrong))
    others.add(text(1, wrong))
    await assert.rejects(unlockWithShares(locked, others), { code: 'CONTAINER_LOCKED' })
  })
})
