import { utf8Encode } from '@strongroom/core/bytes'
import { CliError, usage } from '../cli-error.ts'
import type { Context, OptionTable } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { readInput } from './input-bytes.ts'

const LONGEST_BYTES = 4096
const NEWLINE = 10
const RETURN = 13

/** Where the password of an old file or key comes from when nobody is there to type it. */
export const OLD_PASSWORD_OPTIONS = {
  passwordFile: {
    flags: '--password-file <file>',
    kind: 'value',
    description: 'read the old password from the only line of a file, byte by byte as the old program had it',
    completes: 'file',
    group: 'Old password:',
  },
} as const satisfies OptionTable

/** The values of `OLD_PASSWORD_OPTIONS`. */
export interface OldPasswordValues {
  readonly passwordFile: string | undefined
}

/**
 * The bytes of an old password: those of the only line of a file, or what is typed, which must be ASCII, since beyond
 * that its bytes depend on the code page of the machine that used it. The caller wipes them.
 *
 * @throws CliError USAGE, NO_PASSPHRASE
 */
export async function oldPassword(
  context: Context,
  { passwordFile }: OldPasswordValues,
  question: string,
): Promise<Uint8Array> {
  if (passwordFile !== undefined) return onlyLine(passwordFile)
  return asciiBytes(await ask(context, question))
}

/** The one error for a password that does not open a key, and for damage behind it: which, is a secret's to know. */
export function wrongKeyPassword(): CliError {
  return new CliError('WRONG_PASSPHRASE', 'this password does not open the key, or the key was damaged', {
    hint: 'try again; beyond ASCII, the bytes of a password depend on the code page of the machine that used it',
  })
}

function onlyLine(path: string): Uint8Array {
  const bytes = readInput(path, LONGEST_BYTES, 'a file with a password')
  let end = bytes.length
  if (bytes[end - 1] === NEWLINE) end -= bytes[end - 2] === RETURN ? 2 : 1
  const line = bytes.slice(0, end)
  bytes.fill(0)
  if (line.length === 0) throw usage(`${displayName(path)}: expected a password, got nothing`)
  if (line.includes(NEWLINE))
    throw usage(`${displayName(path)}: expected a password on one line and nothing else`)
  return line
}

function asciiBytes(text: string): Uint8Array {
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  if (/^[\x00-\x7f]+$/.test(text)) return utf8Encode(text)
  throw usage(
    text === '' ? 'expected a password, got nothing' : 'a password beyond ASCII depends on a code page',
    'write its bytes, as the old machine had them, into a file for --password-file',
  )
}

async function ask({ terminal, signal }: Context, question: string): Promise<string> {
  try {
    return await terminal.askSecret(question, signal)
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'NO_PASSPHRASE')) throw error
    const message = `there is no terminal to ask for the ${question.slice(0, 1).toLowerCase()}${question.slice(1)}`
    throw new CliError('NO_PASSPHRASE', message, {
      hint: 'use --password-file FILE, or run it in a terminal',
      cause: error,
    })
  }
}
