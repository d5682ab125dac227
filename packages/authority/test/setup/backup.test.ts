import assert from 'node:assert/strict'
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test, type TestContext } from 'node:test'
import type { Configuration } from '../../src/config/index.ts'
import { AuthorityLog, LogKeys } from '../../src/log/index.ts'
import { authorityStatus, backup, fsckAuthority, openStore, restore } from '../../src/setup/index.ts'
import { PostgresEngine } from '../support/databases.ts'
import { START, TestAuthority } from '../support/authority.ts'
import { contentOf, FilledAuthority } from './filled-authority.ts'

const now = START + 5_000
/** Places in a file at which something is done to it. */
const MANY = process.env['SLOW'] ? 500 : 8

/** A filled authority and a backup of it. */
async function backedUp(t: TestContext, deposits = 40) {
  const filled = new FilledAuthority(t)
  await filled.fill(deposits)
  const file = join(filled.parent, 'all.backup')
  const made = await backup(filled.configuration, file, { now })
  return { filled, file, made }
}

const findings = (configuration: Configuration) => Array.fromAsync(fsckAuthority(configuration))

suite('a backup', () => {
  test('restored is the same, to every row, and passes every check', async (t) => {
    const { filled, file, made } = await backedUp(t)
    assert.equal(made.statements, 127)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(statSync(file).size, made.bytes)
    const copy = filled.folder('copy')
    assert.deepEqual(await restore(copy, file), { statements: 127, taken: now, missing: 0 })
    assert.deepEqual(await contentOf(copy), await contentOf(filled.configuration))
    assert.deepEqual(await findings(copy), [])
  })

  test('is not there twice: a file is replaced only if that is meant', async (t) => {
    const { filled, file } = await backedUp(t)
    const before = readFileSync(file)
    await assert.rejects(backup(filled.configuration, file, { now }), { code: 'SETUP_EXISTS' })
    assert.deepEqual(readFileSync(file), before)
    await backup(filled.configuration, file, { now, overwrite: true })
    assert.deepEqual(readFileSync(file), before)
  })

  test('leaves out what was committed and never signed', async (t) => {
    const { filled, file } = await backedUp(t)
    const store = await openStore(filled.configuration)
    const [client] = filled.clients
    assert.ok(client)
    await store.append({ statements: client.deposits(7_000, 3), received: START }, await store.head())
    await store.close()
    const again = await backup(filled.configuration, file, { now, overwrite: true })
    assert.equal(again.statements, 127)
  })

  test('of a database that is not what was signed is none', async (t) => {
    const { filled } = await backedUp(t)
    assert.ok(filled.configuration.database.engine === 'sqlite')
    const database = new DatabaseSync(filled.configuration.database.path)
    database.exec('update statement set bytes = (select bytes from statement where leaf = 9) where leaf = 8')
    database.close()
    const file = join(filled.parent, 'other.backup')
    await assert.rejects(backup(filled.configuration, file, { now }), { code: 'BACKUP_CONTENT' })
    assert.deepEqual(readdirSync(filled.parent).sort(), ['all.backup', 'vault'])
  })

  test('that fails on the way leaves the old one as it was', async (t) => {
    const { filled } = await backedUp(t)
    await assert.rejects(backup(filled.configuration, join(filled.parent, 'no/where'), { now }), {
      code: 'ENOENT',
    })
    const file = join(filled.parent, 'all.backup')
    const before = readFileSync(file)
    const stop = new Error('stop')
    const failing = backup(filled.configuration, file, {
      now,
      overwrite: true,
      onProgress: () => {
        throw stop
      },
    })
    await assert.rejects(failing, stop)
    assert.deepEqual(readFileSync(file), before)
    assert.deepEqual(readdirSync(filled.parent).sort(), ['all.backup', 'vault'])
  })
})

