import assert from 'node:assert/strict'
import type { FindingKind } from '../../src/log/fsck.ts'
import { findings } from '../support/scene-fsck.ts'
import type { Scene } from '../support/scene.ts'
import type { SceneTests } from '../support/suite.ts'

/** What is done to a database, and what must be found: the first finding, and others that follow from it. */
interface Damage {
  readonly sql: readonly string[]
  readonly kind: FindingKind
  readonly at: RegExp
}

const other = '(select digest from statement where leaf = 5)'

/** Both kinds of database run these. The log: an epoch, two enrolments, then deposits. */
const DAMAGES: Readonly<Record<string, Damage>> = {
  'a row of a deposit': {
    sql: ['update deposit set created = created + 1 where leaf = 4'],
    kind: 'row',
    at: /^leaf 4$/,
  },
  'a description that is searched': {
    sql: [`update deposit set folded = 'x' where leaf = 3`],
    kind: 'row',
    at: /^leaf 3$/,
  },
  'a row of a deposit under another client': {
    sql: ["update deposit set client = 'c-0' where leaf = 4"],
    kind: 'row',
    at: /^leaf 4$/,
  },
  'a row of a deposit that is gone': {
    sql: ['delete from deposit where leaf = 4'],
    kind: 'row',
    at: /^leaf 4$/,
  },
  'a row of a deposit that nobody made': {
    sql: [
      "insert into deposit select 'acme', 'c-0', 99, digest, serial, commitment, epoch, format, retention, created, received, size, level, seal_id, object_name, object_size, description, folded, previous from deposit where leaf = 4",
    ],
    kind: 'row',
    at: /^deposits$/,
  },
  'the bytes of a statement': {
    sql: ['update statement set bytes = (select bytes from statement where leaf = 5) where leaf = 4'],
    kind: 'statement',
    at: /^leaf 4$/,
  },
  'a statement that is none': {
    sql: [`update statement set bytes = ${other} where leaf = 4`],
    kind: 'statement',
    at: /^leaf 4$/,
  },
  'a digest': {
    sql: ['update statement set digest = (select root from log_state) where leaf = 4'],
    kind: 'statement',
    at: /^leaf 4$/,
  },
  'the owner of a statement': {
    sql: ["update statement set client = 'c-0' where leaf = 4"],
    kind: 'statement',
    at: /^leaf 4$/,
  },
  'two statements in each other’s place': {
    sql: [
      'update statement set leaf = 99 where leaf = 4',
      'update statement set leaf = 4 where leaf = 5',
      'update statement set leaf = 5 where leaf = 99',
    ],
    kind: 'row',
    at: /^leaf 4$/,
  },
  'a statement that is gone': {
    sql: ['delete from statement where leaf = 4'],
    kind: 'row',
    at: /^leaf 4$/,
  },
  'the last statement that is gone': {
    sql: ['delete from statement where leaf = 6', 'delete from deposit where leaf = 6'],
    kind: 'tile',
    at: /^tile\/0\/000$/,
  },
  'the keys of a client': {
    sql: ["update client set exchange = 'age1' where leaf = 1"],
    kind: 'row',
    at: /^leaf 1$/,
  },
  'the tenant of a client': {
    sql: [`update client_home set tenant = 'beta' where tenant = 'acme'`],
    kind: 'row',
    at: /^leaf 1$/,
  },
  'the number of an epoch': {
    sql: ['update epoch set number = 7'],
    kind: 'row',
    at: /^leaf 0$/,
  },
  'a tile': {
    sql: [`update log_tile set bytes = ${other} where level = 0`],
    kind: 'tile',
    at: /^tile\/0\/000$/,
  },
  'a bundle': {
    sql: ['delete from log_tile where level = -1'],
    kind: 'tile',
    at: /^tile\/entries\/000$/,
  },
  'the root': { sql: [`update log_state set root = ${other}`], kind: 'root', at: /^head$/ },
  'the size': { sql: ['update log_state set size = size + 1'], kind: 'root', at: /^head$/ },
  'the kept checkpoint': {
    sql: [`update checkpoint set note = ${other}`],
    kind: 'checkpoint',
    at: /^checkpoint$/,
  },
  'the size of the kept checkpoint': {
    sql: ['update checkpoint set size = 6'],
    kind: 'checkpoint',
    at: /^checkpoint$/,
  },
  'what is used up': {
    sql: [`update usage set bytes = bytes + 1 where client = ''`],
    kind: 'row',
    at: /^usage of acme\/$/,
  },
  'an invitation that is open again': {
    sql: [`update invitation set spent = null where tenant = 'acme'`],
    kind: 'row',
    at: /^invitation [0-9a-f]{64}$/,
  },
}

/** Damages that are done to PostgreSQL too: what is checked is the same, and each takes a while. */
const ON_BOTH = new Set(['a row of a deposit', 'the bytes of a statement', 'a tile'])

async function populate(scene: Scene) {
  const store = await scene.open()
  const { log, clients } = await scene.peopled(store, ['acme', 'beta'])
  const [client, other_] = clients
  assert.ok(client && other_)
  const text = { description: { kind: 'plain', text: 'Photos' } } as const
  await log.append([client.deposit(1, text), client.deposit(2), other_.deposit(3), client.deposit(4)])
  assert.deepEqual(await findings(store, scene.authority, log.signed), [])
  return { store, log }
}

export const FSCK: SceneTests = {
  'a sound database has no findings, across the ends of tiles': async (scene) => {
    const { store, log } = await populate(scene)
    const client = scene.authority.client('acme', 1)
    await log.append(client.deposits(100, 520))
    await log.append([client.deposit(100), ...client.deposits(1000, 3)])
    await store.setClientState(client.owner, 'suspended')
    assert.deepEqual(await findings(store, scene.authority, log.signed), [])
  },

  'every damage is found, and named': async (scene) => {
    const { store, log } = await populate(scene)
    const { signed } = log
    await scene.close(store)
    for (const [name, { sql, kind, at }] of Object.entries(DAMAGES)) {
      if (store.engine === 'postgres' && !ON_BOTH.has(name)) continue
      const restore = await scene.database.copy()
      for (const line of sql) await scene.database.sql(line)
      const damaged = await scene.open()
      const found = await findings(damaged, scene.authority)
      const [first] = found
      assert.ok(first && first.kind === kind && at.test(first.at), `${name}: ${JSON.stringify(found)}`)
      await scene.close(damaged)
      await restore()
    }
    const repaired = await scene.open()
    assert.deepEqual(await findings(repaired, scene.authority, signed), [])
  },

  'promises that are not kept are named': async (scene) => {
    const { store, log } = await populate(scene)
    const { signed } = log
    const longer = { size: signed.size + 3, root: signed.root }
    assert.deepEqual(await findings(store, scene.authority, longer), [
      {
        kind: 'promise',
        at: 'leaf 7',
        problem: 'this node has signed 10 leaves: receipts for those from 7 on are not honoured',
      },
    ])
    const forked = { size: 3, root: signed.root }
    const [finding] = await findings(store, scene.authority, forked)
    assert.deepEqual([finding?.kind, finding?.at], ['promise', 'leaf 3'])
  },
}
