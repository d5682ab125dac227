import { utf8Decode, wipe } from '@strongroom/core/bytes'
import {
  acquireContext,
  CryptoApiError,
  type ProviderId,
  PROVIDERS,
  samplePasswordBytes,
  type SessionKey,
} from '@strongroom/core/cryptoapi'
import { CliError, usage } from '../cli-error.ts'
import type { OptionTable } from '../command.ts'
import { bitsOf, CIPHER_OPTIONS, cipherId, HASH_OPTION, hashId } from './algorithm-names.ts'
import { OLD_PASSWORD_OPTIONS } from './old-password.ts'

/** The hash of the published sample. */
const PUBLISHED_HASH = 'md5'
const NEWEST = 'enhanced-aes'

/** How a session key comes from a password. */
export const DERIVATION_OPTIONS = {
  algorithm: CIPHER_OPTIONS.algorithm,
  bits: {
    ...CIPHER_OPTIONS.bits,
    description: 'length of an RC2 or RC4 key, 40 to 128 in steps of 8; the provider’s default unless told',
  },
  hash: {
    ...HASH_OPTION,
    description: 'the hash of the password; md5 unless told, as in the published samples',
  },
  provider: {
    flags: '--provider <provider>',
    kind: 'value',
    description: 'whose algorithms and default lengths count; enhanced-aes unless told, which has all',
    choices: PROVIDERS.map(({ id }) => id),
  },
  utf16: {
    flags: '--utf-16',
    kind: 'flag',
    description: 'hash the password as UTF-16, least significant byte first, as most Windows programs do',
    group: 'Old password:',
  },
  unicodeBuild: {
    flags: '--unicode-build',
    kind: 'flag',
    description: 'hash it as a Unicode build of Microsoft’s sample did: the first half of its UTF-16',
    group: 'Old password:',
  },
  ...OLD_PASSWORD_OPTIONS,
} as const satisfies OptionTable

/** The values of `DERIVATION_OPTIONS`, but for where the password comes from. */
export interface DerivationValues {
  readonly algorithm: string | undefined
  readonly bits: string | undefined
  readonly hash: string | undefined
  readonly provider: string | undefined
  readonly utf16: boolean
  readonly unicodeBuild: boolean
}

/** The name of the hash that is used. */
export function hashName({ hash = PUBLISHED_HASH }: DerivationValues): string {
  return hash
}

/**
 * CryptDeriveKey from a password.
 *
 * @param password its bytes, which are wiped
 * @throws CliError USAGE for what that provider does not have; BytesError if it is to be UTF-16 and is not UTF-8 in
 *   its file
 */
export function keyFromOldPassword(values: DerivationValues, password: Uint8Array): SessionKey {
  const bytes = hashedBytes(values, password)
  try {
    return asUsage(() => derive(values, bytes))
  } finally {
    wipe(bytes, password)
  }
}

function derive(values: DerivationValues, bytes: Uint8Array): SessionKey {
  const context = acquireContext({ provider: providerOf(values.provider) })
  const hash = context.createHash(hashId(hashName(values)))
  try {
    hash.update(bytes)
    return context.deriveKey(cipherId(values.algorithm), hash, {
      bits: bitsOf(values.bits),
      exportable: true,
    })
  } finally {
    hash.wipe()
  }
}

/** Where nothing was read but the command line: whatever is refused was asked for there. @throws CliError USAGE */
export function asUsage<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof CryptoApiError)) throw error
    throw new CliError('USAGE', error.message, {
      hint: 'choose another --algorithm, --hash, --bits or --provider: not every provider has all of them',
      cause: error,
    })
  }
}

/** @throws CliError USAGE for two forms of one password */
export function checkDerivation({ utf16, unicodeBuild }: DerivationValues): void {
  if (utf16 && unicodeBuild)
    throw usage('--utf-16 and --unicode-build exclude each other', 'give one of them')
}

function hashedBytes({ utf16, unicodeBuild }: DerivationValues, password: Uint8Array): Uint8Array {
  if (unicodeBuild) return samplePasswordBytes(utf8Decode(password), 'unicode')
  return utf16 ? new Uint8Array(Buffer.from(utf8Decode(password), 'utf16le')) : password
}

function providerOf(name: string = NEWEST): ProviderId {
  const provider = PROVIDERS.find(({ id }) => id === name)
  if (provider) return provider.id
  throw usage(`--provider: expected one of ${PROVIDERS.map(({ id }) => id).join(', ')}`)
}
