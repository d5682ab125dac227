import type { PairUse } from '@strongroom/core/cryptoapi'
import { usage } from '../cli-error.ts'
import { displayName } from '../escape-text.ts'

/** Which of the two pairs of CryptoAPI. */
export const USE_OPTION = {
  flags: '--use <use>',
  kind: 'value',
  description: 'what the pair is for: exchange (AT_KEYEXCHANGE) or signature (AT_SIGNATURE)',
  choices: ['exchange', 'signature'],
} as const

/** The use after `--use`. @throws CliError USAGE */
export function useOf(text: string | undefined): PairUse | undefined {
  if (text === undefined || text === 'exchange' || text === 'signature') return text
  throw usage(`--use: expected exchange or signature, got ${displayName(text)}`)
}
