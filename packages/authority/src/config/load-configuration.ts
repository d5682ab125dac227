import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type * as z from 'zod'
import { ConfigError } from './config-error.ts'
import type { Configuration, DatabaseSettings } from './configuration.ts'
import { nearest } from './nearest-name.ts'
import { isVariable, SETTING_ROWS, variableOf, type SettingRow } from './setting-rows.ts'
import { CONFIGURATION_FILE, SETTINGS, type Settings } from './settings.ts'

/** Variables by their names, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the settings of an authority: the file, and over it the variables `STRONGROOM_AUTHORITY_…`. Nothing is guessed: a
 * member or a variable that is no setting is an error.
 *
 * @param path of `authority.json`, or of the folder that it lies in
 * @throws ConfigError CONFIG_NOT_FOUND, CONFIG_FORMAT; the platform's error if the file cannot be read
 */
export function loadConfiguration(path: string, environment: Environment = {}): Configuration {
  const file = fileOf(resolve(path))
  const members = parseFile(file)
  for (const [name, text] of Object.entries(environment)) {
    if (isVariable(name) && text !== undefined) override(members, name, text)
  }
  return configurationOf(checkSettings(members, file), dirname(file))
}

/** Settings as they are used: relative paths are from the folder. */
export function configurationOf(settings: Settings, folder: string): Configuration {
  const at = (path: string) => resolve(folder, path)
  const { tls, database, log, metrics, quotas, ...rest } = settings
  return {
    ...rest,
    folder,
    tls: tls && {
      certificate: at(tls.certificate),
      key: at(tls.key),
      ...(tls.clientCa !== undefined && { clientCa: at(tls.clientCa) }),
    },
    database: databaseOf(database, at),
    log: { keys: at(log.keys), signed: at(log.signed) },
    quotas: { ...quotas, client: present(quotas.client), tenant: present(quotas.tenant) },
    metrics: metrics.listen ? { listen: metrics.listen } : {},
  }
}

function databaseOf(database: Settings['database'], at: (path: string) => string): DatabaseSettings {
  if (database.engine === 'sqlite') return { ...database, path: at(database.path) }
  const { url, ...rest } = database
  if (url !== undefined) return { ...present(rest), url }
  throw new ConfigError('CONFIG_FORMAT', 'database.url: expected the address of the database', {
    path: 'database.url',
    hint: `put it in the file or in ${variableOf(['database', 'url'])}`,
  })
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Without the members that are undefined. */
function present<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>
}

/** @param file named by messages. @throws ConfigError CONFIG_FORMAT */
export function checkSettings(members: unknown, file: string): Settings {
  const checked = SETTINGS.safeParse(members)
  if (checked.success) return checked.data
  const { issues } = checked.error
  // A misspelt setting is also one that is missing: the first says more.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  throw issue ? wrong(file, issue) : new ConfigError('CONFIG_FORMAT', `${file}: not a configuration`)
}

function fileOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() ? join(path, CONFIGURATION_FILE) : path
}

type Members = Record<string, unknown>

function parseFile(file: string): Members {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new ConfigError('CONFIG_FORMAT', `${file}: not JSON`, { cause })
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw new ConfigError('CONFIG_NOT_FOUND', `there is no ${file}`, {
      cause,
      hint: 'name the folder of an authority, or make one with: strongroom authority init FOLDER',
    })
  }
  if (isMembers(value)) return value
  throw new ConfigError('CONFIG_FORMAT', `${file}: expected an object of settings`)
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Puts the value of a variable where its setting stands. */
function override(members: Members, name: string, text: string): void {
  const row = SETTING_ROWS.find(({ variable }) => variable === name)
  if (!row) {
    const like = nearest(
      name,
      SETTING_ROWS.map(({ variable }) => variable),
    )
    throw new ConfigError('CONFIG_FORMAT', `there is no setting for the variable ${name}`, {
      ...(like !== undefined && { hint: `did you mean ${like}?` }),
    })
  }
  const names = row.path.split('.')
  const last = names.pop() ?? ''
  let group = members
  for (const step of names) {
    const inner = group[step]
    const next = isMembers(inner) ? inner : {}
    group[step] = next
    group = next
  }
  group[last] = valueOf(row, text)
  // Another engine has other members: those of the file are of no use to it.
  if (row.path === 'database.engine') dropForeign(group, text)
}

/** The members of a database that are not those of an engine. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  sqlite: ['url', 'ownerUrl', 'nodeRole', 'connections'],
  postgres: ['path'],
}

function dropForeign(group: Members, engine: string): void {
  for (const name of FOREIGN[engine] ?? []) delete group[name]
}

function valueOf({ takesNumber, takesNull }: SettingRow, text: string): unknown {
  if (takesNull && text === 'null') return null
  return takesNumber && /^\d{1,15}$/.test(text) ? Number(text) : text
}

function wrong(file: string, issue: z.core.$ZodIssue): ConfigError {
  const path = issue.path.map(String).join('.')
  if (issue.code !== 'unrecognized_keys') {
    const about = path === '' ? file : `${file}: ${path}`
    return new ConfigError('CONFIG_FORMAT', `${about}: ${reasonOf(issue)}`, { path })
  }
  const [key = ''] = issue.keys
  const full = path === '' ? key : `${path}.${key}`
  const like = nearest(
    full,
    SETTING_ROWS.flatMap((row) => withGroups(row.path)),
  )
  return new ConfigError('CONFIG_FORMAT', `${file}: there is no setting ${full}`, {
    path: full,
    hint: hintFor(full, like),
  })
}

function hintFor(full: string, like: string | undefined): string {
  if (like === undefined) return 'docs/authority-configuration.md lists all settings'
  return like === full ? 'that one is of the other database engine' : `did you mean ${like}?`
}

/** `a.b.c` and the groups that it stands in: `a`, `a.b`. */
function withGroups(path: string): string[] {
  const names = path.split('.')
  return names.map((_, i) => names.slice(0, i + 1).join('.'))
}

function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom' || issue.code === 'invalid_format') return issue.message
  if (issue.code === 'invalid_type') return `expected ${wordOf(issue.expected)}`
  if (issue.code === 'too_small')
    return `expected at least ${issue.minimum}${issue.origin === 'string' ? ' character' : ''}`
  if (issue.code === 'too_big') return `expected at most ${issue.maximum}`
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'invalid_union') return 'expected sqlite or postgres'
  return 'not a value of this setting'
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a whole number',
  object: 'an object of settings',
}

function wordOf(expected: string): string {
  return WORDS[expected] ?? expected
}
