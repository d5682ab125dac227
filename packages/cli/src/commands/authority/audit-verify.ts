import { ClientError, type AuditReport } from '@strongroom/core/client'
import { auditFormOf, checkAuditFile } from '@strongroom/authority'
import { timeText } from '../../authority/authority-options.ts'
import { usage } from '../../cli-error.ts'
import { AUTHORITY_OPTIONS, authorityStore } from '../../client/authority-choice.ts'
import { identitiesFor } from '../../client/receipt-trust.ts'
import { defineCommand, type Context } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { count } from '../../quantities.ts'

/** So many findings are told; one is enough not to rely on a file. */
const MOST_TOLD = 50

/** Checks an export of an audit, without the authority. */
export const authorityAuditVerify = defineCommand({
  operands: [
    {
      name: '<export>',
      description: 'what audit export wrote, .json or .csv with its .csv.proof beside it',
      completes: 'file',
    },
  ],
  options: {
    fingerprint: {
      flags: '--fingerprint <text>',
      kind: 'value',
      description: 'that of the authority, SHA256:…; the one that you enrolled with unless told',
    },
    ...AUTHORITY_OPTIONS,
  },
  notes: [
    'Asks nobody, and believes the fingerprint alone: the epochs follow from it, from them the keys of the log, from those the checkpoint,',
    'and each statement is proved to be in its tree. With --statements in the export, digest and signatures of each are checked too.',
    '',
    'Tenant, client and time of a line are what the authority says, unless the statement is there and says the same. That nothing',
    'was left out is known only of an export of the whole log.',
  ],
  examples: [
    {
      line: 'strongroom authority audit verify releases.json --fingerprint SHA256:…',
      purpose: 'on any computer, years later',
    },
    {
      line: 'strongroom authority audit verify year.csv --json',
      purpose: 'of the authority that you enrolled with, for programs',
    },
  ],
  async run(context, [file = ''], values) {
    const form = auditFormOf(file)
    if (!form) throw usage(`${displayName(file)}: expected a name that ends with .json or .csv`)
    if (values.fingerprint === undefined && authorityStore(context).list().length === 0) {
      throw usage(
        'it is not said of which authority it is to be',
        '--fingerprint SHA256:… does: not as the export has it, but as you know it',
      )
    }
    const pinned = [...new Set(identitiesFor(context, values).map(({ identity }) => identity))]
    const [identity = ''] = pinned
    if (pinned.length > 1) {
      throw usage('several authorities are known here', 'say which with --authority NAME or --fingerprint')
    }
    const report = await checkAuditFile(file, form, identity)
    tell(context, file, identity, report)
    const { findings } = report
    if (findings.length === 0) return
    throw new ClientError(
      'CLIENT_EXPORT',
      `${displayName(file)}: ${count(findings.length, 'thing')} wrong with it`,
    )
  },
})

function tell({ terminal }: Context, file: string, identity: string, report: AuditReport): void {
  const { head, epochs, statements, opened, unknownOwners, whole, findings } = report
  terminal.record({
    file,
    identity,
    authority: epochs.authority,
    origin: head.origin,
    size: head.size,
    signed: timeText(head.signedMs),
    statements,
    opened,
    unknownOwners,
    whole,
    findings,
  })
  if (terminal.json) return
  for (const { line, reason } of findings.slice(0, MOST_TOLD)) terminal.failure(`line ${line}: ${reason}`)
  if (findings.length > MOST_TOLD) terminal.note(`and ${findings.length - MOST_TOLD} more`)
  if (findings.length > 0) return
  terminal.done(displayName(file), `${count(statements, 'statement')}, proved`)
  terminal.fields([
    ['authority', displayName(epochs.authority)],
    ['identity', identity],
    ['tree', `${count(head.size, 'statement')}, signed ${timeText(head.signedMs)}`],
    ['signatures', opened === 0 ? 'not looked at: the export has digests alone' : signaturesText(report)],
    [
      'complete',
      whole
        ? 'yes: every statement of the tree is there'
        : 'not known: only an export of the whole log shows it',
    ],
  ])
}

function signaturesText({ opened, unknownOwners }: AuditReport): string {
  const valid = `valid for ${opened - unknownOwners} of ${opened}`
  if (unknownOwners === 0) return valid
  return `${valid}; the others are deposits of clients whose enrolment is not in the export`
}
