import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import type { StatementGroup } from '../../src/store/store.ts'
import { START } from '../support/authority.ts'
import { findings } from '../support/scene-fsck.ts'
import type { SceneTests } from '../support/suite.ts'

export const WHOLE: SceneTests = {
  'groups are appended in one transaction, each with its own time': async (scene) => {
    const [first, client] = [scene.authority.epochs()[0], scene.authority.client('acme', 1)]
    assert.ok(first)
    const store = await scene.open()
    await store.addTenant({ tenant: 'acme', created: START })
    await store.addInvitation(client.invitation)
    const groups: StatementGroup[] = [
      { statements: [first], received: START },
      { statements: [client.enrolment()], received: START + 1 },
      { statements: client.deposits(0, 300), received: START + 2 },
    ]
    const appended = await store.appendGroups(groups, await store.head())
    assert.deepEqual(
      appended.map(({ head }) => head.size),
      [1, 2, 302],
    )
    assert.equal(toHex((await store.head()).root), toHex(appended[2]?.head.root ?? new Uint8Array(0)))
    const page = await store.audit(0, 3)
    assert.deepEqual(
      page.map(({ statement }) => statement.received),
      [START, START + 1, START + 2],
    )
    assert.deepEqual(await findings(store, scene.authority), [])
  },

  'all of them, or none': async (scene) => {
    const [first, second] = scene.authority.epochs()
    assert.ok(first && second)
    const { store, fault } = scene.openFaulty()
    const before = await store.head()
    const groups = [first, second].map((statement, i) => ({ statements: [statement], received: START + i }))
    fault.arm(12, 'lost')
    await assert.rejects(store.appendGroups(groups, before))
    fault.disarm()
    assert.equal((await (await scene.open()).head()).size, 0)
  },

  'the database says what it is, and how large': async (scene) => {
    const { version, bytes } = await (await scene.open()).about()
    assert.match(version, /^\d+\.\d+/)
    assert.ok(Number.isSafeInteger(bytes) && bytes > 4096, String(bytes))
  },
}
