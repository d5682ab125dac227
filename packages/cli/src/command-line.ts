import { homedir } from 'node:os'
import { styleText } from 'node:util'
import { CommanderError } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { CliError } from './cli-error.ts'
import type { Command, ReadOption } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { Failures } from './failures.ts'
import { foldersOf } from './folders.ts'
import { stopOnSignals } from './interruption.ts'
import { buildProgram, usageError } from './program.ts'
import { Terminal } from './terminal.ts'

/** How wide a paragraph of help is where the terminal does not say, and where it says too much. */
const NARROW = 80
const WIDE = 100

const STREAMS = { out: process.stdout, err: process.stderr }

/** Runs the command line of this process, and sets its exit status. */
export async function main(): Promise<void> {
  // Should the process end before the command has, that is a mistake of ours and must not look like success.
  process.exitCode = EXIT.internal
  process.exitCode = await run(asOption(process.argv.slice(2)))
}

/** `help seal` is what many people type for `seal --help`. */
function asOption(words: readonly string[]): readonly string[] {
  return words[0] === 'help' ? [...words.slice(1), '--help'] : words
}

async function run(words: readonly string[]): Promise<number> {
  quietWhenNobodyReads()
  // Before the line has been understood, what it says about output is taken by its word.
  const early = new Terminal(STREAMS, { json: words.includes('--json'), quiet: words.includes('--quiet') })
  const failures = new Failures(early)
  let status: number | undefined
  const runner = async (command: Command, operands: readonly string[], read: ReadOption) => {
    status = await runCommand(command, operands, read)
  }
  const output = {
    write: (text: string, where: 'out' | 'err') => early.ownText(text, where),
    // Whether the stream takes colours is for commander to find out: it removes them where it does not.
    style: (style: 'bold' | 'dim', text: string) => styleText(style, text, { validateStream: false }),
    width: Math.min(process.stdout.columns || NARROW, WIDE),
  }
  try {
    const program = await buildProgram(manifest.version, { run: runner, output, words })
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    // Help and the version were printed already; help that nobody asked for means that a command was missing.
    if (!(error instanceof CommanderError)) failures.report(error)
    else if (error.code === 'commander.help') return EXIT.usage
    else if (error.exitCode !== 0) failures.report(usageError(error, words))
  }
  return status ?? failures.status
}

async function runCommand(command: Command, operands: readonly string[], read: ReadOption): Promise<number> {
  const flag = (name: 'json' | 'quiet') => read(name) === true
  const terminal = new Terminal(STREAMS, { json: flag('json'), quiet: flag('quiet') })
  const failures = new Failures(terminal)
  const context = {
    terminal,
    failures,
    folders: foldersOf(process.env, homedir(), process.platform),
    environment: process.env,
    signal: stopOnSignals(() => void giveUp(), command.graceMs),
  }
  try {
    await command.run(context, operands, read)
  } catch (error) {
    failures.report(context.signal.aborted ? new CliError('INTERRUPTED', 'interrupted') : error)
  }
  return failures.status
}

/**
 * For whoever does not want to wait any longer: nothing that is half-done is left behind.
 *
 * Ends by the signal itself, which a shell shows as 130: an exit would wait for reads that are under way, and
 * one from a pipe may never end.
 */
async function giveUp(): Promise<void> {
  const { removeUnfinished } = await import('@strongroom/core/seal')
  removeUnfinished()
  process.removeAllListeners('SIGINT')
  process.kill(process.pid, 'SIGINT')
}

/** `strongroom inspect … | head`: a reader that has seen enough is no error. */
function quietWhenNobodyReads(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: Error & { code?: string }) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}
