import { readdirSync, readFileSync } from 'node:fs'
import { COMMON_OPTIONS, type Command, type Completes, type OptionRow } from './command.ts'
import { COMMANDS, type CommandGroup, type CommandRow, isGroup } from './commands/table.ts'
import type { Folders } from './folders.ts'
import { namesIn } from './listing.ts'

/** One word the shell may offer, and what it is for. */
interface Offer {
  readonly value: string
  readonly purpose: string
}

/** What the shell is to offer: words of ours, or names of files or folders. */
export interface Offers {
  readonly words: readonly Offer[]
  readonly mode: 'words' | 'files' | 'folders'
}

const NOTHING: Offers = { words: [], mode: 'words' }
/**
 * What containers, session keys and aliases may be called. A shell prints what it is offered and may type it:
 * a file of another name, which anybody may have put there, is not offered.
 */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}$/

/**
 * What may stand where the last of `words` is being typed; the last word may be empty.
 *
 * Names are read from the disk only when their turn has come; nothing that is secret is opened.
 */
export async function complete(words: readonly string[], folders: Folders): Promise<Offers> {
  const typed = words.at(-1) ?? ''
  const offers = await find(words.slice(0, -1), typed, folders)
  return { ...offers, words: offers.words.filter(({ value }) => value.startsWith(typed)) }
}

async function find(before: readonly string[], typed: string, folders: Folders): Promise<Offers> {
  let rows: readonly (CommandRow | CommandGroup)[] = COMMANDS
  for (const [i, word] of before.entries()) {
    const row = rows.find(({ name }) => name === word)
    if (!row) return NOTHING
    if (!isGroup(row)) return withinCommand(await row.load(), before.slice(i + 1), typed, folders)
    rows = row.commands
  }
  const visible = rows.filter((row) => isGroup(row) || !row.hidden)
  return { words: visible.map(({ name, purpose }) => ({ value: name, purpose })), mode: 'words' }
}

function withinCommand(command: Command, before: readonly string[], typed: string, folders: Folders): Offers {
  const options: readonly OptionRow[] = Object.values({ ...command.options, ...COMMON_OPTIONS })
  const previous = before.at(-1)
  const awaiting = options.find((row) => takesValue(row) && names(row).includes(previous ?? ''))
  if (awaiting) return valueOffers(awaiting, folders)
  if (typed.startsWith('-')) return { words: options.flatMap(optionOffers), mode: 'words' }
  const position = operandsIn(before, options)
  const last = command.operands.at(-1)
  const operand = command.operands[position] ?? (last?.name.includes('...') ? last : undefined)
  return operand ? valueOffers(operand, folders) : NOTHING
}

/** How many of the words are operands: neither options nor the values of options. */
function operandsIn(before: readonly string[], options: readonly OptionRow[]): number {
  const valued = new Set(options.filter(takesValue).flatMap(names))
  return before.filter((word, i) => !word.startsWith('-') && !valued.has(before[i - 1] ?? '')).length
}

function takesValue(row: OptionRow): boolean {
  return row.kind !== 'flag'
}

function names(row: OptionRow): string[] {
  return row.flags.split(/[ ,]+/).filter((word) => word.startsWith('-'))
}

function optionOffers(row: OptionRow): Offer[] {
  const value = names(row).at(-1)
  return value === undefined ? [] : [{ value, purpose: row.description }]
}

function valueOffers(row: Pick<OptionRow, 'choices' | 'completes'>, folders: Folders): Offers {
  if (row.choices) return { words: row.choices.map((value) => ({ value, purpose: '' })), mode: 'words' }
  return row.completes ? SOURCES[row.completes](folders) : NOTHING
}

const SOURCES: Readonly<Record<Completes, (folders: Folders) => Offers>> = {
  file: () => ({ words: [], mode: 'files' }),
  folder: () => ({ words: [], mode: 'folders' }),
  container: ({ containers }) => offer(orNothing(() => namesIn(containers, '.container'))),
  'session-key': ({ sessionKeys }) => offer(orNothing(() => namesIn(sessionKeys, '.keyblob'))),
  signer: ({ knownSigners }) => offer(aliases(knownSigners)),
  authority: ({ authorities }) => offer(orNothing(() => readdirSync(authorities).sort())),
  recipient: ({ knownRecipients }) => ({ ...offer(aliases(knownRecipients)), mode: 'files' }),
}

function offer(values: readonly string[]): Offers {
  const safe = values.filter((value) => NAME.test(value))
  return { words: safe.map((value) => ({ value, purpose: '' })), mode: 'words' }
}

function aliases(path: string): string[] {
  const lines = orNothing(() => readFileSync(path, 'utf8').split('\n'))
  return lines.filter((line) => !line.startsWith('#')).flatMap((line) => line.split(' ')[0] || [])
}

/** A shell that asks what to offer is not told about errors: it is offered less. */
function orNothing(read: () => string[]): string[] {
  try {
    return read()
  } catch {
    return []
  }
}
