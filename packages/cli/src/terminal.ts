import { closeSync, openSync } from 'node:fs'
import { styleText } from 'node:util'
import { CliError } from './cli-error.ts'
import { escapedJson, escapeText } from './escape-text.ts'

/*
 * Everything that the command says goes through this file. The rules:
 *
 * - results go to standard output, everything else to standard error after `strongroom: `, in lower case
 *   and without a full stop;
 * - one call is one line: what is unprintable in it is escaped here, last, so that no name and no
 *   description can forge a line whatever a command does;
 * - questions go to the terminal itself, never to the streams, and what is typed is not shown;
 * - under --json standard output carries JSON and nothing else; --quiet leaves results of questions,
 *   warnings and errors.
 */

type Style = Parameters<typeof styleText>[0]
type Stream = NodeJS.WriteStream

/** One row of a list of fields; a row without a label is a paragraph under the one before. */
export type Field = readonly [label: string, value: string]

/** How a line of a result starts: what it is about is bold, a success green, a failure red. */
export interface Streams {
  readonly out: Stream
  readonly err: Stream
}

const TERMINAL_DEVICE = process.platform === 'win32' ? '\\\\.\\CON' : '/dev/tty'
const CLEAR_LINE = '\r\u001b[2K'

/** The one thing that prints and asks. */
export class Terminal {
  readonly json: boolean
  readonly quiet: boolean
  readonly #streams: Streams
  #status = false

  constructor(streams: Streams, options: { json: boolean; quiet: boolean }) {
    this.#streams = streams
    this.json = options.json
    this.quiet = options.quiet
  }

  /** Whether standard output is a terminal, on which binary data would do harm. */
  get outputIsTerminal(): boolean {
    return this.#streams.out.isTTY
  }

  /** Something that was asked for: one line on standard output. */
  line(text = ''): void {
    if (!this.json) this.#print(this.#streams.out, escapeText(text))
  }

  /** A heading over lines or fields. */
  heading(text: string): void {
    if (!this.json) this.#print(this.#streams.out, this.#styled(this.#streams.out, 'bold', text))
  }

  /** Labels and values, one below the other, in two columns. */
  fields(fields: readonly Field[]): void {
    const width = Math.max(0, ...fields.map(([label]) => label.length))
    for (const [label, value] of fields) this.#field(label.padEnd(width), value)
  }

  /** Command lines to be typed, and what each is for. */
  steps(steps: readonly (readonly [command: string, purpose: string])[]): void {
    if (this.json) return
    const width = Math.max(...steps.map(([command]) => command.length))
    for (const [command, purpose] of steps) {
      const why = this.#styled(this.#streams.out, 'dim', purpose)
      this.#print(this.#streams.out, `  ${escapeText(command).padEnd(width)}  ${why}`)
    }
  }

