import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, utf8Decode } from '@strongroom/core/bytes'
import {
  ClientError,
  DepositChoice,
  findDeposits,
  type MissingDeposits,
  type RecoveryWire,
  type WantedDeposits,
} from '@strongroom/core/client'
import { KeyBlobError, parseSerial } from '@strongroom/core/keyblob'
import { RECOVERY_LIMITS, type FoundDeposit } from '@strongroom/core/protocol'
import { SealError, inspectFile } from '@strongroom/core/seal'
import { CliError, usage } from '../cli-error.ts'
import type { Context, OptionTable, OptionValues } from '../command.ts'
import { readInput } from '../cryptoapi/input-bytes.ts'
import { displayName } from '../escape-text.ts'
import { count } from '../quantities.ts'

const GROUP = 'What is asked for:'

/** How the deposits of a request are named, besides by files. */
export const WANTED_OPTIONS = {
  all: {
    flags: '-a, --all',
    kind: 'flag',
    description: 'ask for everything that was deposited',
    group: GROUP,
  },
  serial: {
    flags: '--serial <number>',
    kind: 'list',
    description: 'ask for the key with this serial number; may be given several times',
    group: GROUP,
  },
  list: {
    flags: '-l, --list <file>',
    kind: 'value',
    description: 'ask for what a file names: deposit ids or serial numbers, one a line; - is standard input',
    completes: 'file',
    group: GROUP,
  },
  dryRun: {
    flags: '-n, --dry-run',
    kind: 'flag',
    description: 'show what would be asked for, everything if nothing is named, and ask for nothing',
    group: GROUP,
  },
} as const satisfies OptionTable

export type WantedValues = OptionValues<typeof WANTED_OPTIONS>

/** What is asked for, as the command line names it. */
export interface Wanted extends WantedDeposits {
  /** Sealed files that were found in a folder that was named: one that was never deposited is no error. */
  readonly inFolders: ReadonlySet<string>
}

const MAX_LIST_BYTES = 67_108_864
const SUFFIX = '.age'

/** Whether anything is asked for. */
export function namesAny(paths: readonly string[], { all, serial, list }: WantedValues): boolean {
  return paths.length > 0 || all || serial.length > 0 || list !== undefined
}

/** Reads what is asked for. Nobody is asked yet. @throws CliError USAGE, UNSUPPORTED; SealError for a file that is not sealed */
export async function readWanted(
  context: Context,
  paths: readonly string[],
  values: WantedValues,
): Promise<Wanted> {
  const files = await sealedFiles(context, paths)
  const listed = values.list === undefined ? { ids: [], serials: [] } : readList(context, values.list)
  return {
    all: values.all || (values.dryRun && !namesAny(paths, values)),
    ids: listed.ids,
    serials: [...values.serial.map(serialOf), ...listed.serials],
    ...files,
  }
}

/** The files that are named, and the sealed ones in folders that are. @throws CliError USAGE for a folder without any */
export async function sealedFiles(
  context: Context,
  paths: readonly string[],
): Promise<Pick<Wanted, 'paths' | 'inFolders'>> {
  const inFolders = new Set<string>()
  const files: string[] = []
  for (const path of paths) {
    if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) files.push(path)
    else for (const found of await sealedIn(context, path)) inFolders.add(found)
  }
  return { paths: [...files, ...inFolders], inFolders }
}

/** The sealed files in a folder and all below it. */
async function sealedIn({ terminal }: Context, folder: string): Promise<string[]> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(SUFFIX))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  const sealed: string[] = []
  for (const path of paths) {
    try {
      await inspectFile({ path })
      sealed.push(path)
    } catch (error) {
      if (!(error instanceof SealError)) throw error
      terminal.warning(`${displayName(path)} is passed over: ${error.message}`)
    }
  }
  if (sealed.length > 0) return sealed
  throw usage(
    `there is no sealed file in ${displayName(folder)}`,
    'sealed files end in .age; name others one by one',
  )
}

const ID = /^[0-9a-f]{64}$/
const SERIAL = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MOST_QUOTED = 80

/**
 * The ids and serial numbers in a list, each once. Empty lines and what follows a `#` are passed over; what `--dry-run --json` prints
 * is a list too.
 */
function readList({ terminal }: Context, path: string): Pick<WantedDeposits, 'ids' | 'serials'> {
  const lines = listText(path).split(/\r?\n/)
  const [ids, serials] = [new Set<string>(), new Set<string>()]
  let twice = 0
  for (const [i, line] of lines.entries()) {
    const name = nameIn(line)
    if (name === undefined) continue
    const kind = ID.test(name) ? ids : SERIAL.test(name) ? serials : undefined
    if (!kind) throw noName(path, i + 1, line)
    if (kind.has(name)) twice += 1
    kind.add(name)
  }
  if (ids.size + serials.size === 0) {
    throw usage(`${listName(path)} names nothing`, 'write ids of deposits or serial numbers, one a line')
  }
  if (twice > 0) terminal.note(`${count(twice, 'line')} of the list repeats another, and counts once`)
  return { ids: [...ids].map(fromHex), serials: [...serials].map(serialOf) }
}

