import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import { verifyReceipt } from '@strongroom/core/protocol'
import type { AuthorityLog } from '../../src/log/authority-log.ts'
import { verifyRaw } from '../../src/log/node-signatures.ts'
import type { AdmittedStatement } from '../../src/model/admitted-statement.ts'
import { StoreError, type StoreErrorCode } from '../../src/store/store-error.ts'
import type { Store } from '../../src/store/store.ts'
import { START, type TestClient } from '../support/authority.ts'
import type { FaultKind } from '../support/faulty-dialect.ts'
import { findings } from '../support/scene-fsck.ts'
import { logged, type Scene } from '../support/scene.ts'
import type { SceneTests } from '../support/suite.ts'

/** What a caller may be told when the database fails; anything else would be a mistake of ours. */
const TOLD: ReadonlySet<StoreErrorCode> = new Set(['STORE_UNAVAILABLE', 'STORE_UNCERTAIN', 'STORE_BROKEN'])
/** More operations than a round has. */
const MOST = 200

/** What a client does until all of it is acknowledged: everything may be done again. */
async function round(
  scene: Scene,
  store: Store,
  client: TestClient,
  acknowledged: Map<AdmittedStatement, number>,
) {
  const [first, second, third] = client.deposits(0, 3)
  assert.ok(first && second && third)
  const log = await scene.log(store)
  await store.addTenant({ tenant: client.owner.tenant, created: scene.now })
  await store.addInvitation(client.invitation)
  for (const group of [[client.enrolment()], [first, second], [second, third]]) {
    for (const [i, outcome] of (await log.append(group)).entries()) {
      const [statement, { receipt, index }] = [group[i], logged(outcome)]
      assert.ok(statement)
      const { kind } = statement.facts
      const trust = { ...scene.authority.trust, verifyRaw, statement: { kind, digest: statement.digest } }
      assert.equal(verifyReceipt(receipt, trust).index, index)
      acknowledged.set(statement, index)
    }
  }
  assert.equal((await store.deposits(client.owner, { limit: 9 })).length, 3)
}

/** Lets each operation of a round fail in turn, until a round has fewer; what was acknowledged must always be there. */
async function sweep(scene: Scene, kind: FaultKind): Promise<void> {
  const sound = await scene.open()
  await scene.peopled(sound)
  const { store, fault } = scene.openFaulty()
  const other = await scene.log(sound, 'sound node')
  let operations = 0
  // A round trip to PostgreSQL takes long: every other operation of each kind, unless there is time.
  const step = store.engine === 'sqlite' || process.env.SLOW ? 1 : 2
  for (let nth = kind === 'lost' ? 1 : step; nth < MOST; nth += step) {
    const client = scene.authority.client('acme', 100 + nth)
    const acknowledged = new Map<AdmittedStatement, number>()
    fault.arm(nth, kind)
    await round(scene, store, client, acknowledged).catch((error: unknown) => {
      if (!(error instanceof StoreError) || !TOLD.has(error.code)) throw error
    })
    if (!fault.disarm()) break
    await finish(sound, other, client, acknowledged)
    operations = nth
  }
  assert.ok(operations > 30 && operations < MOST - 1, `${operations} operations`)
}

/** Another node: nothing that was acknowledged is lost or moved, and what was begun can be finished. */
async function finish(
  store: Store,
  log: AuthorityLog,
  client: TestClient,
  acknowledged: ReadonlyMap<AdmittedStatement, number>,
): Promise<void> {
  for (const [{ owner, digest }, index] of acknowledged) {
    assert.equal((await store.statement(owner, digest))?.index, index)
  }
  await store.addTenant({ tenant: client.owner.tenant, created: START })
  await store.addInvitation(client.invitation)
  const statements = [client.enrolment(), ...client.deposits(0, 3)]
  const outcomes = await log.append(statements)
  const places = new Map(statements.map(({ digest }, i) => [toHex(digest), logged(outcomes[i]).index]))
  for (const [{ digest }, index] of acknowledged) assert.equal(places.get(toHex(digest)), index)
}

export const FAULTS: SceneTests = Object.fromEntries(
  (['lost', 'persisted'] as const).map((kind) => [
    `any operation of the database fails and is ${kind}`,
    async (scene: Scene) => {
      await sweep(scene, kind)
      const store = await scene.open()
      const { signed } = await scene.log(store)
      assert.deepEqual(await findings(store, scene.authority, signed), [])
    },
  ]),
)
