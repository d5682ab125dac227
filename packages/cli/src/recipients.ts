import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseRecipient, type Recipient } from '@strongroom/core/age'
import { fingerprintOf, parsePublicCard, type KeyContainer, type Profile } from '@strongroom/core/container'
import { CliError } from './cli-error.ts'
import type { Context, OptionTable } from './command.ts'
import { displayName } from './escape-text.ts'
import { knownRecipients } from './owner.ts'

/** For whom a file is sealed. */
export const RECIPIENT_OPTIONS = {
  recipient: {
    flags: '-r, --recipient <recipient>',
    kind: 'list',
    description: 'age1…, age1pq1…, an alias, a public card or a file of recipients; may be repeated',
    completes: 'recipient',
    group: 'Recipients:',
  },
  noSelf: {
    flags: '--no-self',
    kind: 'flag',
    description: 'leave yourself out: you will not be able to open it',
    group: 'Recipients:',
  },
} as const satisfies OptionTable

const TWO_GENERATIONS =
  'post-quantum (age1pq1…) and classic (age1…) recipients cannot open the same file: the classic half would undo the other'
const SEPARATE =
  'seal it twice, once for each kind; strongroom init --with-classic gives you a classic key as well'

/**
 * All recipients of a command: those named, and the owner unless left out.
 *
 * @throws CliError ALIAS for what is no recipient; USAGE for both generations at once, or for none
 */
export function resolveRecipients(
  context: Context,
  container: KeyContainer,
  wanted: { readonly named: readonly string[]; readonly self: boolean },
): Recipient[] {
  const named = wanted.named.flatMap((text) => resolve(context, text))
  const profiles = new Set(named.map(profileOf))
  if (profiles.size > 1) throw new CliError('USAGE', TWO_GENERATIONS, { hint: SEPARATE })
  const [profile = container.profile] = profiles
  const own = wanted.self ? [ownRecipient(container, profile)] : []
  const all = withoutRepetition([...own, ...named])
  if (all.length > 0) return all
  throw new CliError('USAGE', 'nobody would be able to open it', {
    hint: 'name a recipient with --recipient',
  })
}

/** What a recipient is called on a line: cut in the middle, since post-quantum ones have 1,959 characters. */
export function shortRecipient(text: string): string {
  return text.length <= 70 ? text : `${text.slice(0, 24)}…${text.slice(-8)}`
}

/** What is compared of a recipient instead of all its characters: container.md, "Keys". */
export interface RecipientKey {
  readonly algorithm: 'mlkem768x25519' | 'x25519'
  /** `SHA256:` and base64, as `strongroom container show` shows its owner. */
  readonly fingerprint: string
}

/** The algorithm and key id of a recipient. */
export function recipientKey(recipient: Recipient): RecipientKey {
  const id = createHash('sha256').update(`strongroom exchange v1\n${recipient.toString()}`).digest()
  return {
    algorithm: recipient.postQuantum ? 'mlkem768x25519' : 'x25519',
    fingerprint: fingerprintOf(Uint8Array.from(id)),
  }
}

/** `pq` or `classic`, for a word in a sentence. */
export function profileOf(recipient: Recipient): Profile {
  return recipient.postQuantum ? 'pq' : 'classic'
}

function ownRecipient(container: KeyContainer, profile: Profile): Recipient {
  const has = container
    .info()
    .keys.some(
      ({ use, algorithm, state }) => use === 'exchange' && state === 'active' && fits(algorithm, profile),
    )
  if (has) return container.recipient(profile)
  const hint = `${SEPARATE}, or leave yourself out with --no-self`
  throw new CliError('USAGE', TWO_GENERATIONS, { hint })
}

function fits(algorithm: string, profile: Profile): boolean {
  return algorithm === (profile === 'pq' ? 'mlkem768x25519' : 'x25519')
}

/** A key by its text, an alias, or the keys in a file; an alias comes before a file of the same name. */
function resolve(context: Context, text: string): readonly Recipient[] {
  if (/^age(1|-secret-key-)/i.test(text)) return [parseRecipient(text)]
  const alias = knownRecipients(context).named(text)
  if (alias) return [alias.recipient]
  const content = readIfThere(text)
  if (content === undefined) throw unknown(context, text)
  const { recipients } = parsePublicCard(content)
  if (recipients.length > 0) return recipients
  throw new CliError('ALIAS', `${displayName(text)}: no recipient in it, only signers`)
}

function unknown(context: Context, text: string): CliError {
  const aliases = knownRecipients(context).entries.map(({ alias }) => alias)
  const hint =
    aliases.length === 0
      ? 'age1…, age1pq1…, an alias made with strongroom signer add, or a file of recipients'
      : `the aliases are ${aliases.join(', ')}`
  return new CliError('ALIAS', `${displayName(text)} is no recipient, no alias and no file`, { hint })
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function withoutRepetition(recipients: readonly Recipient[]): Recipient[] {
  return [...new Map(recipients.map((recipient) => [recipient.toString(), recipient])).values()]
}