/** What a line names; undefined for one that names nothing. */
function nameIn(line: string): string | undefined {
  const text = line.trim()
  if (text.startsWith('{')) return idInRecord(text)
  return text.replace(/\s*#.*$/, '').toLowerCase() || undefined
}

/** Of a document of `--dry-run --json`; the last of them counts the others, and has no id. */
function idInRecord(text: string): string | undefined {
  try {
    const record: unknown = JSON.parse(text)
    if (typeof record === 'object' && record !== null) {
      if ('id' in record && typeof record.id === 'string') return record.id
      if ('count' in record && 'digest' in record) return undefined
    }
  } catch {
    // Said as what it is: a line that names nothing.
  }
  return text
}

function listText(path: string): string {
  try {
    return utf8Decode(readInput(path, MAX_LIST_BYTES, 'a list of deposits'))
  } catch (cause) {
    if (cause instanceof CliError || (cause instanceof Error && 'syscall' in cause)) throw cause
    throw new CliError('UNSUPPORTED', `${listName(path)} is no text`, { cause })
  }
}

const listName = (path: string) => (path === '-' ? 'the list' : displayName(path))

function noName(path: string, number: number, line: string): CliError {
  const shown = line.trim().length > MOST_QUOTED ? `${line.trim().slice(0, MOST_QUOTED)}…` : line.trim()
  return usage(
    `${listName(path)}, line ${number}: ${displayName(shown)} is neither the id of a deposit nor a serial number`,
    'an id has 64 hexadecimal digits, a serial number 32 with hyphens; --dry-run --json prints both',
  )
}

function serialOf(text: string): Uint8Array {
  try {
    return parseSerial(text.toLowerCase())
  } catch (cause) {
    if (!(cause instanceof KeyBlobError)) throw cause
    throw usage(
      `${displayName(text)} is no serial number`,
      'it looks like 01234567-89ab-7cde-8f01-23456789abcd',
    )
  }
}

/** What is asked for in the end. */
export interface Chosen {
  /** The newest first. */
  readonly deposits: readonly FoundDeposit[]
  /** The files whose keys are among them. */
  readonly paths: readonly string[]
}

/**
 * The deposits of a client that are wanted.
 *
 * @throws CliError USAGE for what was named and is not among them; ClientError CLIENT_RECOVERY if nothing was deposited
 */
export async function chosenDeposits(
  { terminal }: Context,
  wire: Pick<RecoveryWire, 'depositsOf'>,
  client: string,
  wanted: Wanted,
): Promise<Chosen> {
  const choice = await DepositChoice.of(wanted)
  const found = await findDeposits(wire, client, choice.takes)
  if (found.length === 0 && wanted.all) {
    throw new ClientError('CLIENT_RECOVERY', 'nothing was deposited by that client')
  }
  const { missing } = choice
  const passed = missing.paths.filter((path) => wanted.inFolders.has(path))
  const paths = missing.paths.filter((path) => !wanted.inFolders.has(path))
  refuseMissing({ ...missing, paths: found.length === 0 ? missing.paths : paths })
  for (const path of passed) terminal.warning(`no deposit is known to be that of ${displayName(path)}`)
  const without = new Set(passed)
  return { deposits: found, paths: wanted.paths.filter((path) => !without.has(path)) }
}

const SHOWS = '--dry-run shows what there is'
const MOST_NAMED = 5

function refuseMissing({ ids, serials, paths }: MissingDeposits): void {
  if (paths.length > 0) {
    throw usage(
      `no deposit is known to be that of ${named(paths.map(displayName))}`,
      `a file that was renamed is not found by its name: --all asks for everything, ${SHOWS}`,
    )
  }
  if (serials.length > 0) {
    throw usage(`no deposit has the serial number ${named(serials.map(hyphened))}`, SHOWS)
  }
  if (ids.length > 0) {
    throw usage(
      `${count(ids.length, 'deposit')} of the list is none of this client: ${named(ids)}`,
      `a request is about the deposits of one client; ${SHOWS}`,
    )
  }
}

function named(names: readonly string[]): string {
  const more = names.length - MOST_NAMED
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const hyphened = (serial: string) => serial.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

/**
 * Whether they fit into one request. Several are not made by themselves: each costs a code and the time of every officer, and is
 * approved or rejected apart.
 *
 * @throws CliError USAGE
 */
export function checkCount({ length }: readonly FoundDeposit[]): void {
  const most = RECOVERY_LIMITS.deposits
  if (length <= most) return
  const parts = Math.ceil(length / most)
  throw usage(
    `${count(length, 'deposit')}, and one request asks for at most ${count(most, 'deposit').split(' ')[0]}`,
    `make ${parts} requests: add --dry-run --json > all, run split -l ${most} all part-, then ask with --list part-aa and so on`,
  )
}
