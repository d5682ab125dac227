import { toHex } from '@strongroom/core/bytes'
import {
  newApproval,
  newRejection,
  recipientGroups,
  sha256,
  signerOf,
  submitStatement,
  type Deciding,
} from '@strongroom/core/client'
import { statementDigest, type Envelope } from '@strongroom/core/protocol'
import { CliError, usage } from '../../cli-error.ts'
import { durationOf } from '../../client/duration.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { formatTime } from '../../quantities.ts'
import { showSubject } from '../../recovery/officer-text.ts'
import { atWork, digestOf, viewOf, type AtWork, type SubjectView } from '../../recovery/officer-view.ts'
import { phaseText, shortDigest } from '../../recovery/subject-text.ts'
import { OFFICER_OPTIONS } from './officer.ts'

/** So many groups are typed: what was only looked at was not compared. */
const TYPED_GROUPS = 2

const APPROVE_OPTIONS = {
  checked: {
    flags: '--checked <text>',
    kind: 'value',
    description: 'what you checked and how, for whoever looks later: one line',
  },
  valid: {
    flags: '--valid <time>',
    kind: 'value',
    description: 'how long the approval counts, such as 3d; as long as the request unless told',
  },
  yes: { flags: '-y, --yes', kind: 'flag', description: 'ask nothing; --digest says what is approved' },
  digest: { flags: '--digest <digest>', kind: 'value', description: 'the whole digest of what is approved' },
  ...OFFICER_OPTIONS,
} as const

/** `strongroom officer approve`. */
export const officerApprove = defineCommand({
  operands: [{ name: '<request>', description: 'by its first 8 digits or more' }],
  options: APPROVE_OPTIONS,
  notes: [
    'Verifies the request and shows all of it first. Then ask whoever it is for, on a way that you knew before, for the groups',
    'that their screen shows, and type the first two: what is not theirs goes to somebody else. Your key signs this very',
    'request; if anything in it were another, your approval would not count.',
  ],
  examples: [
    {
      line: 'strongroom officer approve 2e00efcc --checked "called back, knows the project"',
      purpose: 'shows it, and asks for the groups',
    },
    {
      line: 'strongroom officer approve 2e00efcc --checked "ticket 4711" --yes --digest "$DIGEST"',
      purpose: 'for programs: DIGEST is what was compared before',
    },
  ],
  run: async (context, [text = ''], values) => {
    await atWork(context, values, async (at) => {
      const view = await viewOf(at, await digestOf(at, text))
      showSubject(context, view, { me: at.person.id })
      checkOpen(view, at)
      const evidence = values.checked ?? (await askLine(context, 'What did you check, and how'))
      await consent(context, view, values)
      const { judged } = view
      const expires = judged.state.subject.expires
      const until =
        values.valid === undefined
          ? expires
          : Math.min(expires, Date.now() + durationOf(values.valid, '--valid'))
      const statement = newApproval(decidingOf(at, judged.digest), {
        person: at.person.id,
        evidence,
        expires: until,
      })
      await send(context, at, 'approval', statement)
      context.terminal.done(
        shortDigest(judged.digest),
        `approved as ${at.person.id}, until ${formatTime(until)}`,
      )
    })
  },
})

/** `strongroom officer reject`. */
export const officerReject = defineCommand({
  operands: [{ name: '<request>', description: 'by its first 8 digits or more' }],
  options: {
    reason: { flags: '--reason <text>', kind: 'value', description: 'why: whoever asked reads it' },
    ...OFFICER_OPTIONS,
  },
  notes: [
    'One rejection is final: whoever asked has to ask again. In doubt, reject: nothing is lost by it but time.',
  ],
  examples: [
    {
      line: 'strongroom officer reject 2e00efcc --reason "nobody answers on the number that we know"',
      purpose: 'ends it',
    },
    { line: 'strongroom officer reject 2e00efcc', purpose: 'asks for the reason' },
  ],
  run: async (context, [text = ''], values) => {
    await atWork(context, values, async (at) => {
      const view = await viewOf(at, await digestOf(at, text))
      checkOpen(view, { person: undefined })
      const reason = values.reason ?? (await askLine(context, 'Why'))
      const { digest } = view.judged
      await send(
        context,
        at,
        'rejection',
        newRejection(decidingOf(at, digest), { person: at.person.id, reason }),
      )
      context.terminal.record({ request: toHex(digest), act: 'rejection', person: at.person.id })
      context.terminal.done(shortDigest(digest), `rejected as ${at.person.id}; that is final`)
    })
  },
})

