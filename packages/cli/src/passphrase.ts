import { fstatSync, openSync, closeSync, readFileSync } from 'node:fs'
import { CliError, usage } from './cli-error.ts'
import type { Context, OptionTable } from './command.ts'
import { displayName } from './escape-text.ts'

/** Where a passphrase may come from when nobody is there to type it. */
export const PASSPHRASE_OPTIONS = {
  passphraseFile: {
    flags: '--passphrase-file <file>',
    kind: 'value',
    description:
      'read the passphrase from the only line of a file; that of a container also from STRONGROOM_PASSPHRASE_FILE',
    completes: 'file',
    group: 'Passphrase:',
  },
  passphraseFd: {
    flags: '--passphrase-fd <number>',
    kind: 'value',
    description: 'read the passphrase from an open file descriptor',
    group: 'Passphrase:',
  },
} as const satisfies OptionTable

/** The values of `PASSPHRASE_OPTIONS`. */
export interface PassphraseValues {
  readonly passphraseFile: string | undefined
  readonly passphraseFd: string | undefined
}

const SHORTEST = 8
const LONGEST_BYTES = 4096
const ATTEMPTS = 3
const NOBODY_TO_ASK = 'use --passphrase-file FILE or --passphrase-fd N, or run it in a terminal'

/**
 * Asks for a passphrase that exists, from the first source there is: option, environment, terminal.
 * `use` is called with it; what was typed may be wrong twice before the error of `use` counts.
 *
 * @param isWrong tells the error of a wrong passphrase from any other
 * @throws CliError NO_PASSPHRASE when there is no source
 */
export async function withPassphrase<Result>(
  context: Context,
  values: PassphraseValues,
  question: string,
  use: (passphrase: string) => Promise<Result>,
  isWrong: (error: unknown) => boolean,
): Promise<Result> {
  const given = givenPassphrase(context, values)
  if (given !== undefined) return await use(given)
  for (let attempt = 1; ; attempt++) {
    try {
      return await use(await ask(context, question))
    } catch (error) {
      if (attempt === ATTEMPTS || !isWrong(error)) throw error
      context.terminal.warning('that passphrase does not open it, try again')
    }
  }
}

/**
 * Asks for a passphrase that is to be: twice on a terminal, once elsewhere.
 *
 * @throws CliError USAGE for one that is too short, or two that differ; NO_PASSPHRASE without a source
 */
export async function newPassphrase(
  context: Context,
  values: PassphraseValues,
  what: string,
): Promise<string> {
  const given = givenPassphrase(context, values)
  if (given !== undefined) return longEnough(given)
  const first = longEnough(await ask(context, `New passphrase for ${what}`))
  if ((await ask(context, 'Same passphrase again')) === first) return first
  throw usage('the two passphrases differ', 'nothing was done; try again')
}

/**
 * The context for a passphrase that is not the container's: the variable names that one, and says nothing of
 * another. A file sealed under the container's passphrase by mistake would hand it to all who get the file's.
 */
export function notOfContainer(context: Context): Context {
  return { ...context, environment: {} }
}

/** The passphrase that options or the environment bring along; undefined if they bring none. */
export function givenPassphrase(context: Context, values: PassphraseValues): string | undefined {
  const { passphraseFile, passphraseFd } = values
  if (passphraseFile !== undefined && passphraseFd !== undefined) {
    throw usage('--passphrase-file and --passphrase-fd exclude each other', 'give one of them')
  }
  if (passphraseFd !== undefined) return readDescriptor(passphraseFd)
  const path = passphraseFile ?? context.environment['STRONGROOM_PASSPHRASE_FILE']
  return path === undefined || path === '' ? undefined : readFile(context, path)
}

/** Whether a passphrase comes along, so that nobody needs to be asked; nothing is read yet. */
export function bringsPassphrase({ environment }: Context, values: PassphraseValues): boolean {
  const { passphraseFile, passphraseFd } = values
  return (
    (passphraseFile ?? passphraseFd ?? (environment['STRONGROOM_PASSPHRASE_FILE'] || undefined)) !== undefined
  )
}

function readDescriptor(text: string): string {
  if (!/^\d{1,6}$/.test(text)) throw usage(`--passphrase-fd: expected a number, got ${displayName(text)}`)
  return onlyLine(readFileSync(Number(text)), `file descriptor ${text}`)
}

function readFile(context: Context, path: string): string {
  const fd = openSync(path, 'r')
  try {
    const found = fstatSync(fd)
    if (process.platform !== 'win32' && found.isFile() && (found.mode & 0o077) !== 0) {
      context.terminal.warning(`${displayName(path)} can be read by others: chmod 600 would end that`)
    }
    return onlyLine(readFileSync(fd), displayName(path))
  } finally {
    closeSync(fd)
  }
}

function onlyLine(bytes: Buffer, source: string): string {
  const text = bytes.length > LONGEST_BYTES ? '\n\n' : bytes.toString('utf8')
  bytes.fill(0)
  const line = text.replace(/\r?\n$/, '')
  if (line.includes('\n')) throw usage(`${source}: expected a passphrase on one line and nothing else`)
  if (line === '') throw usage(`${source}: expected a passphrase, got nothing`)
  return line
}

function longEnough(passphrase: string): string {
  if (passphrase.length >= SHORTEST) return passphrase
  const hint = 'four or five random words are easy to keep and hard to guess'
  throw usage(`expected a passphrase of at least ${SHORTEST} characters`, hint)
}

async function ask({ terminal, signal }: Context, question: string): Promise<string> {
  try {
    return await terminal.askSecret(question, signal)
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'NO_PASSPHRASE')) throw error
    throw new CliError(
      'NO_PASSPHRASE',
      `there is no terminal to ask for the ${question.slice(0, 1).toLowerCase()}${question.slice(1)}`,
      {
        hint: NOBODY_TO_ASK,
        cause: error,
      },
    )
  }
}
