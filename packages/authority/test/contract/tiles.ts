import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import { encodeBundle, encodeLogEntry, ENTRY_KINDS, TiledTree, touchedTiles } from '@strongroom/core/tlog'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf, TestAuthority } from '../support/authority.ts'
import type { SceneTests } from '../support/suite.ts'

export const TILES: SceneTests = {
  'tiles and bundles are those of the log, full ones and the edge': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    const deposits = client.deposits(0, 600)
    for (const at of [0, 100, 254, 400])
      await log.append(deposits.slice(at, { 0: 100, 100: 254, 254: 400 }[at]))
    const [epoch] = scene.authority.epochs()
    assert.ok(epoch)
    const entries = [epoch, client.enrolment(), ...deposits].map(({ facts, digest }) =>
      encodeLogEntry({ kind: ENTRY_KINDS[facts.kind], digest }),
    )
    for (const index of [0, 1, 2]) {
      const bundle = await store.tile('entries', index)
      assert.ok(bundle)
      assert.equal(toHex(bundle), toHex(encodeBundle(entries.slice(index * 256, (index + 1) * 256))))
    }
    assert.equal(await store.tile('entries', 3), undefined)
    assert.equal(await store.tile(2, 0), undefined)
    const head = await store.head()
    for (const { level, index, width } of touchedTiles(0, head.size)) {
      assert.equal((await store.tile(level, index))?.length, width * 32)
    }
    // Every tile is checked against the root on the way to a leaf.
    const tree = new TiledTree(sha256, head, async ({ level, index }) => {
      return (await store.tile(level, index)) ?? new Uint8Array(0)
    })
    for (const index of [0, 255, 256, 511, 512, 601]) await tree.inclusionProof(index)
  },

  'of checkpoints the greatest is kept, in whatever order they come, and of equal ones the last': async (
    scene,
  ) => {
    const store = await scene.open()
    assert.equal(await store.checkpoint(), undefined)
    const checkpoints = [5, 2, 9, 9, 7].map((size, i) => ({ size, note: bytesOf(i, 40) }))
    for (const checkpoint of checkpoints) await store.keepCheckpoint(checkpoint)
    assert.deepEqual(await store.checkpoint(), checkpoints[3])
  },

  'a database is that of one log': async (scene) => {
    const store = await scene.open()
    await store.claim('one/strongroom/0000000000000000')
    await store.claim('one/strongroom/0000000000000000')
    await assert.rejects(store.claim('two/strongroom/0000000000000000'), { code: 'STORE_ORIGIN' })
    await assert.rejects(scene.log(store), { code: 'STORE_ORIGIN' })
    assert.notEqual(new TestAuthority({ seed: 2 }).keys.origin, scene.authority.keys.origin)
  },
}
