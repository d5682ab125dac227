import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { parseKeyBlobs } from '@strongroom/core/protocol'
import { custodianRound } from '../../src/custodian/index.ts'
import { authorityOf, folderOf, keys, removeFolders } from './connected.ts'
import { story } from './story.ts'
import { DAY } from './world.ts'

after(removeFolders)

describe('a round of a connected custodian', () => {
  test('releases, then hands out, and verifies what nobody opened', async () => {
    const told = story({ custodian: keys.signer })
    const { wire, sent, now } = authorityOf(told)
    const folder = folderOf('usual', told)
    const first = await custodianRound(folder, keys, wire, { now })
    assert.deepEqual(first.released, [told.subject])
    assert.deepEqual(first.handedOut, [])
    assert.deepEqual(first.verified, { right: 2, wrong: 0 })
    const second = await custodianRound(folder, keys, wire, { now })
    assert.deepEqual(second.handedOut, [told.subject])
    assert.equal(parseKeyBlobs(sent.blobs ?? new Uint8Array(0)).length, 2)
    const third = await custodianRound(folder, keys, wire, { now })
    assert.deepEqual(third, {
      released: [],
      handedOut: [],
      answered: [],
      refused: [],
      verified: { right: 0, wrong: 0 },
    })
    folder.close()
  })
  test('goes on with others when one is refused, and says why', async () => {
    const told = story({ custodian: keys.signer, approvals: () => [] })
    const { wire, now } = authorityOf(told)
    const folder = folderOf('refused', told)
    const round = await custodianRound(folder, keys, wire, { now })
    assert.deepEqual(
      round.refused.map(({ code }) => code),
      ['BUNDLE_APPROVALS'],
    )
    assert.deepEqual(round.verified, { right: 2, wrong: 0 })
    folder.close()
  })
  test('asks for nothing that has to wait, and nothing more when it is stopped', async () => {
    const told = story({ custodian: keys.signer })
    const { wire, now } = authorityOf(told)
    const folder = folderOf('stopped', told)
    const early = await custodianRound(folder, keys, wire, { now: () => now() - DAY })
    assert.deepEqual(early.released, [])
    const stopped = await custodianRound(folder, keys, wire, { now, signal: AbortSignal.abort() })
    assert.deepEqual(stopped.released, [])
    folder.close()
  })
})
