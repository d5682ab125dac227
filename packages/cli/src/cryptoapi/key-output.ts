import { ContainerError, writeFileAtomically } from '@strongroom/core/container'
import { utf8Encode, wipe } from '@strongroom/core/bytes'
import { CliError, usage } from '../cli-error.ts'
import type { Context, OptionTable } from '../command.ts'
import { displayName } from '../escape-text.ts'

/** What stands for standard output on the command line. */
const STREAM = '-'
const ONLY_OWNER = 0o600
const EVERYBODY = 0o644

/** Where a key goes. */
export const KEY_OUTPUT_OPTIONS = {
  output: {
    flags: '-o, --output <file>',
    kind: 'value',
    description: 'write there; secrets for you alone to read',
    completes: 'file',
  },
  force: { flags: '-f, --force', kind: 'flag', description: 'replace the output if it exists' },
  showSecretsUnsafely: {
    flags: '--show-secrets-unsafely',
    kind: 'flag',
    description: 'let a key in the clear go to standard output: whoever sees it has it',
  },
} as const satisfies OptionTable

/** The values of `KEY_OUTPUT_OPTIONS`. */
export interface KeyOutputValues {
  readonly output: string | undefined
  readonly force: boolean
  readonly showSecretsUnsafely: boolean
}

/** A key as it is to be written. */
export interface KeyOutput {
  /** A text may be looked at on a terminal; bytes may not. Bytes are wiped. */
  readonly content: string | Uint8Array
  /** Whether whoever reads it has a key. */
  readonly secret: boolean
}

/**
 * Refuses a place for a key before anything is asked or opened.
 *
 * @throws CliError USAGE: a secret for standard output that was not asked for by name, or bytes for a terminal
 */
export function checkKeyOutput(
  { terminal }: Context,
  { output, showSecretsUnsafely }: KeyOutputValues,
  { text, secret }: { readonly text: boolean; readonly secret: boolean },
): void {
  if (output !== undefined && output !== STREAM) return
  if (secret && !showSecretsUnsafely) {
    throw usage(
      'a key in the clear is not printed',
      'write it with --output FILE, or add --show-secrets-unsafely',
    )
  }
  if (terminal.json)
    throw usage('under --json standard output is for JSON', 'write the key with --output FILE')
  if (!text && terminal.outputIsTerminal) {
    throw usage('standard output is a terminal, which binary data could upset', 'use --output FILE')
  }
}

/**
 * Writes a key whole or not at all, to the place that `checkKeyOutput` was asked about.
 *
 * @returns the file's name, or undefined for standard output
 * @throws CliError EXISTS; ContainerError CONTAINER_PERMISSIONS; the system's errors
 */
export function writeKey(
  { terminal }: Context,
  { output, force }: KeyOutputValues,
  { content, secret }: KeyOutput,
): string | undefined {
  const bytes = typeof content === 'string' ? utf8Encode(content) : content
  try {
    if (output === undefined || output === STREAM) {
      // What a stream is given it may write later: it gets a copy of its own.
      terminal.raw(Uint8Array.from(bytes))
      return undefined
    }
    writeFileAtomically(output, bytes, { mode: secret ? ONLY_OWNER : EVERYBODY, overwrite: force })
    return output
  } catch (error) {
    if (!(error instanceof ContainerError && error.code === 'CONTAINER_EXISTS')) throw error
    throw new CliError('EXISTS', `${displayName(output ?? '')} exists`, { cause: error })
  } finally {
    wipe(bytes)
  }
}
