import { usage } from '../cli-error.ts'
import type { OptionTable } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { checkDerivation, DERIVATION_OPTIONS, type DerivationValues } from './derived-keys.ts'
import { PRIVATE_KEY_OPTIONS, type PrivateKeyValues } from './private-keys.ts'

const OLD_FORMAT = 'Old format:'
/** RFC 2268, section 2. */
const MOST_EFFECTIVE_BITS = 1024

/** What files of Microsoft's sample do not say of themselves, whoever reads or writes them. */
export const SAMPLE_FORMAT_OPTIONS = {
  password: {
    flags: '--password',
    kind: 'flag',
    description: 'the layout of the sample that takes a password: ciphertext and nothing else',
    group: OLD_FORMAT,
  },
  algorithm: {
    ...DERIVATION_OPTIONS.algorithm,
    description: 'the cipher under a password; a file with a key blob in front says it itself',
    group: OLD_FORMAT,
  },
  bits: { ...DERIVATION_OPTIONS.bits, group: OLD_FORMAT },
  hash: { ...DERIVATION_OPTIONS.hash, group: OLD_FORMAT },
  provider: { ...DERIVATION_OPTIONS.provider, group: OLD_FORMAT },
  rc2Effective: {
    flags: '--rc2-effective <bits>',
    kind: 'value',
    description: 'how many bits of an RC2 key count; 40 for Windows NT 4, 95 to 2000 and XP before SP1',
    group: OLD_FORMAT,
  },
  oaep: {
    flags: '--oaep',
    kind: 'flag',
    description: 'the key blob is padded with OAEP (CRYPT_OAEP), unlike those of the sample',
    group: OLD_FORMAT,
  },
  utf16: DERIVATION_OPTIONS.utf16,
  unicodeBuild: DERIVATION_OPTIONS.unicodeBuild,
} as const satisfies OptionTable

/** How an old file is read, and with which keys. */
export const SAMPLE_READ_OPTIONS = {
  ...PRIVATE_KEY_OPTIONS,
  ...SAMPLE_FORMAT_OPTIONS,
  findEnd: {
    flags: '--find-end',
    kind: 'flag',
    description: 'what was left of a longer file may follow the text: find out where it ends (no RC4)',
    group: OLD_FORMAT,
  },
} as const satisfies OptionTable

/** The values of `SAMPLE_FORMAT_OPTIONS`. */
export interface SampleFormatValues extends DerivationValues {
  readonly password: boolean
  readonly rc2Effective: string | undefined
  readonly oaep: boolean
}

/** The values of `SAMPLE_READ_OPTIONS`. */
export interface SampleReadValues extends SampleFormatValues, PrivateKeyValues {
  readonly findEnd: boolean
}

/** The number after `--rc2-effective`; undefined for all bits of the key. @throws CliError USAGE */
export function rc2EffectiveBits({ rc2Effective: text }: SampleFormatValues): number | undefined {
  if (text === undefined) return undefined
  const bits = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0
  if (bits > 0 && bits <= MOST_EFFECTIVE_BITS) return bits
  throw usage(`--rc2-effective: expected 1 to ${MOST_EFFECTIVE_BITS} bits, got ${displayName(text)}`)
}

/** Options that a reader may not combine, but for `hash`. @throws CliError USAGE */
export function checkReadValues(values: SampleReadValues): void {
  if (!values.password) return refuseDerivation(values, [...WITHOUT_PASSWORD, 'algorithm', 'bits'])
  if (values.algorithm === undefined) {
    throw usage(
      'such a file does not say which cipher it takes',
      'name it with --algorithm: rc4 in the published sample',
    )
  }
  if (values.key.length > 0 || values.oaep)
    throw usage('a file under a password has no key blob', 'leave out --password, or --key and --oaep')
  checkDerivation(values)
}

/** Options that say something of a password alone. */
const WITHOUT_PASSWORD = ['provider', 'utf16', 'unicodeBuild'] as const

/** Refuses what says how a key comes from a password, where there is none. @throws CliError USAGE */
export function refuseDerivation(
  values: SampleFormatValues,
  names: readonly (keyof DerivationValues)[] = WITHOUT_PASSWORD,
): void {
  for (const name of names) {
    if (values[name] === undefined || values[name] === false) continue
    const [flag] = SAMPLE_FORMAT_OPTIONS[name].flags.split(' ')
    throw usage(
      `${flag} is for files under a password`,
      'add --password if it is one: a key blob in front of a file says all of it',
    )
  }
}
