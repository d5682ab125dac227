import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createContainer, parseContainer } from '@strongroom/core/container'
import { encodeTerms } from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/index.ts'
import {
  addTenant,
  fsckAuthority,
  listEpochs,
  newCharter,
  newEpoch,
  proposeCharter,
  readCharters,
  validFor,
} from '../../src/setup/index.ts'
import { pairOf } from '../support/authority.ts'
import type { Scene } from '../support/scene.ts'
import type { SceneTests } from '../support/suite.ts'
import { made, NOW, PASSPHRASE } from './made-authority.ts'

const DAY = 86_400_000
const STRICTER = encodeTerms({
  retention: ['standard', 'ten-years'],
  floor: { approvals: 2, waiting: 86_400 },
  witnesses: null,
})

/** Makes an authority on a database, in which three officers decide. */
async function decided(scene: Scene, t: Parameters<typeof made>[0]) {
  const ada = createContainer({ name: 'ada', profile: 'classic', now: new Date(NOW) })
  const signers = [ada.signingKey().signer.toString(), pairOf(2).signer, pairOf(3).signer]
  const charter = signers.map((signer, i) => ({ id: `p${i}`, signer }))
  const { address } = scene.database
  const database = address.startsWith('postgresql:')
    ? ({ engine: 'postgres', url: address } as const)
    : ({ engine: 'sqlite' } as const)
  const settings = { name: 'Example archive', url: 'http://localhost:8080', tls: null, database } as const
  const { configuration, parent } = await made(t, { settings, charter })
  const file = new Uint8Array(readFileSync(join(parent, 'identity.container')))
  return { configuration, charter, ada, identity: parseContainer(file).unlock(PASSPHRASE) }
}

/** Other terms come with an epoch, on every kind of database. */
export const EPOCH_TERMS: SceneTests = {
  'are kept with it, and charters are judged by them': async (scene, t) => {
    const { configuration, charter, ada, identity } = await decided(scene, t)
    const now = NOW + DAY
    await newEpoch(configuration, { identity, validity: validFor(900, now), terms: STRICTER, now })
    const ground = await readCharters(configuration, 'default')
    assert.deepEqual(ground.termsBytes, STRICTER)
    assert.deepEqual(ground.epochs.at(-1)?.epoch.policy, sha256(STRICTER))

    await addTenant(configuration, 'research', now)
    await newCharter(configuration, { identity, tenant: 'research', plan: charter, now })
    const payload = ground.charters?.latest.statement.payload
    assert.ok(payload)
    const next = { people: payload.people, keys: [], administrator: ada, tenant: 'default', now }
    const hasty = { ...payload.policy.self, waiting: 3_600 }
    const wrong = { ...next, policy: { ...payload.policy, self: hasty } }
    const refusal = { code: 'SETUP_CHARTER', message: /floor-waiting \(self: the terms ask for/ }
    await assert.rejects(proposeCharter(configuration, wrong), refusal)
    const same = { ...next, policy: payload.policy }
    await assert.rejects(proposeCharter(configuration, same), { message: 'nothing would change' })
    const slower = { ...payload.policy.self, waiting: 3 * 86_400 }
    await proposeCharter(configuration, { ...next, policy: { ...payload.policy, self: slower } })
    assert.deepEqual(await Array.fromAsync(fsckAuthority(configuration)), [])
  },

  'that are none are not signed for': async (scene, t) => {
    const { configuration, identity } = await decided(scene, t)
    const now = NOW + DAY
    for (const text of ['Be nice.', '{}', `${new TextDecoder().decode(STRICTER)}\n`]) {
      const terms = new TextEncoder().encode(text)
      const wanted = { identity, validity: validFor(900, now), terms, now }
      await assert.rejects(newEpoch(configuration, wanted), { code: 'SETUP_TERMS' }, text)
    }
    assert.equal((await listEpochs(configuration, now)).length, 1)
  },
}
