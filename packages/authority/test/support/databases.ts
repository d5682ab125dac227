import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Quotas } from '../../src/model/quota.ts'
import { openPostgresStore, postgresEngine } from '../../src/store/postgres/open-postgres-store.ts'
import { SqlStore } from '../../src/store/sql-store.ts'
import { openSqliteStore, sqliteEngine } from '../../src/store/sqlite/open-sqlite-store.ts'
import { SqliteFailure } from '../../src/store/sqlite/sqlite-failure.ts'
import type { Store } from '../../src/store/store.ts'
import { Fault } from './faulty-dialect.ts'
import { PostgresServer } from './postgres-server.ts'

export const NO_QUOTAS: Quotas = { client: {}, tenant: {} }

/** One database of a test, that any number of nodes open. */
export interface TestDatabase {
  /** A folder that is removed with it. */
  readonly folder: string
  open(quotas?: Quotas): Promise<Store>
  /** Opens it so that operations can fail as if the connection or the disk were gone. */
  openFaulty(): { readonly store: Store; readonly fault: Fault }
  /** Runs SQL as somebody who may do anything. */
  sql(text: string): Promise<Record<string, unknown>[]>
  /** Copies it as it is; what comes back puts the copy in its place, however often. Nobody may have it open. */
  copy(): Promise<() => Promise<void>>
  /** What a program needs to open it: for `openDatabase`. */
  readonly address: string
  remove(): Promise<void>
}

/** A kind of database. */
export interface TestEngine {
  readonly name: 'sqlite' | 'postgres'
  /** @returns why there can be none here, if there can be none */
  start(): Promise<string | undefined>
  create(): Promise<TestDatabase>
  stop(): Promise<void>
}

/** Opens what an address of a `TestDatabase` names. */
export async function openDatabase(address: string, quotas: Quotas = NO_QUOTAS): Promise<Store> {
  if (address.startsWith('postgresql:')) return openPostgresStore({ url: address, quotas })
  return openSqliteStore({ path: address, quotas })
}

const SQLITE_IOERR = 10
const FILES = ['', '-wal', '-shm']

export const SQLITE: TestEngine = {
  name: 'sqlite',
  start: async () => undefined,
  async create() {
    const folder = mkdtempSync(join(tmpdir(), 'strongroom-db-'))
    const path = join(folder, 'authority.db')
    await (await openSqliteStore({ path, create: true, quotas: NO_QUOTAS })).close()
    return {
      folder,
      address: path,
      open: (quotas = NO_QUOTAS) => openSqliteStore({ path, quotas }),
      openFaulty() {
        const fault = new Fault(() => new SqliteFailure('disk I/O error', SQLITE_IOERR))
        return { store: new SqlStore(sqliteEngine(path, fault.in), NO_QUOTAS), fault }
      },
      async sql(text) {
        const database = new DatabaseSync(path)
        try {
          return database.prepare(text).all()
        } finally {
          database.close()
        }
      },
      async copy() {
        const copy = join(mkdtempSync(join(folder, 'copy-')), 'authority.db')
        for (const suffix of FILES) {
          if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix)
        }
        return async () => {
          for (const suffix of FILES) {
            rmSync(path + suffix, { force: true })
            if (existsSync(copy + suffix)) copyFileSync(copy + suffix, path + suffix)
          }
        }
      },
      remove: async () => rmSync(folder, { recursive: true, force: true }),
    }
  },
  stop: async () => undefined,
}

const TEMPLATE = 'vault_template'

/** A server of its own for the process that asks. */
export class PostgresEngine implements TestEngine {
  readonly name = 'postgres'
  #server: PostgresServer | undefined
  #count = 0

  get server(): PostgresServer {
    if (!this.#server) throw new Error('the server was not started')
    return this.#server
  }

  async start(): Promise<string | undefined> {
    const started = await PostgresServer.start()
    if (typeof started === 'string') return started
    this.#server = started
    // Tables are made once; every database begins as a copy.
    await started.query('postgres', `create database ${TEMPLATE} owner vault_owner`)
    const [url, ownerUrl] = [started.url(TEMPLATE, 'node_1'), started.url(TEMPLATE, 'vault_owner')]
    await (await openPostgresStore({ url, ownerUrl, quotas: NO_QUOTAS })).close()
    return undefined
  }

  async create(): Promise<TestDatabase> {
    const { server } = this
    const name = `vault_${++this.#count}`
    const folder = mkdtempSync(join(tmpdir(), 'strongroom-db-'))
    const admin = (sql: string) => server.query('postgres', sql)
    let copies = 0
    await admin(`create database ${name} template ${TEMPLATE} owner vault_owner`)
    const url = server.url(name, 'node_1')
    return {
      folder,
      address: url,
      open: (quotas = NO_QUOTAS) => openPostgresStore({ url, quotas }),
      openFaulty() {
        const fault = new Fault(() => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
        return { store: new SqlStore(postgresEngine(url, 2, fault.in), NO_QUOTAS), fault }
      },
      sql: (text) => server.query(name, text),
      async copy() {
        const copy = `${name}_copy_${++copies}`
        await admin(`create database ${copy} template ${name} owner vault_owner`)
        return async () => {
          await admin(`drop database ${name}`)
          await admin(`create database ${name} template ${copy} owner vault_owner`)
        }
      },
      // The database goes with the server.
      remove: async () => rmSync(folder, { recursive: true, force: true }),
    }
  }

  async stop(): Promise<void> {
    await this.#server?.close()
  }
}
