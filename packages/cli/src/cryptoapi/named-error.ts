import { ContainerError } from '@strongroom/core/container'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { CliError } from '../cli-error.ts'
import { displayName } from '../escape-text.ts'

/**
 * Says in an error which file it is about: of several key files one is wrong.
 *
 * @returns an error of the same class and code, or the same if it names the file or is none of ours
 */
export function namedError(path: string, error: unknown): unknown {
  const name = displayName(path)
  if (!(error instanceof Error) || error.message.includes(name)) return error
  const message = `${name}: ${error.message}`
  if (error instanceof CryptoApiError) return new CryptoApiError(error.code, message, { cause: error.cause })
  if (error instanceof ContainerError) return new ContainerError(error.code, message, { cause: error.cause })
  if (!(error instanceof CliError)) return error
  return new CliError(error.code, message, {
    cause: error.cause,
    ...(error.hint !== undefined && { hint: error.hint }),
  })
}
