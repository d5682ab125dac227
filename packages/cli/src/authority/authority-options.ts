import { loadConfiguration, type Configuration } from '@strongroom/authority'
import { usage } from '../cli-error.ts'
import type { Context, OptionTable } from '../command.ts'
import { displayName } from '../escape-text.ts'

/** Which authority a command is about. */
export const AUTHORITY_OPTIONS = {
  folder: {
    flags: '-f, --folder <folder>',
    kind: 'value',
    description: 'the authority’s folder, also from STRONGROOM_AUTHORITY; the one you are in unless told',
    completes: 'folder',
  },
} as const satisfies OptionTable

/** The values of `AUTHORITY_OPTIONS`. */
export interface AuthorityValues {
  readonly folder: string | undefined
}

/** The settings of the authority that is meant. @throws ConfigError */
export function authorityOf({ environment }: Context, { folder }: AuthorityValues): Configuration {
  return loadConfiguration(folder ?? (environment['STRONGROOM_AUTHORITY'] || '.'), environment)
}

/** A whole number above 0. @throws CliError USAGE */
export function wholeNumber(option: string, text: string, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= most) return number
  throw usage(`${option}: expected a whole number from 1 to ${most}, got ${displayName(text)}`)
}

/** A moment for people and programs: UTC, full seconds. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** The day of a moment, in UTC. */
export function dayText(ms: number): string {
  return timeText(ms).slice(0, 10)
}

/** `1 statement`, `2 statements`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
