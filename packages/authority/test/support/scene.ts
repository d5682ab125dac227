import { join } from 'node:path'
import { AuthorityLog, type StatementOutcome } from '../../src/log/authority-log.ts'
import type { Quotas } from '../../src/model/quota.ts'
import type { Store } from '../../src/store/store.ts'
import { START, TestAuthority, type TestClient } from './authority.ts'
import type { TestDatabase } from './databases.ts'
import type { Fault } from './faulty-dialect.ts'

/** A database of a test, an authority, and the nodes that were opened; `end` closes and removes everything. */
export class Scene {
  readonly database: TestDatabase
  readonly authority: TestAuthority
  /** The clock of all nodes. */
  now = START
  readonly #stores = new Set<Store>()

  constructor(database: TestDatabase, authority = new TestAuthority({ epochs: 2 })) {
    this.database = database
    this.authority = authority
  }

  /** Opens the database as one more node. */
  async open(quotas?: Quotas): Promise<Store> {
    const store = await this.database.open(quotas)
    this.#stores.add(store)
    return store
  }

  /** Opens it so that operations can fail. */
  openFaulty(): { readonly store: Store; readonly fault: Fault } {
    const opened = this.database.openFaulty()
    this.#stores.add(opened.store)
    return opened
  }

  async close(store: Store): Promise<void> {
    this.#stores.delete(store)
    await store.close()
  }

  /** Where a node remembers what it has signed. */
  signedPath(node = 'node'): string {
    return join(this.database.folder, `${node}-last-checkpoint`)
  }

  /** The log as a node sees it. */
  async log(store: Store, node = 'node'): Promise<AuthorityLog> {
    const { keys, trust } = this.authority
    const signedPath = this.signedPath(node)
    return AuthorityLog.open({ store, keys, trust, signedPath, now: () => this.now })
  }

  /** A log with its first epoch record, and enrolled clients of some tenants. */
  async peopled(store: Store, tenants: readonly string[] = ['acme']): Promise<Peopled> {
    const log = await this.log(store)
    const [epoch] = this.authority.epochs()
    if (!epoch) throw new RangeError('an authority without an epoch')
    await log.append([epoch])
    const clients: TestClient[] = []
    for (const tenant of tenants) {
      const client = this.authority.client(tenant, clients.length + 1)
      await store.addTenant({ tenant, created: this.now })
      await store.addInvitation(client.invitation)
      await log.append([client.enrolment()])
      clients.push(client)
    }
    return new Peopled(log, clients)
  }

  async end(): Promise<void> {
    for (const store of this.#stores) await store.close()
    await this.database.remove()
  }
}

/** A log and its clients. */
export class Peopled {
  readonly log: AuthorityLog
  readonly clients: readonly TestClient[]

  constructor(log: AuthorityLog, clients: readonly TestClient[]) {
    this.log = log
    this.clients = clients
  }

  /** The first client, or another one. */
  client(index = 0): TestClient {
    const client = this.clients[index]
    if (!client) throw new RangeError(`no client ${index}`)
    return client
  }
}

export function logged(outcome: StatementOutcome | undefined) {
  if (outcome?.state !== 'logged') throw new Error(`not logged: ${JSON.stringify(outcome)}`)
  return outcome
}
