import assert from 'node:assert/strict'
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type Dialect,
} from 'kysely'
import { utf8Encode } from '@strongroom/core/bytes'
import type { DepositContext } from '@strongroom/core/protocol'
import { oldestUnopened } from '../../src/store/deposit-search.ts'
import type { Schema } from '../../src/store/schema.ts'
import type { DepositSearch } from '../../src/store/store.ts'
import { bytesOf, START } from '../support/authority.ts'
import { logged } from '../support/scene.ts'
import type { SceneTests } from '../support/suite.ts'

const plain = (text: string): Partial<DepositContext> => ({ description: { kind: 'plain', text } })

export const DEPOSITS: SceneTests = {
  'a deposit is found as it was made': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    const full = client.deposit(1, {
      ...plain('tax return 2026'),
      sealId: bytesOf(11),
      object: { nameDigest: bytesOf(12), size: 2 ** 40 },
      previous: bytesOf(13),
      createdMs: START + 17,
    })
    const bare = client.deposit(2, { description: { kind: 'sealed', bytes: bytesOf(14, 40) } })
    await log.append([full, bare])
    const [second, first] = await store.deposits(client.owner, { limit: 9 })
    const common = { ...client.owner, epoch: 1, format: 'file', retention: 'ten-years', level: 0 }
    const found = { received: START, size: full.bytes.length, wrong: false, superseded: false }
    assert.deepEqual(first, {
      ...common,
      ...found,
      index: 2,
      digest: full.digest,
      serial: bytesOf(1, 16),
      commitment: bytesOf(1),
      created: START + 17,
      sealId: bytesOf(11),
      object: { nameDigest: bytesOf(12), size: 2 ** 40 },
      description: 'tax return 2026',
      previous: bytesOf(13),
    })
    assert.deepEqual(second, {
      ...common,
      ...found,
      index: 3,
      size: bare.bytes.length,
      digest: bare.digest,
      serial: bytesOf(2, 16),
      commitment: bytesOf(2),
      created: START + 2,
    })
  },

  'a search finds what all of it holds for, and nothing of anybody else': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store, ['acme', 'acme', 'beta'])
    const [client, colleague, stranger] = clients
    assert.ok(client && colleague && stranger)
    const texts = ['Straße 100%', 'strasse', 'ＦＵＬＬ width', 'a\\b_c', 'nul\0byte', undefined]
    const mine = texts.map((text, i) =>
      client.deposit(i, {
        ...(text !== undefined && plain(text)),
        ...(i % 2 === 0 && { object: { nameDigest: bytesOf(50), size: 1 } }),
      }),
    )
    const first = mine[0]?.digest
    assert.ok(first)
    const later = client.deposit(7, { ...plain('later'), previous: first })
    await log.append([...mine, later])
    // The same in everything that is searched for, of others.
    for (const other of [colleague, stranger]) {
      const theirs = { ...plain('strasse full later'), object: { nameDigest: bytesOf(50), size: 1 } }
      await log.append([other.deposit(1, { ...theirs, previous: first })])
    }
    const find = async (search: Omit<DepositSearch, 'limit'>) => {
      const rows = await store.deposits(client.owner, { ...search, limit: 99 })
      assert.ok(rows.every((row) => row.client === client.owner.client && row.tenant === 'acme'))
      return rows.map(({ serial }) => serial[3])
    }
    assert.deepEqual(await find({}), [7, 5, 4, 3, 2, 1, 0])
    assert.deepEqual(await find({ serial: bytesOf(3, 16) }), [3])
    assert.deepEqual(await find({ object: bytesOf(50) }), [4, 2, 0])
    assert.deepEqual(await find({ description: 'STRA' }), [1, 0])
    assert.deepEqual(await find({ description: 'full' }), [2])
    // No character stands for others.
    assert.deepEqual(await find({ description: '0%' }), [0])
    assert.deepEqual(await find({ description: '_' }), [3])
    assert.deepEqual(await find({ description: '\\b' }), [3])
    assert.deepEqual(await find({ description: 'nul\0' }), [4])
    assert.deepEqual(await find({ from: START + 2, to: START + 4 }), [3, 2])
    assert.deepEqual(await find({ level: 0, from: START + 5 }), [7, 5])
    assert.deepEqual(await find({ level: 2 }), [])
    assert.deepEqual(await find({ superseded: true }), [0])
    assert.deepEqual(await find({ superseded: false, object: bytesOf(50) }), [4, 2])
    assert.deepEqual(await find({ description: "'; drop table deposit; --" }), [])
  },

  'pages follow each other by the last index': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    assert.ok(client)
    await log.append(client.deposits(0, 7))
    const pages: number[][] = []
    for (let before: number | undefined; ; ) {
      const search = { limit: 3, ...(before !== undefined && { before }) }
      const page = await store.deposits(client.owner, search)
      if (page.length === 0) break
      pages.push(page.map(({ index }) => index))
      before = page.at(-1)?.index
    }
    assert.deepEqual(pages, [[8, 7, 6], [5, 4, 3], [2]])
  },

  'a statement is given to its owner, byte for byte, and is absent for everybody else': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store, ['acme', 'acme', 'beta'])
    const [client, colleague, stranger] = clients
    assert.ok(client && colleague && stranger)
    const deposit = client.deposit(1)
    const { index } = logged((await log.append([deposit]))[0])
    const expected = {
      ...client.owner,
      kind: 'deposit',
      digest: deposit.digest,
      bytes: deposit.bytes,
      index,
      received: START,
    }
    assert.deepEqual(await store.statement(client.owner, deposit.digest), expected)
    const others = [
      colleague.owner,
      stranger.owner,
      { tenant: 'beta', client: client.owner.client },
      { tenant: 'acme', client: '' },
      { tenant: '', client: '' },
      { tenant: '*', client: client.owner.client },
      { tenant: 'beta,acme', client: client.owner.client },
    ]
    for (const owner of others) {
      assert.equal(await store.statement(owner, deposit.digest), undefined, owner.tenant)
      assert.equal(await log.receipt(owner, deposit.digest), undefined)
    }
    assert.equal(await store.statement(client.owner, utf8Encode('x'.repeat(32))), undefined)
  },

  'statements of an owner follow in the order of the log': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store, ['acme', 'acme'])
    const [client, colleague] = clients
    assert.ok(client && colleague)
    await log.append([client.deposit(1), colleague.deposit(2), client.deposit(3)])
    const read = async (from: number, limit: number) =>
      (await store.statementsFrom(client.owner, from, limit)).map(({ kind, index }) => [kind, index])
    assert.deepEqual(await read(0, 9), [
      ['enrolment', 1],
      ['deposit', 3],
      ['deposit', 5],
    ])
    assert.deepEqual(await read(2, 1), [['deposit', 3]])
    assert.deepEqual(await read(6, 9), [])
  },

  'the first deposit that no custodian has opened is found, whosever it is': async (scene) => {
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store, ['acme', 'beta'])
    const [client, stranger] = clients
    assert.ok(client && stranger)
    assert.equal(await store.oldestUnopened(), undefined)
    await log.append([stranger.deposit(1)])
    scene.now += 5
    await log.append([client.deposit(2)])
    assert.equal(await store.oldestUnopened(), START)
    await scene.database.sql("update deposit set level = 2 where tenant = 'beta'")
    assert.equal(await store.oldestUnopened(), START + 5)
    await scene.database.sql('update deposit set level = 2')
    assert.equal(await store.oldestUnopened(), undefined)
  },

  'and which one that is, and what waits, stands in an index of its own': async ({ database }) => {
    const postgres = database.address.startsWith('postgresql:')
    const { sql } = oldestUnopened(postgres ? ON_POSTGRES : ON_SQLITE).compile()
    const asked = sql.replaceAll(/\?|\$1/g, '1')
    const how = postgres ? 'explain (costs off)' : 'explain query plan'
    const plan = JSON.stringify(await database.sql(`${how} ${asked}`))
    assert.match(plan, /deposit_unopened_index/)
    assert.doesNotMatch(plan, /temp b-tree|Sort/i, 'found in the order of the log')
  },
}

/** Puts queries together for a kind of database, and runs none. */
function composing(dialect: Pick<Dialect, 'createAdapter' | 'createQueryCompiler'>): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => dialect.createAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => dialect.createQueryCompiler(),
    },
  })
}

const ON_SQLITE = composing({
  createAdapter: () => new SqliteAdapter(),
  createQueryCompiler: () => new SqliteQueryCompiler(),
})
const ON_POSTGRES = composing({
  createAdapter: () => new PostgresAdapter(),
  createQueryCompiler: () => new PostgresQueryCompiler(),
})
