import type { Recipient } from '@strongroom/core/age'
import type { KeyContainer } from '@strongroom/core/container'
import { inspectFile } from '@strongroom/core/seal'
import { SESSION_KEY_TYPE } from '@strongroom/core/keyblob'
import { usage } from './cli-error.ts'
import type { Context, OptionTable } from './command.ts'
import type { Source } from './outputs.ts'
import { OWNER_OPTIONS } from './owner.ts'
import { count } from './quantities.ts'
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
  /** How many session keys the command line speaks of. */
  readonly sessionKeys: number
}

/** Who opens a file: the recipients in its header, and whoever has one of the session keys. */
export interface Openers {
  readonly recipients: number
  readonly sessionKeys: number
}

/** `2 recipients`, `1 recipient and 1 session key`. */
export function openersText({ recipients, sessionKeys }: Openers): string {
  const keys = sessionKeys === 0 ? '' : ` and ${count(sessionKeys, 'session key')}`
  return count(recipients, 'recipient') + keys
}

/** Counts who opens a file, by the stanzas of its header. */
export async function openersOf({ input }: Source): Promise<Openers> {
  const types = (await inspectFile(input)).stanzas.map(({ type }) => type)
  const sessionKeys = types.filter((type) => type === SESSION_KEY_TYPE).length
  // Others than ours may have recipients of other kinds; stanzas of the last sort are for nobody (C2SP age.md).
  const recipients = types.filter((type) => !type.startsWith('strongroom/') && !type.endsWith('-grease'))
  return { recipients: recipients.length, sessionKeys }
}

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
  if (named.length === 0 && !onlyMe) await refuseForgetting(sources, values.sessionKeys)
  return resolveRecipients(context, container, { named, self: !noSelf })
}

async function refuseForgetting(sources: readonly Source[], thoughtOf: number): Promise<void> {
  for (const source of sources) {
    const openers = await openersOf(source)
    if (openers.recipients + Math.max(0, openers.sessionKeys - thoughtOf) <= 1) continue
    throw usage(
      `${source.inputName} has ${openersText(openers)}: say who is to open it from now on`,
      'name the others with --recipient, or give --only-me',
    )
  }
}
