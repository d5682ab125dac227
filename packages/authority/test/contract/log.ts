import assert from 'node:assert/strict'
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { verifyHead } from '@strongroom/core/client'
import { merkleTree } from '@strongroom/core/merkle'
import { encodeReceipt, logPolicyOf, parseReceipt, verifyReceipt } from '@strongroom/core/protocol'
import { EMPTY_EDGE, encodeLogEntry, ENTRY_KINDS, extendTiles, verifyCheckpoint } from '@strongroom/core/tlog'
import { AuthorityLog } from '../../src/log/authority-log.ts'
import { verifyRaw } from '../../src/log/node-signatures.ts'
import type { AdmittedStatement } from '../../src/model/admitted-statement.ts'
import { sha256 } from '../../src/model/digest.ts'
import type { Store } from '../../src/store/store.ts'
import { START, TestAuthority } from '../support/authority.ts'
import { logged, type Scene } from '../support/scene.ts'
import type { SceneTests } from '../support/suite.ts'

/** Verifies a receipt with the identity key alone. */
function verified(scene: Scene, receipt: Uint8Array, { facts, digest }: AdmittedStatement) {
  const statement = { kind: facts.kind, digest }
  return verifyReceipt(receipt, { ...scene.authority.trust, verifyRaw, statement })
}

