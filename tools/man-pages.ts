/**
 * The manual pages of the `strongroom` command, made of the same table as its help: a page for the command,
 * one for each command of it, and nothing that is written twice.
 */
import { COMMON_OPTIONS, type Command, type OptionRow } from '../packages/cli/src/command.ts'
import { COMMANDS, leavesOf, type CommandLeaf } from '../packages/cli/src/commands/table.ts'
import { EXIT_ROWS } from '../packages/cli/src/exit-codes.ts'

/** A page: its file name and its text in the man(7) macros. */
export interface ManPage {
  readonly name: string
  readonly text: string
}

/** All pages, the first being strongroom(1). */
export async function manPages(version: string): Promise<ManPage[]> {
  const leaves = leavesOf(COMMANDS).filter(({ row }) => !row.hidden)
  const pages = leaves.map(async (leaf) => commandPage(leaf, await leaf.row.load(), version))
  return [overviewPage(leaves, version), ...(await Promise.all(pages))]
}

function overviewPage(leaves: readonly CommandLeaf[], version: string): ManPage {
  return page('strongroom', version, 'seal files so that nobody can exchange them unnoticed', [
    section('SYNOPSIS'),
    '.B strongroom',
    '.I command',
    '[\\fIoption\\fR...] [\\fIoperand\\fR...]',
    section('DESCRIPTION'),
    escape(
      'Encrypts files as age v1 files that any age implementation opens, and signs them, so that whoever',
    ),
    escape('opens them knows who sealed them and that nothing in them was changed or exchanged.'),
    section('COMMANDS'),
    ...leaves.flatMap(({ words, row }) => item(bold(words.join(' ')), row.purpose)),
    section('ENVIRONMENT'),
    ...item(bold('STRONGROOM_HOME'), 'the folder that holds everything, instead of the two below'),
    ...item(
      bold('XDG_CONFIG_HOME'),
      'strongroom/ in it holds config.json, known_signers, known_recipients; ~/.config',
    ),
    ...item(
      bold('XDG_DATA_HOME'),
      'strongroom/ in it holds containers, session keys and the ledger; ~/.local/share',
    ),
    ...item(bold('STRONGROOM_PASSPHRASE_FILE'), 'a file whose only line is the passphrase'),
    ...item(bold('NO_COLOR'), 'print without colours'),
    section('EXIT STATUS'),
    ...exitStatuses().flatMap(([status, meanings]) => item(bold(String(status)), meanings)),
    section('SEE ALSO'),
    leaves.map(({ words }) => `.BR strongroom\\-${words.join('\\-')} (1)`).join(' ,\n'),
  ])
}

function commandPage({ words, row }: CommandLeaf, command: Command, version: string): ManPage {
  const options: readonly OptionRow[] = Object.values({ ...command.options, ...COMMON_OPTIONS })
  return page(`strongroom-${words.join('-')}`, version, row.purpose, [
    section('SYNOPSIS'),
    `.B strongroom ${words.join(' ')}`,
    ['[\\fIoption\\fR...]', ...command.operands.map(({ name }) => escape(name))].join(' '),
    ...(command.operands.length > 0 ? [section('OPERANDS')] : []),
    ...command.operands.flatMap(({ name, description }) => item(bold(name), description)),
    section('OPTIONS'),
    ...options.flatMap((option) => item(bold(option.flags), option.description)),
    ...(command.notes.length > 0 ? [section('NOTES'), ...command.notes.map(paragraph)] : []),
    section('EXAMPLES'),
    ...command.examples.flatMap(({ line, purpose }) => item(escape(line), purpose)),
    section('SEE ALSO'),
    '.BR strongroom (1)',
  ])
}

/** Each status with what it can mean, in ascending order. */
function exitStatuses(): [number, string][] {
  const byStatus = new Map<number, string[]>([[0, ['done']]])
  for (const { exit, meaning } of EXIT_ROWS) byStatus.set(exit, [...(byStatus.get(exit) ?? []), meaning])
  return [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, all]) => [status, [...new Set(all)].join('; ')])
}

function page(name: string, version: string, purpose: string, lines: readonly string[]): ManPage {
  const title = `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 "" "strongroom ${version}"`
  const head = [title, section('NAME'), `${escape(name)} \\- ${escape(purpose)}`]
  return { name: `${name}.1`, text: `${[...head, ...lines].join('\n')}\n` }
}

function section(title: string): string {
  return `.SH ${title}`
}

function item(term: string, description: string): string[] {
  return ['.TP', term, escape(description)]
}

function paragraph(text: string): string {
  return text === '' ? '.PP' : escape(text)
}

function bold(text: string): string {
  return `\\fB${escape(text)}\\fR`
}

/** A backslash, a hyphen that must stay one, and a dot or quote that would begin a request. */
function escape(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/^([.'])/, '\\&$1')
}
