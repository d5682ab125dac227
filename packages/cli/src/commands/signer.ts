import { readFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Recipient } from '@strongroom/core/age'
import { parsePublicCard, type PublicCard, type SignerKey } from '@strongroom/core/container'
import { usage } from '../cli-error.ts'
import { type Context, defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { knownRecipients, knownSigners, OWN_NAME } from '../owner.ts'
import { profileOf, recipientKey } from '../recipients.ts'
import type { Field } from '../terminal.ts'

const CLASSIC_SUFFIX = '.classic'
const ALIAS = { name: '<alias>', description: 'what you call them', completes: 'signer' } as const

/** `strongroom signer add`. */
export const signerAdd = defineCommand({
  operands: [
    { name: '<alias>', description: 'what you call them' },
    {
      name: '<card>',
      description: 'their public card, a recipients file, or - for standard input',
      completes: 'file',
    },
  ],
  options: {
    comment: { flags: '--comment <text>', kind: 'value', description: 'a remark behind the keys' },
  },
  notes: [
    'A card proves nothing by itself: compare every line that is shown with what its owner sees in strongroom',
    'container show, over the telephone or face to face. Who exchanged a signer forges seals; who exchanged a',
    'recipient reads what you seal.',
    '',
    'The recipients on the card get the alias too, so that strongroom seal -r ALIAS works. A second, classic key',
    `of somebody is called ALIAS${CLASSIC_SUFFIX}.`,
  ],
  examples: [
    { line: 'strongroom signer add bob bob.card', purpose: 'accept what bob seals, and seal for bob' },
    { line: 'strongroom signer add team recipients.txt', purpose: 'a name for a recipient of age' },
  ],
  run: async (context, [alias = '', source = ''], { comment }) => {
    if (alias.toLowerCase() === OWN_NAME) throw usage(`"${OWN_NAME}" is what your own seals are shown as`)
    const card = parsePublicCard(readFileSync(source === '-' ? 0 : source, 'utf8'))
    const entries = [
      ...signersOf(alias, card).map(([name, signer]) => signerEntry(name, signer)),
      ...recipientsOf(alias, card).map(([name, recipient]) => recipientEntry(name, recipient)),
    ]
    save(context, alias, card, comment ?? '')
    context.terminal.record({ added: entries })
    for (const { alias: name, kind, algorithm, fingerprint } of entries) {
      context.terminal.done(displayName(name), `${DOES[kind]}  ${algorithm}  ${fingerprint}`)
    }
    context.terminal.note(
      'compare all of these lines with strongroom container show of their owner before you rely on them',
    )
  },
})

/** `strongroom signer list`. */
export const signerList = defineCommand({
  options: {},
  examples: [
    { line: 'strongroom signer list', purpose: 'everybody whose seals are accepted, and all aliases' },
    { line: 'strongroom signer list --json', purpose: 'the same for programs' },
  ],
  run: async (context) => {
    const { terminal } = context
    const rows = [
      ...knownSigners(context).entries.map(({ alias, signer, comment }) => ({
        ...signerEntry(alias, signer),
        key: signer.toString(),
        comment,
      })),
      ...knownRecipients(context).entries.map(({ alias, recipient, comment }) => ({
        ...recipientEntry(alias, recipient),
        key: recipient.toString(),
        comment,
      })),
    ]
    for (const row of rows) terminal.record(row)
    if (rows.length === 0) terminal.note('nobody yet: strongroom signer add ALIAS CARD')
    else
      terminal.table(
        ['kind', 'alias', 'key'],
        rows.map(({ kind, alias, fingerprint }) => [kind, alias, fingerprint]),
      )
  },
})

/** `strongroom signer show`. */
export const signerShow = defineCommand({
  operands: [ALIAS],
  options: {},
  examples: [
    { line: 'strongroom signer show bob', purpose: 'the keys that stand behind the alias' },
    { line: 'strongroom signer show --json bob', purpose: 'in full, for programs' },
  ],
  run: async (context, [alias = '']) => {
    const { terminal } = context
    const signer = knownSigners(context).named(alias)?.signer
    const recipient = knownRecipients(context).named(alias)?.recipient
    if (!signer && !recipient) throw nobody(context, alias)
    terminal.record({
      alias,
      ...(signer ? { signer: signer.toString(), fingerprint: signer.fingerprint } : {}),
      ...(recipient
        ? { recipient: recipient.toString(), recipientFingerprint: recipientKey(recipient).fingerprint }
        : {}),
    })
    terminal.heading(displayName(alias))
    terminal.fields([
      ...(signer ? [fieldOf(signerEntry(alias, signer))] : []),
      ...(recipient
        ? [fieldOf(recipientEntry(alias, recipient)), ['recipient', recipient.toString()] as const]
        : []),
    ])
  },
})

/** `strongroom signer remove`. */
export const signerRemove = defineCommand({
  operands: [ALIAS],
  options: {},
  notes: ['The alias stands for neither a signer nor a recipient afterwards.'],
  examples: [
    { line: 'strongroom signer remove bob', purpose: 'what bob sealed no longer opens' },
    {
      line: 'strongroom signer remove bob && strongroom signer add bob new.card',
      purpose: 'bob has new keys',
    },
  ],
  run: async (context, [alias = '']) => {
    const { folders, terminal } = context
    const signers = knownSigners(context)
    const recipients = knownRecipients(context)
    const names = [alias, `${alias}${CLASSIC_SUFFIX}`]
    const known = names.filter((name) => signers.named(name) ?? recipients.named(name))
    if (known.length === 0) throw nobody(context, alias)
    for (const name of known) {
      if (signers.named(name)) signers.remove(name)
      if (recipients.named(name)) recipients.remove(name)
    }
    signers.save(folders.knownSigners)
    recipients.save(folders.knownRecipients)
    terminal.record({ removed: known })
    terminal.done(displayName(alias), 'removed')
  },
})

/** A key under its alias, as much of it as is compared. */
interface Entry {
  readonly alias: string
  readonly kind: 'signer' | 'recipient'
  readonly algorithm: string
  readonly fingerprint: string
}

/** What each kind is called where `strongroom container show` shows it to its owner. */
const DOES = { signer: 'signs with', recipient: 'opens with' } as const

function fieldOf({ kind, algorithm, fingerprint }: Entry): Field {
  return [DOES[kind], `${algorithm}  ${fingerprint}`]
}

/** The post-quantum key, or the only one, has the alias itself; a classic one beside it a longer name. */
function named<Key>(alias: string, keys: readonly Key[], isClassic: (key: Key) => boolean): [string, Key][] {
  const entries = keys.map((key): [string, Key] => [
    keys.length > 1 && isClassic(key) ? `${alias}${CLASSIC_SUFFIX}` : alias,
    key,
  ])
  const names = new Set(entries.map(([name]) => name))
  if (names.size === entries.length) return entries
  throw usage('the card has several keys of the same kind', 'take the keys that are no longer used out of it')
}

function signersOf(alias: string, { signers }: PublicCard) {
  return named(alias, signers, ({ suite }) => suite === 'ed25519')
}

function recipientsOf(alias: string, { recipients }: PublicCard) {
  return named(alias, recipients, (recipient) => profileOf(recipient) === 'classic')
}

function signerEntry(alias: string, { suite, fingerprint }: SignerKey): Entry {
  return { alias, kind: 'signer', algorithm: suite, fingerprint }
}

function recipientEntry(alias: string, recipient: Recipient): Entry {
  return { alias, kind: 'recipient', ...recipientKey(recipient) }
}

/** Both lists are changed in memory before either is written: a name that is taken leaves both as they were. */
function save(context: Context, alias: string, card: PublicCard, comment: string): void {
  const { folders } = context
  const signers = knownSigners(context)
  const recipients = knownRecipients(context)
  for (const [name, signer] of signersOf(alias, card)) signers.add(name, signer, comment)
  for (const [name, recipient] of recipientsOf(alias, card)) recipients.add(name, recipient, comment)
  mkdirSync(dirname(folders.knownSigners), { recursive: true, mode: 0o700 })
  if (card.signers.length > 0) signers.save(folders.knownSigners)
  if (card.recipients.length > 0) recipients.save(folders.knownRecipients)
}

function nobody(context: Context, alias: string) {
  const known = new Set(
    [...knownSigners(context).entries, ...knownRecipients(context).entries].map((entry) => entry.alias),
  )
  const hint =
    known.size > 0 ? `known are ${[...known].join(', ')}` : 'strongroom signer add ALIAS CARD adds somebody'
  return usage(`nobody is called ${displayName(alias)}`, hint)
}
