import { usage } from '../cli-error.ts'
import type { SignatureCheckValues } from './detached-signature.ts'

/** What a command that opens old files was told of signatures over their key blobs. */
interface OpeningValues extends SignatureCheckValues {
  readonly signer: string | undefined
  readonly password: boolean
}

/**
 * Refuses what makes no sense together.
 *
 * @param source the option that says where signatures are, and its value
 * @throws CliError USAGE
 */
export function checkSignatureValues(
  values: OpeningValues,
  source: { readonly option: string; readonly value: string | undefined },
): void {
  const { option, value } = source
  const { signer, strict, noHashOid, description, password, hash } = values
  if ((value === undefined) !== (signer === undefined)) {
    throw usage(
      `${option} and --signer go together`,
      'a signature proves nothing without the key of its maker',
    )
  }
  if (value === undefined && (strict || noHashOid || description !== undefined)) {
    throw usage(
      '--strict, --no-hash-oid and --description say how a signature was made',
      `add ${option}, or leave them out`,
    )
  }
  if (password && value !== undefined)
    throw usage('a file under a password has no key blob that could be signed', `leave out ${option}`)
  if (!password && value === undefined && hash !== undefined)
    throw usage('--hash is that of a signature or of a password', `add ${option}, or --password`)
}
