import type { Recipient } from '@strongroom/core/age'
import type { KeyContainer } from '@strongroom/core/container'
import { inspectFile } from '@strongroom/core/seal'
import { usage } from './cli-error.ts'
import type { Context, OptionTable } from './command.ts'
import type { Source } from './outputs.ts'
import { OWNER_OPTIONS } from './owner.ts'
import { READER_OPTIONS } from './reader.ts'
import { RECIPIENT_OPTIONS, resolveRecipients } from './recipients.ts'

const { signer, allowSuperseded } = READER_OPTIONS

/** What commands have that give a file a new list of recipients. */
export const NEW_LIST_OPTIONS = {
  ...RECIPIENT_OPTIONS,
  onlyMe: {
    flags: '--only-me',
    kind: 'flag',
    description: 'you, and nobody else',
    group: 'Recipients:',
  },
  signer,
  allowSuperseded,
  ...OWNER_OPTIONS,
} as const satisfies OptionTable

/** Why the list must be complete, for help. */
export const LIST_NOTE =
  'The list is always complete: a header does not say who its recipients are, so nobody can be added to it or taken away.'

interface ListValues {
  readonly recipient: readonly string[]
  readonly noSelf: boolean
  readonly onlyMe: boolean
}

const RECIPIENT_STANZAS = new Set(['mlkem768x25519', 'X25519'])

/**
 * The new recipients of files.
 *
 * Nobody is left out by not being thought of: a file that has several recipients gets a list or `--only-me`.
 *
 * @throws CliError USAGE
 */
export async function newList(
  context: Context,
  container: KeyContainer,
  values: ListValues,
  sources: readonly Source[],
): Promise<Recipient[]> {
  const { recipient: named, onlyMe, noSelf } = values
  if (onlyMe && (named.length > 0 || noSelf)) throw usage('--only-me leaves no room for other recipients')
  if (named.length === 0 && !onlyMe) await refuseForgetting(sources)
  return resolveRecipients(context, container, { named, self: !noSelf })
}

async function refuseForgetting(sources: readonly Source[]): Promise<void> {
  for (const { input, inputName } of sources) {
    const { stanzas } = await inspectFile(input)
    const recipients = stanzas.filter(({ type }) => RECIPIENT_STANZAS.has(type)).length
    if (recipients <= 1) continue
    throw usage(
      `${inputName} has ${recipients} recipients: say who is to open it from now on`,
      'name the others with --recipient, or give --only-me',
    )
  }
}
