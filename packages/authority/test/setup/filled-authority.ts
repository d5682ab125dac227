import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fingerprintOf } from '@strongroom/core/protocol'
import { loadConfiguration, type Configuration, type SettingsFile } from '../../src/config/index.ts'
import { AuthorityLog, LogKeys } from '../../src/log/index.ts'
import { sha256 } from '../../src/model/index.ts'
import { openStore } from '../../src/setup/index.ts'
import type { Store } from '../../src/store/index.ts'
import { START, TestAuthority, type TestClient } from '../support/authority.ts'
import { testFolder } from './made-authority.ts'

/** An authority with clients and deposits in it, whose folder is as `init` makes them. */
export class FilledAuthority {
  readonly parent: string
  readonly configuration: Configuration
  readonly authority = new TestAuthority({ epochs: 2 })
  readonly clients: readonly TestClient[]

  constructor(t: Pick<TestContext, 'after'>) {
    this.parent = testFolder(t)
    this.clients = ['acme', 'acme', 'zeta'].map((tenant, i) => this.authority.client(tenant, i + 1))
    this.configuration = this.folder('vault')
  }

  /** One more folder of the same authority, without a database. */
  folder(name: string, database: SettingsFile['database'] = { engine: 'sqlite' }): Configuration {
    const folder = join(this.parent, name)
    mkdirSync(folder)
    const identity = fingerprintOf(sha256, this.authority.identity.signer)
    const settings = { name: 'Example archive', url: 'https://vault.example.org', identity, database }
    writeFileSync(join(folder, 'authority.json'), JSON.stringify(settings))
    writeFileSync(join(folder, 'log-keys'), this.authority.keysText)
    return loadConfiguration(folder)
  }

  /** Clients of two tenants, one of them suspended, an invitation that is open, deposits in groups and alone. */
  async fill(deposits = 40): Promise<void> {
    await this.append(async (log, store) => {
      const [first] = this.authority.epochs()
      if (first) await log.append([first])
      for (const tenant of ['acme', 'empty', 'zeta']) await store.addTenant({ tenant, created: START })
      for (const [i, client] of this.clients.entries()) {
        await store.addInvitation(client.invitation)
        await log.append([client.enrolment()])
        await log.append(client.deposits(1_000 * i, deposits))
        await log.append(client.deposits(1_000 * i + deposits, 1))
      }
      await store.addInvitation(this.authority.client('empty', 99).invitation)
      const suspended = this.clients[1]
      if (suspended) await store.setClientState(suspended.owner, 'suspended')
    })
  }

  /** Does something with the log as a service does. */
  async append(work: (log: AuthorityLog, store: Store) => Promise<void>): Promise<void> {
    const store = await openStore(this.configuration, true)
    const { trust, keysText } = this.authority
    const signedPath = this.configuration.log.signed
    const log = await AuthorityLog.open({
      store,
      keys: LogKeys.parse(keysText),
      trust,
      signedPath,
      now: () => START,
    })
    await work(log, store)
    await log.close()
    await store.close()
  }
}

/** All that a store holds, to be compared. */
export async function contentOf(configuration: Configuration): Promise<unknown> {
  const store = await openStore(configuration)
  try {
    const tenants = await store.tenants()
    const people = []
    for (const { tenant } of tenants) {
      people.push(await store.clients(tenant), await store.invitations(tenant))
    }
    const statements = await store.audit(0, 10_000)
    const [head, kept, usages] = [await store.head(), await store.checkpoint(), await store.usages()]
    const order = (one: { tenant: string; client: string }) => `${one.tenant}/${one.client}`
    return {
      tenants,
      people,
      statements,
      head,
      kept,
      usages: usages.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)),
    }
  } finally {
    await store.close()
  }
}