  /** Rows in columns under a heading for each; the last column may be of any width. */
  table(headings: readonly string[], rows: readonly (readonly string[])[]): void {
    if (this.json) return
    const cells = [headings, ...rows].map((row) => row.map(escapeText))
    const widths = headings.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)))
    for (const [at, row] of cells.entries()) {
      const text = row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')
      const line = text.trimEnd()
      this.#print(this.#streams.out, at === 0 ? this.#styled(this.#streams.out, 'dim', line) : line)
    }
  }

  /** Something that was done: `subject` is what it was done to. Silent when asked to be quiet. */
  done(subject: string, text: string): void {
    if (this.json || this.quiet) return
    const name = this.#styled(this.#streams.out, 'bold', subject)
    this.#print(this.#streams.out, `${name}  ${escapeText(text)}`)
  }

  /** The same result for programs: one JSON document on one line, and only under --json. */
  record(value: unknown): void {
    if (this.json) this.#print(this.#streams.out, escapedJson(value))
  }

  /** Text or bytes that were asked for by name, such as an exported key, exactly as they are. */
  raw(data: string | Uint8Array): void {
    this.#clearStatus()
    this.#streams.out.write(data)
  }

  /** Help and scripts, which we wrote: several lines, already styled. */
  ownText(text: string, where: 'out' | 'err' = 'out'): void {
    this.#clearStatus()
    this.#streams[where].write(text)
  }

  /** A remark on standard error. */
  note(text: string): void {
    if (!this.quiet) this.#message('', text)
  }

  /** Something that is not as it should be, and goes on. */
  warning(text: string): void {
    this.#message(this.#styled(this.#streams.err, 'yellow', 'warning: '), text)
  }

  /** Something that failed, and what a person can do about it. */
  failure(text: string, hint?: string): void {
    this.#message(this.#styled(this.#streams.err, 'red', 'error: '), text)
    if (hint !== undefined) this.hint(hint)
  }

  /** What a person can do. */
  hint(text: string): void {
    this.#message(this.#styled(this.#streams.err, 'cyan', 'hint: '), text)
  }

  /** Where things are just now: one line that is written over, on a terminal only; undefined ends it. */
  status(text: string | undefined): void {
    const { err } = this.#streams
    if (!err.isTTY || this.quiet) return
    if (text === undefined) return this.#clearStatus()
    const line = escapeText(text).slice(0, Math.max(0, (err.columns || 80) - 1))
    err.write(`${CLEAR_LINE}${this.#styled(err, 'dim', line)}`)
    this.#status = true
  }

  /**
   * Asks for a secret on the terminal; nothing of it is shown, not even its length.
   *
   * @throws CliError NO_PASSPHRASE when there is no terminal; INTERRUPTED when the answer is Ctrl-C
   */
  async askSecret(question: string, signal: AbortSignal): Promise<string> {
    const { password } = await import('@clack/prompts')
    return await this.#ask<string>(signal, (streams) =>
      password({ message: `${escapeText(question)} (not shown)`, mask: '', ...streams }),
    )
  }

  /** Asks for a line on the terminal, which is shown. @throws CliError as `askSecret` */
  async askText(question: string, signal: AbortSignal): Promise<string> {
    const { text } = await import('@clack/prompts')
    return await this.#ask<string>(signal, (streams) => text({ message: escapeText(question), ...streams }))
  }

  /** Asks yes or no on the terminal, no being the default. @throws CliError as `askSecret` */
  async askYesNo(question: string, signal: AbortSignal): Promise<boolean> {
    const { confirm } = await import('@clack/prompts')
    return await this.#ask<boolean>(signal, (streams) =>
      confirm({ message: escapeText(question), initialValue: false, ...streams }),
    )
  }

  async #ask<Answer>(signal: AbortSignal, prompt: Prompt<Answer>): Promise<Answer> {
    this.#clearStatus()
    const device = openTerminal()
    const { ReadStream, WriteStream } = await import('node:tty')
    const input = new ReadStream(device.input)
    const output = new WriteStream(device.output)
    try {
      const answer = await prompt({ input, output, signal, withGuide: false })
      if (typeof answer === 'symbol') throw new CliError('INTERRUPTED', 'interrupted')
      return answer
    } finally {
      input.destroy()
      output.destroy()
    }
  }

  #field(label: string, value: string): void {
    if (this.json) return
    const name = this.#styled(this.#streams.out, 'dim', label)
    this.#print(this.#streams.out, `  ${name}  ${escapeText(value)}`.trimEnd())
  }

  #message(prefix: string, text: string): void {
    const program = this.#styled(this.#streams.err, 'dim', 'strongroom: ')
    this.#print(this.#streams.err, `${program}${prefix}${escapeText(text)}`)
  }

  /** Escapes, then styles: what comes from outside never brings a style of its own. */
  #styled(stream: Stream, style: Style, text: string): string {
    return styleText(style, escapeText(text), { stream })
  }

  #print(stream: Stream, line: string): void {
    this.#clearStatus()
    stream.write(`${line}\n`)
  }

  #clearStatus(): void {
    if (this.#status) this.#streams.err.write(CLEAR_LINE)
    this.#status = false
  }
}

interface PromptStreams {
  readonly input: NodeJS.ReadStream
  readonly output: Stream
  readonly signal: AbortSignal
  readonly withGuide: boolean
}
type Prompt<Answer> = (streams: PromptStreams) => Promise<Answer | symbol>

/** Two descriptors of the terminal that controls us: the streams are free for pipes. */
function openTerminal(): { input: number; output: number } {
  try {
    const input = openSync(TERMINAL_DEVICE, 'r+')
    return { input, output: openAgain(input) }
  } catch (cause) {
    throw new CliError('NO_PASSPHRASE', 'there is no terminal to ask on', { cause })
  }
}

function openAgain(first: number): number {
  try {
    return openSync(TERMINAL_DEVICE, 'r+')
  } catch (error) {
    closeSync(first)
    throw error
  }
}
