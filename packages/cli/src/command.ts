import type { Failures } from './failures.ts'
import type { Environment, Folders } from './folders.ts'
import type { Terminal } from './terminal.ts'

/** What the shell may offer where a value is typed. */
export type Completes = 'file' | 'folder' | 'container' | 'session-key' | 'signer' | 'recipient' | 'authority'

/** One option of a command. `value` is given once, `list` any number of times. */
export interface OptionRow {
  /** As in help: `-o, --output <file>`. */
  readonly flags: string
  readonly kind: 'flag' | 'value' | 'list'
  readonly description: string
  readonly choices?: readonly string[]
  readonly completes?: Completes
  /** Under which heading help shows it; `Options:` unless told. */
  readonly group?: string
}

/** The options of a command by the names its code knows them by. */
export type OptionTable = Readonly<Record<string, OptionRow>>

type ValueOf<Kind> = Kind extends 'flag'
  ? boolean
  : Kind extends 'list'
    ? readonly string[]
    : string | undefined

/** What was given for each option: a flag is false, a list empty, a value undefined when it was not. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: ValueOf<Table[Name]['kind']>
}

/** One operand: `<path...>` must be there at least once, `[name]` may be left out. */
export interface Operand {
  readonly name: string
  readonly description: string
  readonly choices?: readonly string[]
  readonly completes?: Completes
}

/** A command line a person may type, and what it is for. */
export interface Example {
  readonly line: string
  readonly purpose: string
}

/** What the world outside gives to every command. */
export interface Context {
  readonly terminal: Terminal
  readonly failures: Failures
  readonly folders: Folders
  readonly environment: Environment
  /** Aborted by SIGINT, SIGTERM and SIGHUP: clean up and stop. */
  readonly signal: AbortSignal
}

/** Options that every command has. */
export const COMMON_OPTIONS = {
  json: { flags: '--json', kind: 'flag', description: 'print JSON on standard output' },
  quiet: {
    flags: '-q, --quiet',
    kind: 'flag',
    description: 'print only what was asked for, warnings and errors',
  },
} as const satisfies OptionTable

interface Definition<Table extends OptionTable> {
  readonly operands?: readonly Operand[]
  readonly options: Table
  /** Lines that flow into paragraphs; an empty one ends a paragraph. */
  readonly notes?: readonly string[]
  readonly examples: readonly Example[]
  /** How long it may take to stop after a signal, in milliseconds. */
  readonly graceMs?: number
  run(context: Context, operands: readonly string[], values: OptionValues<Table>): Promise<void>
}

/** Reads the raw value of an option by its name in the command's table or `COMMON_OPTIONS`. */
export type ReadOption = (name: string) => unknown

/** A command as the program sees it, with the types of its options forgotten. */
export interface Command {
  readonly operands: readonly Operand[]
  readonly options: OptionTable
  readonly notes: readonly string[]
  readonly examples: readonly Example[]
  /** How long it may take to stop after a signal, in milliseconds; as long as others unless told. */
  readonly graceMs: number | undefined
  run(context: Context, operands: readonly string[], read: ReadOption): Promise<void>
}

/** Makes a command of its table of options and the function that gets their values. */
export function defineCommand<const Table extends OptionTable>(definition: Definition<Table>): Command {
  return {
    operands: definition.operands ?? [],
    options: definition.options,
    notes: definition.notes ?? [],
    examples: definition.examples,
    graceMs: definition.graceMs,
    run: (context, operands, read) => definition.run(context, operands, valuesOf(definition.options, read)),
  }
}

function valuesOf<Table extends OptionTable>(table: Table, read: ReadOption): OptionValues<Table> {
  const values = Object.entries(table).map(([name, row]) => [name, checked(row, read(name))])
  // Each value has just been given the type that its row's kind stands for.
  return Object.fromEntries(values) as OptionValues<Table>
}

function checked(row: OptionRow, raw: unknown): boolean | string | undefined | readonly string[] {
  if (row.kind === 'flag') return raw === true
  if (row.kind === 'list') return Array.isArray(raw) ? raw.map(String) : []
  return typeof raw === 'string' ? raw : undefined
}
