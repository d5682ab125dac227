import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { utf8Encode } from '@strongroom/core/bytes'
import { writeFileAtomically } from '@strongroom/core/container'
import { CliError } from './cli-error.ts'
import { displayName } from './escape-text.ts'

/** What a person has settled once; `config.json`. */
export interface Config {
  /** The container that is used when none is named. */
  readonly defaultContainer?: string
  /** Recipients that every seal gets besides its owner: keys, aliases or files of them. */
  readonly defaultRecipients?: readonly string[]
  /** The backup authority at which session keys are deposited when none is named. */
  readonly defaultAuthority?: string
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const SETTINGS: Readonly<Record<keyof Config, { check: Check; expected: string }>> = {
  defaultContainer: { check: isText, expected: 'a name' },
  defaultRecipients: {
    check: (value) => Array.isArray(value) && value.every(isText),
    expected: 'a list of recipients',
  },
  defaultAuthority: { check: isText, expected: 'a name' },
}

/**
 * Reads the settings; a file that is not there has none.
 *
 * @throws CliError CONFIG for anything that is not a setting: a misspelt one would be ignored in silence
 */
export function loadConfig(path: string): Config {
  const text = readIfThere(path)
  if (text === undefined) return {}
  const parsed = parse(path, text)
  for (const [name, value] of Object.entries(parsed)) {
    // What every object inherits, such as `constructor`, is no setting.
    const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name as keyof Config] : undefined
    if (!setting) throw wrong(path, `there is no setting ${displayName(name)}`)
    if (!setting.check(value)) throw wrong(path, `${name}: expected ${setting.expected}`)
  }
  return parsed
}

/** Writes the settings in place of older ones, at once. @throws ContainerError CONTAINER_PERMISSIONS for a link */
export function saveConfig(path: string, config: Config): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileAtomically(path, utf8Encode(`${JSON.stringify(config, undefined, 2)}\n`), { overwrite: true })
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function parse(path: string, text: string): Config {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw wrong(path, 'not JSON', cause)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw wrong(path, 'expected an object of settings')
}

function wrong(path: string, message: string, cause?: unknown): CliError {
  return new CliError('CONFIG', `${displayName(path)}: ${message}`, { cause })
}
