import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { backup } from '../../src/setup/backup.ts'
import { restore } from '../../src/setup/restore.ts'
import { recovered } from '../contract/recovery-fsck.ts'
import { bytesOf } from '../support/authority.ts'
import { openDatabase, SQLITE } from '../support/databases.ts'
import { findings } from '../support/scene-fsck.ts'
import { Scene } from '../support/scene.ts'
import { configurationOf } from '../support/served.ts'

test('M9: a backup brings back decisions, spent codes and what travelled beside, and nothing is open again', async (t) => {
  const scene = new Scene(await SQLITE.create())
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-restored-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  t.after(() => scene.end())
  const { store, request, client, probe } = await recovered(scene)
  const { recovery } = store
  await recovery.keepReceipt('acme', request.digest, bytesOf(1, 50))
  await recovery.keepReleaseBlobs('acme', request.digest, [{ id: bytesOf(2), blob: bytesOf(3, 40) }])
  await recovery.notices.addContact({
    tenant: 'acme',
    client: '',
    channel: 'mail',
    address: 'desk@example.org',
  })
  await scene.close(store)
  const keys = join(folder, 'log-keys')
  writeFileSync(keys, scene.authority.keysText)
  const source = configurationOf(scene, { log: { keys, signed: scene.signedPath() } })
  const file = join(folder, 'backup')
  await backup(source, file, { now: scene.now })
  const path = join(folder, 'authority.sqlite')
  const log = { keys, signed: join(folder, 'last-checkpoint') }
  await restore({ ...source, folder, log, database: { engine: 'sqlite', path } }, file)
  const restored = await openDatabase(path)
  try {
    assert.deepEqual(await findings(restored, scene.authority), [])
    const found = await restored.recovery.subject(scene.authority.trust, 'acme', request.digest, scene.now)
    assert.equal(found?.state.phase, 'released')
    const answered = await restored.recovery.probes.find('acme', probe.digest)
    assert.deepEqual(
      answered?.answer?.results.map(({ mac }) => mac !== null),
      [false, true, true],
    )
    assert.deepEqual(await restored.recovery.receipt('acme', request.digest), bytesOf(1, 50))
    assert.deepEqual(await restored.recovery.releaseBlobs('acme', request.digest), [bytesOf(3, 40)])
    assert.equal((await restored.recovery.notices.contacts('acme')).length, 1)
    const states = (await restored.clients('acme')).map((row) => [
      row.client === client.owner.client,
      row.state,
    ])
    assert.deepEqual(states, [
      [true, 'replaced'],
      [false, 'active'],
    ])
  } finally {
    await restored.close()
  }
})
