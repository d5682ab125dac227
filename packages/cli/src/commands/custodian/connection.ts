import { readFileSync } from 'node:fs'
import { CustodianError, type CustodianFolder } from '@strongroom/authority'
import { httpsTransport, type Transport } from '@strongroom/core/client'
import { usage } from '../../cli-error.ts'
import { clientCertificate } from '../../client/client-certificate.ts'
import type { Context, OptionTable } from '../../command.ts'

/** How a custodian reaches its authority. */
export const CONNECTION_OPTIONS = {
  ca: {
    flags: '--ca <file>',
    kind: 'value',
    description: 'certificates in PEM to trust for its address, instead of those of the system',
    completes: 'file',
  },
} as const satisfies OptionTable

/** An authority that a custodian was told of. */
export interface Connection {
  readonly identity: string
  readonly url: string
  readonly transport: Transport
}

/** Connects a custodian for as long as `work` takes. @throws CustodianError CUSTODIAN_TRUST; CliError USAGE without an address */
export async function withConnection<T>(
  context: Context,
  { settings: { identity, url } }: CustodianFolder,
  { ca: path }: { readonly ca: string | undefined },
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const ca = path === undefined ? undefined : readFileSync(path)
  if (identity === null) {
    throw new CustodianError('CUSTODIAN_TRUST', 'this custodian was not told which authority to trust')
  }
  if (url === null) {
    throw usage(
      'this custodian does not know where its authority is',
      'strongroom custodian trust --url ADDRESS',
    )
  }
  const transport = httpsTransport({ url, ...(ca && { ca }), ...clientCertificate(context) })
  try {
    return await work({ identity, url, transport })
  } finally {
    transport.close()
  }
}
