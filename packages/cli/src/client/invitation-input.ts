import { utf8Decode, wipe } from '@strongroom/core/bytes'
import { LIMITS, parseInvitation, type Invitation } from '@strongroom/core/protocol'
import { CliError, usage } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { readInput } from '../cryptoapi/input-bytes.ts'

const BEGINNING = /STRONGROOM-INVITATION-1/i
/** What looks like one, wherever it stands: invitations travel in letters. */
const INVITATION = /STRONGROOM-INVITATION-1[0-9A-Z]+/gi
const MAX_LETTER_BYTES = 65_536
const HINT = 'it begins with STRONGROOM-INVITATION-1; paste the whole of it'

/** An invitation, and the text that it was read from. */
export interface InvitationInput extends Omit<Invitation, 'secret'> {
  readonly text: string
}

/**
 * The invitation from a file, from standard input as `-`, or from whoever sits at the terminal, where it is not shown. Around it may
 * stand other text. It is a secret until it was used: the command line, which other users of the computer can see, takes none.
 *
 * @throws CliError USAGE, NO_PASSPHRASE without a terminal; ProtocolError PROTOCOL_FORMAT for one that was mistyped
 */
export async function readInvitation(context: Context, path: string | undefined): Promise<InvitationInput> {
  if (path !== undefined && BEGINNING.test(path)) {
    throw usage(
      'others can see the command line, and an invitation is a secret',
      'leave it out and be asked for it, or name a file with it',
    )
  }
  return invitationIn(path === undefined ? await ask(context) : letterText(path))
}

/** The one invitation in a text. */
function invitationIn(letter: string): InvitationInput {
  const found = new Set(letter.match(INVITATION))
  const [text] = found
  if (text === undefined) throw usage('there is no invitation in that', HINT)
  if (found.size > 1) throw usage('there are several invitations in that', 'give one of them')
  if (text.length > LIMITS.invitationCharacters) throw usage('that is too long for an invitation', HINT)
  const { secret, ...invitation } = parseInvitation(text)
  wipe(secret)
  return { ...invitation, text }
}

function letterText(path: string): string {
  const bytes = readInput(path, MAX_LETTER_BYTES, 'a letter with an invitation')
  try {
    return utf8Decode(bytes)
  } catch (cause) {
    throw new CliError('UNSUPPORTED', 'an invitation is a text, and that is none', { cause, hint: HINT })
  } finally {
    wipe(bytes)
  }
}

async function ask({ terminal, signal }: Context): Promise<string> {
  try {
    return await terminal.askSecret('Invitation', signal)
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'NO_PASSPHRASE')) throw error
    throw new CliError('NO_PASSPHRASE', 'there is no terminal to ask for the invitation', {
      hint: 'name a file that holds it, or - for standard input',
      cause: error,
    })
  }
}
