import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  initAuthority,
  invite,
  newEpoch,
  startService,
  validFor,
  type Configuration,
  type NewAuthority,
  type Service,
} from '@strongroom/authority'
import { ContainerStore } from '@strongroom/core/container'
import { initialised } from './fixtures.ts'
import type { Home } from './program.ts'

/** Of the containers of identity and custodian. */
export const VAULT_PASSPHRASE = 'the keys of a test'

/** How an authority differs from the ordinary. */
export interface VaultOptions {
  readonly settings?: Partial<NewAuthority['settings']>
  readonly now?: number
  readonly days?: number
  /** The policy document of the first epoch. */
  readonly policy?: Uint8Array
}

/** A backup authority with a service of its own on this machine, gone after the test. */
export class Vault {
  readonly configuration: Configuration
  readonly folder: string
  #service: Service | undefined

  private constructor(configuration: Configuration, folder: string) {
    this.configuration = configuration
    this.folder = folder
  }

  /** Makes an authority and serves it. */
  static async open(t: Pick<TestContext, 'after'>, options: VaultOptions = {}): Promise<Vault> {
    const folder = mkdtempSync(join(tmpdir(), 'strongroom-vault-'))
    const vault = new Vault(await made(folder, options), folder)
    t.after(async () => {
      await vault.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    await vault.start()
    return vault
  }

  get url(): string {
    return this.configuration.url
  }

  get identity(): string {
    return this.configuration.identity
  }

  /** The certificate of its own, in PEM. */
  get certificate(): string {
    return readFileSync(this.configuration.tls?.certificate ?? '', 'utf8')
  }

  get service(): Service {
    if (!this.#service) throw new Error('the authority is stopped')
    return this.#service
  }

  async start(): Promise<void> {
    this.#service ??= await startService(this.configuration)
  }

  async stop(): Promise<void> {
    await this.#service?.stop()
    this.#service = undefined
  }

  /** Signs the next epoch, from a second ago on, for a year; a service that runs reads epochs now and then only. */
  async nextEpoch(): Promise<void> {
    await this.stop()
    const store = new ContainerStore(this.folder)
    const identity = store.load('identity').unlock(VAULT_PASSPHRASE)
    const now = Date.now()
    await newEpoch(this.configuration, { identity, validity: validFor(365, now - 1000), now })
    identity.wipe()
    await this.start()
  }

  /** The text of a new invitation. */
  async invitation(): Promise<string> {
    const { text } = await invite(this.configuration, {
      tenant: 'default',
      name: 'somebody',
      days: 7,
      now: Date.now(),
    })
    return text
  }

  /** A machine on which a container was made and enrolled here, as `vault`. */
  async client(t: Pick<TestContext, 'after'>): Promise<Home> {
    const home = initialised(t)
    await home.ok(['enroll', '-', '--as', 'vault', '--no-codes'], { stdin: await this.invitation() })
    return home
  }
}

async function made(
  folder: string,
  { settings, now = Date.now(), days = 730, policy }: VaultOptions,
): Promise<Configuration> {
  const port = await freePort()
  const { configuration } = await initAuthority({
    folder: join(folder, 'vault'),
    settings: {
      name: 'Example archive',
      url: `http://127.0.0.1:${port}`,
      tls: null,
      listen: { host: '127.0.0.1', port },
      metrics: { listen: { host: '127.0.0.1', port: 0 } },
      logLevel: 'silent',
      ...settings,
    },
    tenant: 'default',
    identity: { path: join(folder, 'identity.container'), passphrase: VAULT_PASSPHRASE },
    custodian: { path: join(folder, 'custodian.container'), passphrase: VAULT_PASSPHRASE },
    validity: validFor(days, now),
    now,
    logN: 2,
    ...(policy && { policy }),
  })
  return configuration
}

/** A port that was free a moment ago: the address of an authority is settled before it listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
