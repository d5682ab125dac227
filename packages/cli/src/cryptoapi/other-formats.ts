import { CliError } from '../cli-error.ts'
import { displayName } from '../escape-text.ts'

/** What people may take for a file of CryptoAPI, by its first bytes, and where it belongs. */
const FORMATS: readonly (readonly [begins: string, what: string, hint: string])[] = [
  ['age-encryption.org/', 'an age file', 'strongroom inspect shows what can be known about it'],
  ['-----BEGIN AGE', 'an age file', 'strongroom inspect shows what can be known about it'],
  [
    '-----BEGIN ',
    'PEM',
    'openssl pkey -text explains keys in PEM; strongroom cryptoapi import takes them in',
  ],
  ['0\u0082', 'DER', 'openssl asn1parse -inform DER explains it'],
  ['0\u0081', 'DER', 'openssl asn1parse -inform DER explains it'],
]

/** The error for a file that is none of CryptoAPI's, with the best hint there is. */
export function otherFormat(path: string, bytes: Uint8Array): CliError {
  const start = String.fromCharCode(...bytes.subarray(0, 32))
  const name = displayName(path)
  if (start === '') {
    return new CliError('UNSUPPORTED', `${name} is empty`, {
      hint: 'look whether it is the file that you mean',
    })
  }
  const [, what, hint] = FORMATS.find(([begins]) => start.startsWith(begins)) ?? []
  return new CliError(
    'UNSUPPORTED',
    `${name} is ${what ?? 'no key blob, PVK file or file of Microsoft’s sample'}`,
    {
      hint: hint ?? 'strongroom cryptoapi --help lists what can be done with those',
    },
  )
}
