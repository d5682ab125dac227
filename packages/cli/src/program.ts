import { Argument, Command as Program, type CommanderError, Option } from 'commander'
import { COMMON_OPTIONS, type Command, type OptionRow, type OptionTable, type ReadOption } from './command.ts'
import { COMMANDS, type CommandGroup, type CommandRow, isGroup } from './commands/table.ts'
import { CliError } from './cli-error.ts'

/** Runs a command whose line has been read. */
export type Runner = (command: Command, operands: readonly string[], read: ReadOption) => Promise<void>

/** Where help goes, how wide it is and whether it may be coloured. */
export interface HelpOutput {
  readonly width: number
  write(text: string, where: 'out' | 'err'): void
  style(style: 'bold' | 'dim', text: string): string
}

interface Builder {
  readonly run: Runner
  readonly output: HelpOutput
  /** The command line. */
  readonly words: readonly string[]
}

const OVERVIEW = `
Begin with:
  $ strongroom init                  make your keys, once
  $ strongroom seal report.pdf       encrypt and sign it: report.pdf.age
  $ strongroom open report.pdf.age   check who sealed it, then decrypt it

Every command explains itself: strongroom <command> --help
`

/** The tree of commands for commander, as much of it as the command line needs. */
export async function buildProgram(version: string, builder: Builder): Promise<Program> {
  const program = new Program('strongroom')
  program.description('Seal files so that any age can open them and nobody can exchange them unnoticed.')
  program.usage('<command>')
  program.version(version, '-V, --version', 'print the version')
  program.helpCommand(false)
  program.addHelpText('after', OVERVIEW)
  prepare(program, builder.output)
  for (const row of wanted(COMMANDS, builder, 0)) await addRow(program, row, builder, 0)
  return program
}

async function addRow(parent: Program, row: CommandRow | CommandGroup, builder: Builder, depth: number) {
  const program = parent.command(row.name, { hidden: !isGroup(row) && row.hidden === true })
  prepare(program, builder.output)
  program.summary(row.purpose).description(sentence(row.purpose)).helpCommand(false)
  if (isGroup(row)) program.usage('<command>')
  if (isGroup(row)) {
    for (const child of wanted(row.commands, builder, depth + 1))
      await addRow(program, child, builder, depth + 1)
  } else if (builder.words[depth] === row.name) {
    addCommand(program, await row.load(), builder)
  }
}

/** The row that the command line names; all of them if it names none, for help and for suggestions. */
function wanted<Row extends CommandRow | CommandGroup>(
  rows: readonly Row[],
  { words }: Builder,
  depth: number,
) {
  const named = rows.filter(({ name }) => name === words[depth])
  return named.length > 0 ? named : rows
}

function prepare(program: Program, output: HelpOutput): void {
  program.exitOverride()
  program.showSuggestionAfterError(true)
  program.helpOption('-h, --help', 'print this help')
  program.configureOutput({
    writeOut: (text) => output.write(text, 'out'),
    writeErr: (text) => output.write(text, 'err'),
    getOutHelpWidth: () => output.width,
    getErrHelpWidth: () => output.width,
    // What is wrong is thrown too, and told in our own words.
    outputError: () => undefined,
  })
  program.configureHelp({
    styleTitle: (text) => output.style('bold', text),
    subcommandTerm: (child) => child.name(),
  })
}

function addCommand(program: Program, command: Command, { run, output }: Builder): void {
  const options: OptionTable = { ...command.options, ...COMMON_OPTIONS }
  for (const { name, description, choices } of command.operands) {
    const argument = new Argument(name, description)
    program.addArgument(choices ? argument.choices(choices) : argument)
  }
  for (const row of Object.values(options)) program.addOption(optionOf(row))
  program.addHelpText('after', () => notesText(program, command, output) + examplesText(command, output))
  const read = (name: string) => {
    const row = options[name]
    return row && valueOf(program, row)
  }
  program.action(() => run(command, program.args, read))
}

function optionOf(row: OptionRow): Option {
  const option = new Option(row.flags, row.description)
  if (row.choices) option.choices(row.choices)
  if (row.group) option.helpGroup(row.group)
  if (row.kind !== 'list') return option
  return option.argParser<string[]>((value, before) => [...(before ?? []), value])
}

/** `--no-x` is kept by commander as `x`, true unless given. */
function valueOf(program: Program, row: OptionRow): unknown {
  const option = optionOf(row)
  const value: unknown = program.getOptionValue(option.attributeName())
  return option.negate ? value === false : value
}

function notesText(program: Program, { notes }: Command, { width }: HelpOutput): string {
  const help = program.createHelp()
  const paragraphs = notes.length === 0 ? [] : notes.join('\n').split('\n\n')
  return paragraphs.map((text) => `\n${help.boxWrap(text.replaceAll('\n', ' '), width)}\n`).join('')
}

function examplesText({ examples }: Command, output: HelpOutput): string {
  const lines = examples.map(({ line, purpose }) => `  $ ${line}\n      ${output.style('dim', purpose)}`)
  return `\n${output.style('bold', 'Examples:')}\n${lines.join('\n')}\n`
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
}

/**
 * What commander says about a command line, in our words: `error: unknown option '--frce'` and its
 * `(Did you mean --force?)`.
 */
export function usageError({ message }: CommanderError, words: readonly string[]): CliError {
  const [text = '', suggestion] = message.replace(/^error: /, '').split('\n')
  const hint = suggestion?.replace(/^\(|\)$/g, '').replace(/^D/, 'd')
  const command = namedBy(words)
  return new CliError('USAGE', text.replace(/\.$/, ''), {
    hint: hint ?? `strongroom ${[...command, '--help'].join(' ')} explains what is possible`,
  })
}

/** The words of a command line that name a command, or the group that it would have been in. */
function namedBy(words: readonly string[]): string[] {
  const named: string[] = []
  let rows: readonly (CommandRow | CommandGroup)[] = COMMANDS
  for (const word of words) {
    const row = rows.find(({ name }) => name === word)
    if (!row) break
    named.push(word)
    rows = isGroup(row) ? row.commands : []
  }
  return named
}