suite('what is not restored', () => {
  test('a backup that was cut short anywhere, or has a byte too many', async (t) => {
    const { filled, file } = await backedUp(t, 3)
    const whole = readFileSync(file)
    const copy = filled.folder('copy')
    const cuts = Array.from({ length: MANY }, (_, i) => Math.floor((whole.length * i) / MANY))
    for (const length of [...cuts, whole.length - 1, whole.length - 45]) {
      writeFileSync(file, whole.subarray(0, length))
      await assert.rejects(restore(copy, file), { code: 'BACKUP_FORMAT' }, `${length}`)
    }
    writeFileSync(file, Buffer.concat([whole, Buffer.alloc(1)]))
    await assert.rejects(restore(copy, file), { code: 'BACKUP_FORMAT' })
    assert.deepEqual(readdirSync(copy.folder).sort(), ['authority.json', 'lock', 'log-keys'])
  })

  test('a backup with a bit that was changed, wherever it is', async (t) => {
    const { filled, file } = await backedUp(t, 3)
    const whole = readFileSync(file)
    const copy = filled.folder('copy')
    const places = Array.from({ length: MANY }, (_, i) => Math.floor((whole.length * (i + 0.3)) / MANY))
    for (const at of [...places, 31, 32, 35, 40, whole.length - 1, whole.length - 40]) {
      const changed = Uint8Array.from(whole)
      changed[at] = (changed[at] ?? 0) ^ 1
      writeFileSync(file, changed)
      await assert.rejects(
        restore(copy, file),
        (error: Error & { code?: string }) =>
          error.code === 'BACKUP_FORMAT' || error.code === 'BACKUP_CONTENT',
        `byte ${at}`,
      )
    }
    assert.deepEqual(readdirSync(copy.folder).sort(), ['authority.json', 'lock', 'log-keys'])
  })

  test('a backup into a database that is there', async (t) => {
    const { filled, file } = await backedUp(t)
    const before = await contentOf(filled.configuration)
    await assert.rejects(restore(filled.configuration, file), { code: 'SETUP_NOT_EMPTY' })
    assert.deepEqual(await contentOf(filled.configuration), before)
  })

  test('a backup of another authority, or of a log whose keys are missing', async (t) => {
    const { file } = await backedUp(t)
    const other = new FilledAuthority(t)
    writeFileSync(join(other.configuration.folder, 'log-keys'), other.authority.keysText)
    const stranger = { ...other.configuration, identity: `SHA256:${'A'.repeat(43)}` }
    await assert.rejects(restore(stranger, file), { code: 'BACKUP_CONTENT' })
    rmSync(join(other.configuration.folder, 'log-keys'))
    await assert.rejects(restore(other.configuration, file), { code: 'LOG_KEYS' })
    const foreign = new TestAuthority({ seed: 2 })
    writeFileSync(join(other.configuration.folder, 'log-keys'), foreign.keysText)
    await assert.rejects(restore(other.configuration, file), { code: 'BACKUP_CONTENT' })
    assert.deepEqual(readdirSync(other.configuration.folder).sort(), ['authority.json', 'lock', 'log-keys'])
  })

  test('a file that is no backup', async (t) => {
    const filled = new FilledAuthority(t)
    await assert.rejects(restore(filled.configuration, join(filled.configuration.folder, 'log-keys')), {
      code: 'BACKUP_FORMAT',
    })
    await assert.rejects(restore(filled.configuration, join(filled.parent, 'nothing')), { code: 'ENOENT' })
  })
})

suite('a backup from before the last checkpoint', () => {
  test('starts read-only, and says which promises are broken', async (t) => {
    const { filled, file } = await backedUp(t)
    const { configuration, clients, authority } = filled
    await filled.append(async (log) => {
      await log.append(clients[0]?.deposits(8_000, 5) ?? [])
    })
    assert.ok(configuration.database.engine === 'sqlite')
    renameSync(configuration.database.path, join(filled.parent, 'lost.sqlite'))
    assert.equal((await restore(configuration, file)).missing, 5)
    const promises = (await findings(configuration)).filter(({ kind }) => kind === 'promise')
    assert.deepEqual(
      promises.map(({ at }) => at),
      ['leaf 127'],
    )
    assert.match((await authorityStatus(configuration, now)).behind ?? '', /132 leaves.*127/)
    const store = await openStore(configuration)
    const keys = LogKeys.parse(authority.keysText)
    const { trust } = authority
    const signedPath = configuration.log.signed
    const log = await AuthorityLog.open({ store, keys, trust, signedPath, now: () => START })
    assert.equal(log.state.state, 'behind')
    await assert.rejects(log.append(clients[0]?.deposits(9_000, 1) ?? []), { code: 'LOG_READ_ONLY' })
    await store.close()
  })

  test('on a new machine goes on from what it has', async (t) => {
    const { filled, file } = await backedUp(t)
    const copy = filled.folder('copy')
    await restore(copy, file)
    const status = await authorityStatus(copy, now)
    assert.equal(status.behind, undefined)
    assert.deepEqual([status.log.size, status.log.signedHere, status.log.checkpoint?.size], [127, 127, 127])
  })
})

suite('PostgreSQL', () => {
  test('takes a backup of SQLite, and gives it back', async (t) => {
    const engine = new PostgresEngine()
    const missing = await engine.start()
    if (missing !== undefined) return t.skip(`needs ${missing}`)
    t.after(() => engine.stop())
    const { filled, file } = await backedUp(t)
    const database = await engine.create()
    t.after(() => database.remove())
    const server = filled.folder('server', { engine: 'postgres', url: database.address })
    const changed = Uint8Array.from(readFileSync(file))
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1
    const bad = join(filled.parent, 'bad.backup')
    writeFileSync(bad, changed)
    await assert.rejects(restore(server, bad), { code: 'BACKUP_FORMAT' })
    await restore(server, file)
    assert.deepEqual(await contentOf(server), await contentOf(filled.configuration))
    assert.deepEqual(await findings(server), [])
    await assert.rejects(restore(server, file), { code: 'SETUP_NOT_EMPTY' })
    assert.equal((await authorityStatus(server, now)).database.engine, 'postgres')
    const second = join(filled.parent, 'second.backup')
    await backup(server, second, { now })
    assert.deepEqual(readFileSync(second), readFileSync(file))
    const back = filled.folder('back')
    await restore(back, second)
    assert.deepEqual(await contentOf(back), await contentOf(filled.configuration))
  })
})
