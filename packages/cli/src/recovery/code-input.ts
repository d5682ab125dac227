import { utf8Decode, wipe } from '@strongroom/core/bytes'
import { findRecoveryCodes, type FoundCode } from '@strongroom/core/client'
import { CliError, usage } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { readInput } from '../cryptoapi/input-bytes.ts'

const BEGINNING = /STRONGROOM-RECOVERY-1/i
const MAX_SHEET_BYTES = 65_536
const HINT = 'name a file that holds it with --code-file, or - for standard input'

/**
 * Recovery codes from a file, from standard input as `-`, or from whoever sits at the terminal, where what is typed is not shown. Around
 * them may stand other text, as on the sheet that was printed. Whoever gets them wipes their keys.
 *
 * @throws CliError USAGE, NO_PASSPHRASE without a terminal; ClientError CLIENT_CODE for one that was mistyped
 */
export async function readCodes(context: Context, path: string | undefined): Promise<readonly FoundCode[]> {
  if (path !== undefined && BEGINNING.test(path)) {
    throw usage(
      'others can see the command line, and a recovery code is a secret',
      'leave it out and be asked for it, or name a file with it',
    )
  }
  return findRecoveryCodes(path === undefined ? await ask(context) : sheetText(path))
}

function sheetText(path: string): string {
  const bytes = readInput(path, MAX_SHEET_BYTES, 'a sheet with recovery codes')
  try {
    return utf8Decode(bytes)
  } catch (cause) {
    throw new CliError('UNSUPPORTED', 'recovery codes are a text, and that is none', { cause })
  } finally {
    wipe(bytes)
  }
}

async function ask({ terminal, signal }: Context): Promise<string> {
  try {
    return await terminal.askSecret('Recovery code', signal)
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'NO_PASSPHRASE')) throw error
    throw new CliError('NO_PASSPHRASE', 'there is no terminal to ask for the recovery code', {
      hint: HINT,
      cause: error,
    })
  }
}
