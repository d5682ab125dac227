import { ClientError, type RecoveryClient } from '@strongroom/core/client'
import { CliError } from '../cli-error.ts'
import { connectedForRecovery, type ConnectionOptions } from '../client/connection.ts'
import type { Context } from '../command.ts'

const AGAIN =
  'look at the connection and the address, and run it again: what was begun is kept, and nothing is asked for twice'

/** Asks an authority about recovery; one that is away is nothing to worry about. @throws what `use` throws, explained */
export async function asking<Result>(
  context: Context,
  options: ConnectionOptions,
  use: (client: RecoveryClient) => Promise<Result>,
): Promise<Result> {
  try {
    return await connectedForRecovery(context, options, use)
  } catch (error) {
    if (!(error instanceof ClientError && error.code === 'CLIENT_UNREACHABLE')) throw error
    const { hostname } = new URL(options.url)
    throw new CliError('AUTHORITY_UNAVAILABLE', `${hostname}: ${error.message}`, {
      hint: AGAIN,
      cause: error,
    })
  }
}
