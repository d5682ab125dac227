import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino, type Logger } from 'pino'
import type { Address, Configuration, TlsSettings } from '../config/index.ts'
import { createHandler, createServer, Metrics, RequestLog, type ServerTls } from '../http/index.ts'
import { printableLine } from '../model/printable-line.ts'
import { askedFor, NoticeKeys, startOutbox } from '../notices/index.ts'
import { createMetricsServer } from './metrics-server.ts'
import { openAuthority, type OpenAuthority } from './open-authority.ts'
import { upkeep } from './upkeep.ts'
import { stopServer } from './stop-server.ts'

/** What a service may be started with. */
export interface ServiceOptions {
  /** Where lines go; standard error unless told, from the configured level on. */
  readonly logger?: Logger
  /** The clock, in milliseconds since 1970. */
  readonly now?: () => number
}

/** A service that answers. */
export interface Service {
  /** Where it listens: scheme, host and the port that it has. */
  readonly url: string
  /** Where its metrics are; undefined if they are nowhere. */
  readonly metricsUrl: string | undefined
  readonly authority: OpenAuthority
  /**
   * Takes no new connection, answers the requests that it has, and lets go of everything; after ten seconds, whether or not those were
   * answered. What was acknowledged is durable all the same.
   */
  stop(): Promise<void>
}

/**
 * Opens an authority and serves it.
 *
 * @throws what `openAuthority` throws; the platform's error if it cannot listen, or not read the certificate
 */
export async function startService(
  configuration: Configuration,
  options: ServiceOptions = {},
): Promise<Service> {
  const { now = Date.now, logger = loggerOf(configuration) } = options
  const onWarning = (warning: string) => logger.warn({ warning }, 'the database keeps less than it could')
  const authority = await openAuthority(configuration, { now, onWarning })
  return serveAuthority(authority, configuration, { now, logger })
}

/** Serves an authority that is open. It is closed when the service stops, or cannot start. */
export async function serveAuthority(
  authority: OpenAuthority,
  configuration: Configuration,
  options: ServiceOptions = {},
): Promise<Service> {
  const { now = Date.now, logger = loggerOf(configuration) } = options
  const servers: Server[] = []
  try {
    const metrics = new Metrics(authority, now)
    const server = await publicServer(authority, configuration, { metrics, logger, now })
    servers.push(server)
    const url = await listen(server, configuration.listen, configuration.tls ? 'https' : 'http')
    const metricsUrl = await serveMetrics(metrics, configuration, servers)
    const endUpkeep = upkeep(authority, now, logger)
    const endOutbox = outboxOf(authority, configuration, { logger, now })
    logger.info({ url, metricsUrl, log: authority.log.state.state }, 'listening')
    const end = async () => {
      endUpkeep()
      await endOutbox()
      await Promise.all(servers.map(stopServer))
      await authority.close()
      logger.info('stopped')
    }
    let ending: Promise<void> | undefined
    return { url, metricsUrl, authority, stop: () => (ending ??= end()) }
  } catch (error) {
    await Promise.all(servers.map(stopServer))
    await authority.close()
    throw error
  }
}

/** Tells people what happens, if there is a way to. */
function outboxOf(
  authority: OpenAuthority,
  { notices: channels, url, name }: Configuration,
  means: Required<ServiceOptions>,
): () => Promise<void> {
  if (!channels?.mail && !channels?.webhook) return async () => {}
  const { notices } = authority.store.recovery
  const about = askedFor(authority, means.now)
  return startOutbox({ notices, about, keys: new NoticeKeys(authority.keys), channels, url, name, ...means })
}

function loggerOf({ logLevel }: Configuration): Logger {
  return pino({ level: logLevel, hooks: { streamWrite: printableLine } }, pino.destination(2))
}

async function publicServer(
  authority: OpenAuthority,
  { url, limits, proxy: { hops }, tls }: Configuration,
  { metrics, logger, now }: Required<ServiceOptions> & { readonly metrics: Metrics },
): Promise<Server> {
  const log = new RequestLog(logger)
  const handler = createHandler(authority, { url, limits, hops, metrics, log, now })
  const { bodySeconds, connections } = limits
  const options = { bodySeconds, connections, hops, metrics }
  return createServer(handler, { ...options, ...(tls && { tls: await readTls(tls) }) })
}

async function readTls({ certificate, key, clientCa }: TlsSettings): Promise<ServerTls> {
  return {
    certificate: await readFile(certificate, 'utf8'),
    key: await readFile(key, 'utf8'),
    ...(clientCa !== undefined && { clientCa: await readFile(clientCa, 'utf8') }),
  }
}

async function serveMetrics(
  metrics: Metrics,
  { metrics: { listen: address } }: Configuration,
  servers: Server[],
): Promise<string | undefined> {
  if (!address) return undefined
  const server = createMetricsServer(metrics)
  servers.push(server)
  return `${await listen(server, address, 'http')}/metrics`
}

async function listen(server: Server, { host, port }: Address, scheme: 'http' | 'https'): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, resolve)
  await promise
  server.off('error', reject)
  const { port: actual } = server.address() as AddressInfo
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${actual}`
}