/** Nobody decides what is decided, or what would not count. */
function checkOpen(
  { judged }: SubjectView,
  { person }: { readonly person: AtWork['person'] | undefined },
): void {
  const { state } = judged
  if (['released', 'denied', 'cancelled', 'expired'].includes(state.phase)) {
    throw new CliError('AUTHORITY_REFUSED', `it is decided: ${displayName(phaseText(judged))}`, {
      hint: 'a new request can be made',
    })
  }
  if (!person) return
  const keys = state.subject.officers.get(person.id)
  if (!keys) throw refused(`${person.id} is no officer of the charters then and now`)
  if (state.subject.involved.has(person.id))
    throw refused(`${person.id} asks, owns or vouched, and does not count`)
}

function refused(reason: string): CliError {
  return new CliError('AUTHORITY_REFUSED', reason, { hint: 'let other officers decide' })
}

/** That the officer compared for whom it is. @throws CliError USAGE for other groups, another digest, or nobody to ask */
async function consent(
  context: Context,
  { judged }: SubjectView,
  { yes, digest }: Pick<OptionValues<typeof APPROVE_OPTIONS>, 'yes' | 'digest'>,
): Promise<void> {
  const own = toHex(judged.digest)
  if (digest !== undefined && digest.toLowerCase() !== own) {
    throw usage(
      '--digest names another request than the one that was shown',
      'compare again what is approved',
    )
  }
  if (yes) {
    if (digest !== undefined) return
    throw usage('--yes approves without asking', 'say with --digest what is approved: the whole digest')
  }
  const wanted = judged.request
    ? recipientGroups(judged.request.recipient).slice(0, TYPED_GROUPS)
    : [own.slice(0, 8)]
  const question = judged.request
    ? `Type the first ${TYPED_GROUPS} groups that whoever asks reads to you`
    : 'Type the first 8 digits of the charter that you compared'
  const typed = (await askLine(context, question)).replaceAll(/\s/g, '')
  if (typed.toUpperCase() === wanted.join('').toUpperCase()) return
  throw usage(
    'that is not what the request has',
    'nothing was approved; if whoever asks reads other groups, reject it',
  )
}

/** A line that somebody types at the terminal. @throws CliError USAGE if there is none */
export async function askLine({ terminal, signal }: Context, question: string): Promise<string> {
  try {
    return (await terminal.askText(question, signal)).trim()
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'NO_PASSPHRASE')) throw error
    throw usage(`there is no terminal to ask: ${question.toLowerCase()}`, 'give it as an option, see --help')
  }
}

function decidingOf({ chosen, key }: AtWork, subject: Uint8Array): Deciding {
  const { identity, tenant } = chosen.state
  return { identity, tenant, subject, key: signerOf(key), nowMs: Date.now() }
}

/** Sends a statement; it stands in the log when this returns, which its receipt proves, and the receipt is kept. */
export async function send(
  { terminal }: Context,
  { client, chosen, seen }: AtWork,
  kind: 'approval' | 'rejection' | 'vetting',
  statement: Envelope,
): Promise<void> {
  const digest = statementDigest(sha256, statement)
  const { identity } = chosen.state
  await submitStatement(client, statement, (receipt) => {
    chosen.folder.receipts.save(receipt, { identity, epochs: seen.epochs, kind, digest })
  })
  terminal.record({ statement: toHex(digest), act: kind })
}
