import { join } from 'node:path'
import { pino } from 'pino'
import {
  CustodianClient,
  httpsTransport,
  keyCredentials,
  RecoveryClient,
  type Transport,
} from '@strongroom/core/client'
import type { MessageSigner } from '@strongroom/core/protocol'
import type { AuthorityLog } from '../../src/log/authority-log.ts'
import { keptSigners } from '../../src/model/index.ts'
import { assemble } from '../../src/service/open-authority.ts'
import { serveAuthority, type Service } from '../../src/service/start-service.ts'
import type { Fault, FaultKind } from './faulty-dialect.ts'
import type { Scene } from './scene.ts'
import { configurationOf, PUBLIC_URL } from './served.ts'

/** When a node ends: at which operation of its database, and whether that was done. */
export interface Ending {
  readonly nth: number
  readonly kind: FaultKind
}

/** One node: it is started and ends without a word, again and again, and keeps what it remembers to have signed. */
export class SiteNode {
  readonly name: string
  readonly #scene: Scene
  #service: Service | undefined
  #fault: Fault | undefined
  #transport: Transport | undefined
  #dying: Promise<unknown>[] = []

  constructor(scene: Scene, name: string) {
    this.#scene = scene
    this.name = name
  }

  get running(): boolean {
    return this.#service !== undefined
  }

  get log(): AuthorityLog {
    if (!this.#service) throw new Error(`${this.name} does not run`)
    return this.#service.authority.log
  }

  async start(): Promise<void> {
    const scene = this.#scene
    const { keys: logKeys, trust } = scene.authority
    const { store, fault } = scene.openFaulty()
    const log = await scene.log(store, this.name)
    const now = () => scene.now
    const { verifyLater } = keptSigners()
    const authority = assemble({ store, log, keys: logKeys, trust, verifyLater }, now)
    const signed = scene.signedPath(this.name)
    const configuration = configurationOf(scene, {
      log: { keys: join(scene.database.folder, 'log-keys'), signed },
      metrics: {},
    })
    this.#service = await serveAuthority(authority, configuration, { logger: pino({ level: 'silent' }), now })
    this.#fault = fault
    this.#transport = httpsTransport({ url: this.#service.url })
  }

  /** Asks it. Once it has ended nobody hears anything of it. */
  client(pair?: MessageSigner): RecoveryClient {
    return new RecoveryClient(this.#asked(pair))
  }

  /** Asks it as the custodian. */
  wire(pair: MessageSigner): CustodianClient {
    return new CustodianClient(this.#asked(pair))
  }

  /** Ends it in the middle of some work, or behind it. What it had not done by then it never does. */
  async endDuring<T>(work: () => Promise<T>, { nth, kind }: Ending): Promise<T | 'ended'> {
    const ended = this.#fault?.end(nth, kind).then(() => 'ended' as const)
    const answered = work()
    const first = await Promise.race([answered, ...(ended ? [ended] : [])])
    answered.catch(() => undefined)
    this.end()
    return first
  }

  /** Ends it at once. */
  end(): void {
    const [service, transport] = [this.#service, this.#transport]
    // Nothing more reaches the database, whatever it is at.
    void this.#fault?.end(1, 'lost')
    this.#service = undefined
    transport?.close()
    if (service) this.#dying.push(service.stop())
  }

  /** When nothing is left of those that ended: nobody has the database open then. */
  async buried(): Promise<void> {
    await Promise.allSettled(this.#dying.splice(0))
  }

  #asked(pair: MessageSigner | undefined) {
    const transport = this.#transport
    if (!transport || !this.#service) throw new Error(`${this.name} does not run`)
    const now = () => this.#scene.now
    return { url: PUBLIC_URL, transport, now, ...(pair && { credentials: keyCredentials(pair) }) }
  }
}
