import { globSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { postgresEngine } from '../packages/authority/src/store/postgres/open-postgres-store.ts'
import { sqliteEngine } from '../packages/authority/src/store/sqlite/open-sqlite-store.ts'
import type { Engine } from '../packages/authority/src/store/engine.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../packages/authority/src/store/index.ts'
import { PostgresServer } from '../packages/authority/test/support/postgres-server.ts'

const QUOTAS = { client: {}, tenant: {} }

/** An empty database of a benchmark. */
export interface BenchDatabase {
  readonly folder: string
  readonly settings:
    | { readonly engine: 'sqlite'; readonly path: string }
    | { readonly engine: 'postgres'; readonly url: string }
  open(): Promise<Store>
  /** Bytes on the disk. */
  size(): Promise<number>
  /** What is under a store: for what the store is compared with. */
  engine(): Engine
}

/** Makes databases of one kind. */
export interface DatabaseMaker {
  readonly name: string
  make(): Promise<BenchDatabase>
  close(): Promise<void>
}

/** Both kinds, each on the disk of a folder; without PostgreSQL where there is none. */
export async function databaseMakers(folder: string, only = ''): Promise<DatabaseMaker[]> {
  const makers: DatabaseMaker[] = [sqliteMaker(folder)]
  if (!'PostgreSQL'.includes(only)) return makers
  const server = await PostgresServer.start()
  if (typeof server === 'string') console.error(`no PostgreSQL: needs ${server}`)
  else makers.push(postgresMaker(folder, server))
  return makers.filter(({ name }) => name.includes(only))
}

function sqliteMaker(folder: string): DatabaseMaker {
  let count = 0
  return {
    name: 'SQLite',
    async make() {
      const own = makeFolder(folder, `sqlite-${++count}`)
      const path = join(own, 'authority.db')
      const open = () => openSqliteStore({ path, create: true, quotas: QUOTAS })
      return {
        folder: own,
        settings: { engine: 'sqlite', path },
        open,
        size: () => sizeOfFiles(`${path}*`),
        engine: () => sqliteEngine(path),
      }
    },
    close: async () => undefined,
  }
}

function postgresMaker(folder: string, server: PostgresServer): DatabaseMaker {
  let count = 0
  return {
    name: 'PostgreSQL',
    async make() {
      const name = `vault_${++count}`
      await server.query('postgres', `create database ${name} owner vault_owner`)
      const [url, ownerUrl] = [server.url(name, 'node_1'), server.url(name, 'vault_owner')]
      const open = () => openPostgresStore({ url, ownerUrl, quotas: QUOTAS })
      await (await open()).close()
      const engine = () => postgresEngine(url, 1)
      const size = async () => {
        const [row] = await server.query('postgres', `select pg_database_size('${name}') as size`)
        return Number(row?.size)
      }
      return {
        folder: makeFolder(folder, `postgres-${count}`),
        settings: { engine: 'postgres', url },
        open,
        size,
        engine,
      }
    },
    close: () => server.close(),
  }
}

function makeFolder(folder: string, name: string): string {
  const own = join(folder, name)
  mkdirSync(own)
  return own
}

async function sizeOfFiles(pattern: string): Promise<number> {
  return globSync(pattern).reduce((sum, path) => sum + statSync(path).size, 0)
}
