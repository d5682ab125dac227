import { join } from 'node:path'
import { Writable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { toPaddedBase64 } from '@strongroom/core/bytes'
import { signRequest, type HttpSignatureParams, type MessageSigner } from '@strongroom/core/protocol'
import type { Configuration } from '../../src/config/index.ts'
import type { Quotas } from '../../src/model/quota.ts'
import { sha256 } from '../../src/model/digest.ts'
import { keptSigners } from '../../src/model/index.ts'
import { assemble } from '../../src/service/open-authority.ts'
import { serveAuthority, type Service } from '../../src/service/start-service.ts'
import type { Store } from '../../src/store/store.ts'
import type { TestClient } from './authority.ts'
import { NO_QUOTAS, SQLITE } from './databases.ts'
import { request, type RawAnswer } from './raw-request.ts'
import { Scene } from './scene.ts'

/** The public address of the authority of tests: what clients sign for, wherever it listens. */
export const PUBLIC_URL = 'https://vault.example.org'
const HOST = 'vault.example.org'

type Changes = Partial<Omit<Configuration, 'limits'>> & { readonly limits?: Partial<Configuration['limits']> }

/** A configuration of tests: any free port, and limits that nobody reaches. */
export function configurationOf(scene: Scene, { limits, ...changes }: Changes = {}): Configuration {
  return {
    folder: scene.database.folder,
    name: 'Example archive',
    url: PUBLIC_URL,
    identity: scene.authority.trust.identity,
    listen: { host: '127.0.0.1', port: 0 },
    tls: null,
    proxy: { hops: 0 },
    database: { engine: 'sqlite', path: join(scene.database.folder, 'authority.db') },
    log: { keys: join(scene.database.folder, 'log-keys'), signed: scene.signedPath() },
    quotas: NO_QUOTAS,
    limits: {
      depositsPerRequest: 1_000,
      bodySeconds: 30,
      requestsPerMinute: { address: 1_000_000, client: 1_000_000 },
      connections: 1_024,
      ...limits,
    },
    metrics: { listen: { host: '127.0.0.1', port: 0 } },
    logLevel: 'trace',
    ...changes,
  }
}

/** A service of tests with clients that are enrolled, and all that it logged. */
export class Served {
  readonly scene: Scene
  readonly service: Service
  readonly clients: readonly TestClient[]
  readonly lines: string[]

  constructor(scene: Scene, service: Service, clients: readonly TestClient[], lines: string[]) {
    this.scene = scene
    this.service = service
    this.clients = clients
    this.lines = lines
  }

  /** The first client, or another. */
  client(index = 0): TestClient {
    const client = this.clients[index]
    if (!client) throw new RangeError(`no client ${index}`)
    return client
  }

  get port(): number {
    return Number(new URL(this.service.url).port)
  }

  /** Sends one request on a connection of its own. */
  ask(method: string, target: string, options: AskOptions = {}): Promise<RawAnswer> {
    const { type, body, fields = {} } = options
    return request(this.port, {
      method,
      target,
      fields: [
        ['Host', HOST],
        ['Connection', 'close'],
        ...(type === undefined ? [] : [['Content-Type', type] as const]),
        ...(body ? [['Content-Length', String(body.length)] as const] : []),
        ...(Array.isArray(fields) ? fields : Object.entries(fields)),
      ],
      ...(body && { body }),
    })
  }

  /** A GET that a client signed. */
  read(target: string, client = this.client(), changes: SignChanges = {}): Promise<RawAnswer> {
    return this.ask('GET', target, { fields: this.signed(target, client, changes) })
  }

  /** The fields of a signed GET. */
  signed(target: string, client = this.client(), changes: SignChanges = {}): Record<string, string> {
    const { method = 'GET', authority = HOST, pair = client.pair, ...params } = changes
    const created = Math.floor(this.scene.now / 1000)
    return {
      ...signRequest(
        sha256,
        { method, authority, target },
        { created, expires: created + 60, nonce: freshNonce(), clientId: client.owner.client, ...params },
        pair.sign,
      ),
    }
  }
}

export interface AskOptions {
  readonly type?: string
  readonly body?: Uint8Array
  readonly fields?: Readonly<Record<string, string>> | readonly (readonly [string, string])[]
}

export type SignChanges = Partial<HttpSignatureParams> & {
  readonly method?: string
  readonly authority?: string
  readonly pair?: MessageSigner
}

let nonces = 0
export function freshNonce(): string {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, ++nonces)
  return toPaddedBase64(bytes).slice(0, 22)
}

export interface ServeOptions {
  readonly tenants?: readonly string[]
  readonly changes?: Changes
  readonly store?: Store
  readonly quotas?: Quotas
  /** Of a log that is there already. */
  readonly clients?: readonly TestClient[]
}

/** Serves a scene. Whoever asks stops it. */
export async function serve(scene: Scene, options: ServeOptions = {}): Promise<Served> {
  const { tenants = ['acme', 'beta'], changes = {} } = options
  const store = options.store ?? (await scene.open(options.quotas))
  const now = () => scene.now
  const { log, clients } = options.clients
    ? { log: await scene.log(store), clients: options.clients }
    : await scene.peopled(store, tenants)
  const { keys, trust } = scene.authority
  const lines: string[] = []
  const logger = pino(
    { level: 'trace' },
    new Writable({
      write(line, _, done) {
        lines.push(String(line))
        done()
      },
    }),
  )
  const { verifyLater } = keptSigners()
  const authority = assemble({ store, log, keys, trust, verifyLater }, now)
  const service = await serveAuthority(authority, configurationOf(scene, changes), { logger, now })
  return new Served(scene, service, clients, lines)
}

/** Serves a scene for as long as `work` runs. */
export async function whileServed(
  scene: Scene,
  work: (served: Served) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const served = await serve(scene, options)
  try {
    await work(served)
  } finally {
    await served.service.stop()
  }
}

/** Tests by their titles, all of which share one service. */
export type ServedTests = Readonly<Record<string, (served: Served) => Promise<void>>>

/** Runs tests against one service on a SQLite database of its own. */
export function onService(name: string, tests: ServedTests, options: ServeOptions = {}): void {
  describe(name, () => {
    const scenes: Scene[] = []
    const services: Served[] = []
    before(async () => {
      const scene = new Scene(await SQLITE.create())
      scenes.push(scene)
      services.push(await serve(scene, options))
    })
    after(async () => {
      for (const { service } of services) await service.stop()
      for (const scene of scenes) await scene.end()
    })
    for (const [title, run] of Object.entries(tests)) {
      test(title, async () => {
        const [served] = services
        if (!served) throw new Error('the service did not start')
        await run(served)
      })
    }
  })
}