/** The store with some of its methods in another way. */
function changed(store: Store, changes: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const value = changes[name as keyof Store] ?? target[name as keyof Store]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

const DAY = 86_400_000

export const LOG: SceneTests = {
  'every receipt is verified with the identity key alone, whatever it is for': async (scene) => {
    const store = await scene.open()
    const log = await scene.log(store)
    const client = scene.authority.client('acme', 1)
    await store.addTenant({ tenant: 'acme', created: START })
    await store.addInvitation(client.invitation)
    const groups = [scene.authority.epochs(), [client.enrolment()], client.deposits(0, 40)]
    const receipts: [AdmittedStatement, Uint8Array, number][] = []
    for (const group of groups) {
      for (const [i, outcome] of (await log.append(group)).entries()) {
        const { receipt, index } = logged(outcome)
        const statement = group[i]
        assert.ok(statement)
        receipts.push([statement, receipt, index])
      }
    }
    assert.equal(receipts.length, 43)
    for (const [n, [statement, receipt, index]] of receipts.entries()) {
      const { index: proved, size } = verified(scene, receipt, statement)
      assert.deepEqual([proved, index, size], [n, n, n < 2 ? 2 : n < 3 ? 3 : 43])
      // Written from a template: exactly what the encoder writes.
      assert.deepEqual(encodeReceipt(parseReceipt(receipt)), receipt)
    }
  },

  'what was logged before gets the leaf that it has, in the tree as it is now': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    const deposits = client.deposits(0, 300)
    await log.append(deposits)
    const again = await log.append([...deposits.slice(0, 3), client.deposit(999)])
    for (const [i, outcome] of again.slice(0, 3).entries()) {
      const statement = deposits[i]
      assert.ok(statement)
      const receipt = verified(scene, logged(outcome).receipt, statement)
      assert.deepEqual([receipt.index, receipt.size], [i + 2, 303])
      const later = await log.receipt(client.owner, statement.digest)
      assert.ok(later)
      assert.equal(verified(scene, later, statement).index, i + 2)
    }
  },

  'calls at the same time share commits, and each gets its own outcomes': async (scene) => {
    const store = await scene.open()
    const { log: first, clients } = await scene.peopled(store)
    await first.close()
    const [client] = clients
    assert.ok(client)
    const sizes: number[] = []
    const counting = changed(store, {
      append: (group, floor) => {
        sizes.push(group.statements.length)
        return store.append(group, floor)
      },
    })
    const log = await scene.log(counting)
    const calls = Array.from({ length: 60 }, (_, i) => client.deposits(i * 10, (i % 3) + 1))
    const answers = await Promise.all(calls.map((call) => log.append(call)))
    assert.ok(sizes.length <= 2, `${sizes.length} commits`)
    for (const [i, call] of calls.entries()) {
      for (const [n, statement] of call.entries()) {
        verified(scene, logged(answers[i]?.[n]).receipt, statement)
      }
    }
  },

  'nodes of one database have one log, and each proves what the others took': async (scene) => {
    const stores = [await scene.open(), await scene.open(), await scene.open()]
    const [first] = stores
    assert.ok(first)
    const { clients } = await scene.peopled(first, ['acme', 'beta'])
    const [client] = clients
    assert.ok(client)
    const logs: AuthorityLog[] = []
    for (const [i, store] of stores.entries()) logs.push(await scene.log(store, `node ${i}`))
    const taken = await Promise.all(
      logs.flatMap((log, node) =>
        Array.from({ length: 8 }, async (_, i) => {
          const statement = client.deposit(node * 100 + i)
          const [outcome] = await log.append([statement])
          return { statement, index: verified(scene, logged(outcome).receipt, statement).index }
        }),
      ),
    )
    assert.equal(new Set(taken.map(({ index }) => index)).size, taken.length)
    for (const log of logs) {
      for (const { statement, index } of taken) {
        const receipt = await log.receipt(client.owner, statement.digest)
        assert.ok(receipt)
        assert.equal(verified(scene, receipt, statement).index, index)
      }
    }
  },

  'what was committed and not signed before the process died is signed when it starts': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    const deposit = client.deposit(1)
    await store.append({ statements: [deposit], received: START }, log.signed)
    const again = await scene.log(store)
    assert.equal(again.signed.size, 3)
    assert.equal((await store.checkpoint())?.size, 3)
    const [outcome] = await again.append([deposit])
    assert.equal(verified(scene, logged(outcome).receipt, deposit).index, 2)
  },

  'the checkpoint and the tiles are what a stranger needs to follow the log': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    const deposits = client.deposits(0, 260)
    await log.append(deposits)
    const note = await log.checkpoint()
    const { payload } = scene.authority.chain.latest
    assert.ok(note)
    const checkpoint = verifyCheckpoint(note, logPolicyOf(payload, { sha256, verifyRaw }))
    assert.deepEqual([checkpoint.size, checkpoint.root], [log.signed.size, log.signed.root])
    const [epoch] = scene.authority.epochs()
    assert.ok(epoch)
    const entries = [epoch, client.enrolment(), ...deposits].map(({ facts, digest }) =>
      encodeLogEntry({ kind: ENTRY_KINDS[facts.kind], digest }),
    )
    const hashes = entries.map((entry) => merkleTree(sha256).leafHash(entry))
    // As the log was when it was shorter, too: partial tiles are cut from what became of them.
    for (const size of [1, 100, 256, 262]) {
      for (const { tile, bytes } of extendTiles(sha256, EMPTY_EDGE, hashes.slice(0, size)).written) {
        assert.deepEqual(await log.tile(tile), bytes)
      }
    }
    const bundle = await log.tile({ level: 'entries', index: 1, width: 2 })
    assert.equal(bundle?.length, 2 * 35)
    assert.equal(await log.tile({ level: 'entries', index: 1, width: 7 }), undefined)
    assert.equal(await log.tile({ level: 0, index: 1, width: 7 }), undefined)
    assert.equal(await log.tile({ level: 0, index: 9, width: 256 }), undefined)
  },

  'a database that was restored from an old copy is read-only, and says how far it is behind': async (
    scene,
  ) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    const old = client.deposit(1)
    await log.append([old])
    await scene.close(store)
    const restore = await scene.database.copy()
    const later = await scene.open()
    await (await scene.log(later)).append(client.deposits(2, 4))
    await scene.close(later)
    await restore()

    const restored = await scene.open()
    const behind = await scene.log(restored)
    assert.equal(behind.state.state, 'behind')
    assert.deepEqual(behind.state.error.sizes, { signed: 7, found: 3 })
    const refused = {
      code: 'LOG_READ_ONLY',
      message: /this node has signed 7 leaves; the database has 3 leaves/,
    }
    await assert.rejects(behind.append([client.deposit(9)]), refused)
    assert.equal((await restored.head()).size, 3)
    // What is there is still proved, under the checkpoint that came with it.
    const receipt = await behind.receipt(client.owner, old.digest)
    assert.ok(receipt)
    assert.deepEqual([verified(scene, receipt, old).index, verified(scene, receipt, old).size], [2, 3])
    // A node that never signed more cannot know; when it has gone on, the first sees another log.
    const unaware = await scene.log(restored, 'other node')
    assert.equal(unaware.state.state, 'writable')
    await unaware.append(client.deposits(20, 9))
    const forked = await scene.log(restored)
    assert.equal(forked.state.state, 'behind')
    assert.match(forked.state.error.message, /signed 7 leaves; the database has 12 leaves, but others/)
  },

  'a running node notices when the database lost what it signed': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    await log.append(client.deposits(1, 3))
    const other = await scene.log(store, 'other node')
    // As when a replica without the last commits takes over.
    await scene.database.sql('update log_state set size = 2')
    for (const node of [log, other]) {
      await assert.rejects(node.append([client.deposit(9)]), { code: 'LOG_READ_ONLY' })
      assert.equal(node.state.state, 'behind')
      await assert.rejects(node.append([]), { code: 'LOG_READ_ONLY' })
    }
  },

  'nothing depends on the clock going forward': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    const clock = [START + 400 * DAY, START - 400 * DAY, 0, START + 1.5, START + 40_000 * DAY]
    for (const [i, now] of clock.entries()) {
      scene.now = Math.floor(now)
      const statement = client.deposit(i)
      const outcome = logged((await log.append([statement]))[0])
      assert.deepEqual([outcome.index, outcome.received], [i + 2, scene.now])
      verified(scene, outcome.receipt, statement)
      assert.equal((await scene.log(store)).state.state, 'writable')
    }
    const newest = await store.deposits(client.owner, { limit: 9 })
    assert.deepEqual(
      newest.map(({ index }) => index),
      [6, 5, 4, 3, 2],
    )
  },

  'nothing goes out that this node could not remember': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    const { folder } = scene.database
    const before = readFileSync(scene.signedPath())
    renameSync(folder, `${folder}-gone`)
    const deposit = client.deposit(1)
    await assert.rejects(log.append([deposit]))
    renameSync(`${folder}-gone`, folder)
    assert.deepEqual(readFileSync(scene.signedPath()), before)
    assert.equal((await store.checkpoint())?.size, 2)
    assert.equal(log.signed.size, 2)
    const [outcome] = await log.append([deposit])
    assert.equal(verified(scene, logged(outcome).receipt, deposit).index, 2)
  },

  'a log to which nothing happens signs its tree again, with the time of now': async (scene) => {
    const store = await scene.open()
    const { log } = await scene.peopled(store)
    const headOf = (note: Uint8Array | undefined) =>
      verifyHead(note ?? new Uint8Array(0), scene.authority.chain)
    const before = headOf(await log.checkpoint())
    scene.now += 599_000
    await log.renew(600_000)
    assert.deepEqual(headOf(await log.checkpoint()), before)
    scene.now += 1_000
    await log.renew(600_000)
    const after = headOf(await log.checkpoint())
    assert.deepEqual([after.size, after.root], [before.size, before.root])
    assert.equal(after.signedMs, before.signedMs + 600_000)
    assert.deepEqual(new Uint8Array(readFileSync(scene.signedPath())), after.note)
    const again = await scene.log(store)
    assert.deepEqual(headOf(await again.checkpoint()), after)
  },

  'a node does not sign with keys that no epoch record names': async (scene) => {
    const store = await scene.open()
    await scene.peopled(store)
    const { keys } = new TestAuthority({ epochs: 1 })
    const signedPath = scene.signedPath('other')
    const options = { store, keys, trust: scene.authority.trust, signedPath, now: () => START }
    await assert.rejects(AuthorityLog.open(options), { code: 'LOG_KEYS' })
  },

  'a file of another log, or of no checkpoint, is refused': async (scene) => {
    const store = await scene.open()
    const { log } = await scene.peopled(store)
    const note = readFileSync(scene.signedPath())
    assert.ok(note.length > 0 && log.signed.size === 2)
    const texts = [
      note.subarray(0, 100),
      Buffer.alloc(0),
      Buffer.from(note.toString().replace('vault', 'other')),
    ]
    for (const text of texts) {
      writeFileSync(scene.signedPath(), text)
      await assert.rejects(scene.log(store), { code: 'LOG_SIGNED_FILE' })
    }
    writeFileSync(scene.signedPath(), note)
    chmodSync(scene.signedPath(), 0o600)
    assert.equal((await scene.log(store)).state.state, 'writable')
  },
}
