import { getSystemErrorMap } from 'node:util'
import { displayName } from './escape-text.ts'
import { EXIT, exitRow, type ExitRow } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

/** Reports failures one by one and remembers the first: it decides the exit status. */
export class Failures {
  readonly #terminal: Terminal
  #first: number | undefined

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** 0 as long as nothing failed, then the exit status of the first failure. */
  get status(): number {
    return this.#first ?? EXIT.ok
  }

  /** Says what failed, on which input, and what to do about it. */
  report(error: unknown, input?: string): void {
    const row = exitRow(error)
    const message = messageOf(error, row)
    const hint = hintOf(error) ?? row.remedy
    this.#first ??= row.exit
    const about = input === undefined || namesInput(message, input) ? '' : `${displayName(input)}: `
    this.#terminal.failure(about + message, hint)
    const failure = { code: row.code, exit: row.exit, message, hint }
    this.#terminal.record(input === undefined ? { error: failure } : { input, error: failure })
  }
}

/** Errors of the command, and of settings, know better what can be done than their row. */
function hintOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('hint' in error)) return undefined
  return typeof error.hint === 'string' ? error.hint : undefined
}

/** Many messages name the file themselves: first of all, or before what is wrong. A name may be as short as a word. */
function namesInput(message: string, input: string): boolean {
  return [input, displayName(input)].some(
    (name) =>
      message.startsWith(`${name} `) || message.startsWith(`${name}:`) || message.includes(` ${name}: `),
  )
}

/** Our own errors speak for themselves; the system's are put in the same words. */
function messageOf(error: unknown, row: ExitRow): string {
  if (!(error instanceof Error)) return `${row.meaning}: ${String(error)}`
  const system = systemErrorOf(error) ?? systemErrorOf(error.cause)
  if (!system) return row.code === 'INTERNAL' ? `${row.meaning}: ${error.message}` : error.message
  const { path, syscall, words } = system
  if (error === system.error) return `cannot ${syscall}${path === undefined ? '' : ` ${path}`}: ${words}`
  return error.message.replace(/E[A-Z0-9]+$/, words)
}

function systemErrorOf(error: unknown) {
  if (!(error instanceof Error) || !('errno' in error) || !('syscall' in error)) return undefined
  const [, words] = getSystemErrorMap().get(Number(error.errno)) ?? []
  const path = 'path' in error ? String(error.path) : undefined
  return { error, path, syscall: String(error.syscall), words: words ?? 'the system refused' }
}
