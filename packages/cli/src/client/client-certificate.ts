import { utf8Decode } from '@strongroom/core/bytes'
import type { HttpsTransportOptions } from '@strongroom/core/client'
import { CliError, usage } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { readInput } from '../cryptoapi/input-bytes.ts'
import { displayName } from '../escape-text.ts'

const CERTIFICATE = 'STRONGROOM_TLS_CERTIFICATE'
const KEY = 'STRONGROOM_TLS_KEY'
const MAX_BYTES = 262_144

/**
 * The certificate of this computer, for authorities that let nobody else connect: two files in PEM that the environment names. It
 * opens a door, and replaces nothing that is signed behind it.
 *
 * @throws CliError USAGE for one without the other; UNSUPPORTED for what is no PEM
 */
export function clientCertificate({ environment }: Context): Pick<HttpsTransportOptions, 'own'> {
  const [certificate, key] = [environment[CERTIFICATE] || undefined, environment[KEY] || undefined]
  if (certificate === undefined && key === undefined) return {}
  if (certificate === undefined || key === undefined) {
    throw usage(`${CERTIFICATE} and ${KEY} belong together`, 'set both, or none')
  }
  return { own: { certificate: pemIn(certificate, 'CERTIFICATE'), key: pemIn(key, 'PRIVATE KEY') } }
}

function pemIn(path: string, label: string): string {
  const text = utf8Decode(readInput(path, MAX_BYTES, 'a file in PEM'))
  if (new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(text)) return text
  throw new CliError('UNSUPPORTED', `${displayName(path)} holds no ${label.toLowerCase()} in PEM`)
}
