import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeHeader, parseHeader } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import type { Verify, VerifyLater } from '@strongroom/core/protocol'
import { fsck, type FsckOptions } from '../../src/log/fsck.ts'
import { keptSigners, sha256 } from '../../src/model/index.ts'
import { SQLITE } from '../support/databases.ts'
import { Scene } from '../support/scene.ts'

/** More than two pages of them. */
const DEPOSITS = 600
const { verifyLater } = keptSigners()

/** What is found, and how many signatures were verified here and elsewhere. */
async function check(options: FsckOptions) {
  const asked = { now: 0, later: 0 }
  const verify: Verify = (...all) => {
    asked.now++
    return options.trust.verify(...all)
  }
  const later: VerifyLater = (...all) => {
    asked.later++
    return (options.verifyLater ?? verifyLater)(...all)
  }
  const trust = { ...options.trust, verify }
  const found = await Array.fromAsync(fsck({ ...options, trust, verifyLater: later }))
  return { found, asked }
}

test('fsck has other threads verify, and finds what is not valid all the same', async () => {
  const scene = new Scene(await SQLITE.create())
  try {
    const store = await scene.open()
    const { trust } = scene.authority
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    await log.append(client.deposits(1, DEPOSITS))
    const sound = await check({ store, trust })
    assert.deepEqual(sound.found, [])
    assert.ok(sound.asked.later > 300 && sound.asked.now < DEPOSITS - 200)
    const useless = await check({ store, trust, verifyLater: () => Promise.resolve(false) })
    assert.deepEqual(useless.found, [])
    const broken = await check({ store, trust, verifyLater: () => Promise.reject(new Error('no threads')) })
    assert.deepEqual(broken.found, [])
    const forged = forge(client.blob(500))
    const row = `bytes = x'${toHex(forged)}', digest = x'${toHex(sha256(forged))}'`
    await scene.database.sql(`update statement set ${row} where leaf = 501`)
    const [finding] = (await check({ store, trust })).found
    const problem = 'deposit: the signature is not valid'
    assert.deepEqual(finding, { kind: 'statement', at: 'leaf 501', problem })
  } finally {
    await scene.end()
  }
})

/** The same deposit, with another last byte of its signature. */
function forge(blob: Uint8Array): Uint8Array {
  const { stanzas } = parseHeader(blob)
  const body = stanzas[1]?.body
  assert.ok(body)
  body[body.length - 1] = (body.at(-1) ?? 0) ^ 1
  return encodeHeader(stanzas, new Uint8Array(16))
}
