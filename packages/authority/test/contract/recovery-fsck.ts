import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import { verificationListDigest } from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { ADA, all, chartered, CUSTODIAN, DAY, NEWCOMER } from '../support/recovery.ts'
import type { Scene } from '../support/scene.ts'
import { findings as findingsIn } from '../support/scene-fsck.ts'
import type { SceneTests } from '../support/suite.ts'

/** A tenant in which everything that can be said about recovery was said. */
export async function recovered(scene: Scene) {
  const made = await chartered(scene)
  const { log, tenancy, client, deposits } = made
  const probe = tenancy.probe(client, deposits, scene.now)
  await all(log, [probe, tenancy.probeAnswer(probe.digest, deposits, scene.now)])
  const request = tenancy.request(client, deposits, scene.now)
  const charter = tenancy.charter({ number: 2, previous: tenancy.firstDigest, created: scene.now }, ADA)
  const both = [request, charter].map(({ digest }) => digest)
  await all(log, [request, charter])
  for (const digest of both) {
    await all(log, [tenancy.approval(digest, scene.now, 'bo'), tenancy.approval(digest, scene.now, 'cy')])
  }
  scene.now += DAY
  await all(log, [
    tenancy.release(request.digest, scene.now, { count: 3 }),
    tenancy.release(charter.digest, scene.now, { count: 0, kind: 'charter' }),
  ])
  const results = deposits.map((id, i) => ({ id, right: i > 0 }))
  const { identity } = tenancy
  const verification = {
    identity,
    custodian: CUSTODIAN.signer,
    epoch: 1,
    count: 3,
    results: verificationListDigest(sha256, results),
    checkpoint: { size: 1, root: bytesOf(1) },
    created: scene.now,
  }
  await all(log, [tenancy.make('verification', verification, [CUSTODIAN], { results })])
  return { ...made, request, probe }
}

const SQL: Readonly<Record<string, readonly string[]>> = {
  "approval: a person's name is changed": ["update approval set person = 'di' where person = 'bo'"],
  'approval: one is taken away': ["delete from approval where person = 'bo'"],
  'ending: a release is said to be a denial': ["update ending set phase = 'denied'"],
  'codes: they are taken away': ['delete from codes'],
  'charter: the floor is lowered': ["update charter set standing = 'personal', approvals = 0"],
  'opened: what was wrong is called right': ['update opened set correct = 1'],
  'deposit: one that was found wrong is at level 2': ['update deposit set level = 2'],
  'deposit: one that was found right is at level 0': ['update deposit set level = 0'],
  'subject: it lives longer': ['update subject set expires = expires + 1'],
  'spent_key: a code can be used again': ['delete from spent_key'],
  'probe: it costs nothing': ['update probe set count = 1'],
  'probe: it is taken away': ['delete from probe'],
  'probe_answer: what did not open is called open': [
    'update probe_answer set results = (select digest from probe)',
  ],
  'probe_answer: it is of another probe': ['update probe_answer set probe = digest'],
  'client: the old one is active again': ["update client set state = 'active'"],
}

/** `fsck` of what is kept about recovery. */
export const RECOVERY_FSCK: SceneTests = {
  'finds nothing wrong with a tenant that recovered, changed its charter and was verified': async (scene) => {
    const { store } = await recovered(scene)
    assert.deepEqual(await findingsIn(store, scene.authority), [])
    const found = await store.deposits((await store.clients('acme'))[0] ?? { tenant: '', client: '' }, {
      limit: 9,
    })
    assert.deepEqual(
      found.map(({ level, wrong }) => [level, wrong]),
      [
        [2, false],
        [2, false],
        [0, true],
      ],
    )
    assert.equal(
      (await store.clients('acme')).some(({ signer }) => signer === NEWCOMER.signer),
      true,
    )
  },

  'M5: finds every row that does not follow from its statement': async (scene) => {
    const { store, request } = await recovered(scene)
    await scene.close(store)
    for (const [what, statements] of Object.entries(SQL)) {
      const restore = await scene.database.copy()
      for (const text of statements) await scene.database.sql(text)
      const opened = await scene.open()
      const found = await findingsIn(opened, scene.authority)
      assert.ok(found.length > 0, what)
      await scene.close(opened)
      await restore()
    }
    assert.equal(toHex(request.digest).length, 64)
  },
}
