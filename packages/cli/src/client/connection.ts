import {
  AuthorityClient,
  ClientError,
  httpsTransport,
  ProbeClient,
  RecoveryClient,
  type AuthorityState,
  type ClientCredentials,
  type Transport,
} from '@strongroom/core/client'
import { PROBLEMS } from '@strongroom/core/protocol'
import { CliError } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { clientCertificate } from './client-certificate.ts'

/** Where an authority is, and how long one may take to be asked. */
export interface ConnectionOptions {
  readonly url: string
  /** Certificates in PEM. */
  readonly ca: string | null
  /** For everything that is asked over this connection together; each request has a limit of its own besides. */
  readonly timeoutMs?: number
  readonly credentials?: ClientCredentials
}

/** Does something with a connection that is closed afterwards. @throws what `use` throws, explained */
export async function connected<Result>(
  context: Context,
  options: ConnectionOptions,
  use: (client: AuthorityClient, transport: Transport) => Promise<Result>,
): Promise<Result> {
  const { url, credentials } = options
  return await overTransport(context, options, (transport) =>
    use(new AuthorityClient({ url, transport, ...(credentials && { credentials }) }), transport),
  )
}

/** The same for questions about recovery. */
export async function connectedForRecovery<Result>(
  context: Context,
  options: ConnectionOptions,
  use: (client: RecoveryClient) => Promise<Result>,
): Promise<Result> {
  const { url, credentials } = options
  return await overTransport(context, options, (transport) =>
    use(new RecoveryClient({ url, transport, ...(credentials && { credentials }) })),
  )
}

/** The same for probes. */
export async function connectedForProbes<Result>(
  context: Context,
  options: ConnectionOptions,
  use: (client: ProbeClient) => Promise<Result>,
): Promise<Result> {
  const { url, credentials } = options
  return await overTransport(context, options, (transport) =>
    use(new ProbeClient({ url, transport, ...(credentials && { credentials }) })),
  )
}

async function overTransport<Result>(
  context: Context,
  { url, ca, timeoutMs }: ConnectionOptions,
  use: (transport: Transport) => Promise<Result>,
): Promise<Result> {
  const { signal } = context
  const ends = timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const wire = httpsTransport({ url, ...(ca !== null && { ca }), ...clientCertificate(context) })
  const transport: Transport = {
    request: (request) => wire.request({ ...request, signal: ends }),
    close: () => wire.close(),
  }
  try {
    return await use(transport)
  } catch (error) {
    throw explained(error)
  } finally {
    wire.close()
  }
}

/** The same for an authority that is known. */
export async function connectedTo<Result>(
  context: Context,
  { url, ca }: AuthorityState,
  options: Omit<ConnectionOptions, 'url' | 'ca'>,
  use: (client: AuthorityClient) => Promise<Result>,
): Promise<Result> {
  return await connected(context, { url, ca, ...options }, use)
}

/** What an authority answered instead of what it was asked, with what to do about it; any other error as it is. */
export function explained(error: unknown): unknown {
  if (!(error instanceof ClientError) || !error.problem) return error
  const { code, status, detail } = error.problem
  const said = detail === undefined ? error.message : `${error.message}: ${detail}`
  return new CliError(passes(status) ? 'AUTHORITY_UNAVAILABLE' : 'AUTHORITY_REFUSED', said, {
    cause: error,
    ...(code && { hint: PROBLEMS[code].hint }),
  })
}

/** Whether time alone may mend what an answer of that status says. */
export function passes(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}
