import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fromHex } from '@strongroom/core/bytes'
import { SQLITE } from '../support/databases.ts'
import { chartered } from '../support/recovery.ts'
import { findings } from '../support/scene-fsck.ts'
import { Scene } from '../support/scene.ts'

const VICTIM = fileURLToPath(new URL('../support/recovery-victim.ts', import.meta.url))
/** After so many acknowledgements the node is killed: within every step of a recovery once. */
const KILLS = process.env['SLOW'] ? 12 : 4

test('M26: killed anywhere in a recovery, a node loses no approval, no end and no notice', async (t) => {
  const scene = new Scene(await SQLITE.create())
  t.after(() => scene.end())
  const { store } = await chartered(scene)
  const contact = { tenant: 'acme', client: '', channel: 'mail', address: 'desk@example.org' } as const
  await store.recovery.notices.addContact(contact)
  await scene.close(store)
  const keys = join(scene.database.folder, 'log-keys')
  writeFileSync(keys, scene.authority.keysText)
  const acknowledged: string[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const argv = ['-C', 'source', VICTIM, scene.database.address, keys, scene.signedPath()]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
    const exit = once(child, 'exit')
    let lines = 0
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line)
      if (++lines === 5 + kill) child.kill('SIGKILL')
    }
    await exit
  }
  const opened = await scene.open()
  assert.deepEqual(await findings(opened, scene.authority), [])
  assert.ok(acknowledged.length >= 5 * KILLS)
  let events = 0
  for (const line of acknowledged) {
    const [kind, digest = ''] = line.split(' ')
    const row = await opened.recovery.statementOf('acme', fromHex(digest))
    assert.equal(row?.kind, kind)
  }
  for (const { kind } of await opened.recovery.statementsBetween(0, 10_000, [5, 6, 7])) if (kind) events++
  const due = await opened.recovery.notices.claim({ now: scene.now, until: scene.now + 1, limit: 10_000 })
  assert.equal(due.length, events, 'one notice an event, in the same transaction')
})
