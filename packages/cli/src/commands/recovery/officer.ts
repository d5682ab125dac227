import type { RecoveryRequest } from '@strongroom/core/protocol'
import { AUTHORITY_OPTIONS } from '../../client/authority-choice.ts'
import { defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { OWNER_OPTIONS } from '../../owner.ts'
import { count, formatTime } from '../../quantities.ts'
import { showSubject } from '../../recovery/officer-text.ts'
import { atWork, digestOf, judge, subjectsOf, viewOf } from '../../recovery/officer-view.ts'
import { clientsOf } from '../../recovery/request-text.ts'
import { isoTime, phaseText, shortDigest, standingRecordOf } from '../../recovery/subject-text.ts'

/** What all commands of officers may be told. */
export const OFFICER_OPTIONS = { ...AUTHORITY_OPTIONS, ...OWNER_OPTIONS } as const

/** `strongroom officer inbox`. */
export const officerInbox = defineCommand({
  options: {
    all: { flags: '-a, --all', kind: 'flag', description: 'list what was decided too' },
    ...OFFICER_OPTIONS,
  },
  notes: [
    'Each is verified before it is listed: where it stands comes from statements and the log, not from the server.',
  ],
  examples: [
    { line: 'strongroom officer inbox', purpose: 'what waits for officers of your tenant' },
    { line: 'strongroom officer inbox --all --json', purpose: 'everything, for programs' },
  ],
  run: async (context, _operands, values) => {
    const { terminal } = context
    await atWork(context, values, async (at) => {
      const found = await subjectsOf(at.client, !values.all)
      const rows: string[][] = []
      for (const { digest } of found) {
        try {
          const judged = await judge(at, digest)
          const { request, loggedMs } = judged
          terminal.record({ ...standingRecordOf(judged), ...(request && aboutOf(request)) })
          rows.push([
            shortDigest(digest),
            formatTime(loggedMs),
            request ? `${count(request.deposits.count, 'key')}, ${request.class}` : 'new charter',
            request ? whoseKeys(request) : '',
            displayName(phaseText(judged)),
          ])
        } catch (error) {
          context.failures.report(error, shortDigest(digest))
        }
      }
      if (rows.length > 0) terminal.table(['request', 'asked at', 'what', 'who', 'stands'], rows)
      else if (context.failures.status === 0) terminal.note('nothing waits')
    })
  },
})

/** `strongroom officer show`. */
export const officerShow = defineCommand({
  operands: [{ name: '<request>', description: 'by its first 8 digits or more' }],
  options: {
    deposits: {
      flags: '--deposits',
      kind: 'flag',
      description: 'list every deposit, however many there are',
    },
    ...OFFICER_OPTIONS,
  },
  notes: [
    'Shows who asks for what, for which key, by what right, who decided so far and what to think about. All of it is verified:',
    'the charters from the identity of the authority on, the request, its evidence and the approvals, each with its place in',
    'the log. Descriptions are texts of strangers.',
  ],
  examples: [
    { line: 'strongroom officer show 2e00efcc', purpose: 'all of one request' },
    { line: 'strongroom officer show 2e00efcc --deposits', purpose: 'with each of its deposits' },
    { line: 'strongroom officer show 2e00efcc --json', purpose: 'the same for programs' },
  ],
  run: async (context, [text = ''], values) => {
    await atWork(context, values, async (at) => {
      const view = await viewOf(at, await digestOf(at, text))
      showSubject(context, view, { me: at.person.id, ...(values.deposits && { most: view.ids.length }) })
    })
  },
})

/** Who asks, and for whose keys. */
function whoseKeys({ requester, client }: RecoveryRequest): string {
  return requester === null ? client : `${requester} for ${client}`
}

const aboutOf = ({ class: name, client, requester, deposits }: RecoveryRequest) => ({
  class: name,
  client,
  requester,
  count: deposits.count,
})

/** `strongroom officer clients`. */
export const officerClients = defineCommand({
  options: OFFICER_OPTIONS,
  notes: [
    'Whose keys can be asked for, and vouched for: the clients of your tenant, with the ids by which they are named. What they call',
    'themselves is their own word, and anybody can choose any name.',
  ],
  examples: [
    { line: 'strongroom officer clients', purpose: 'who is who' },
    { line: 'strongroom officer clients --json', purpose: 'for programs' },
  ],
  run: async (context, _operands, values) => {
    const { terminal } = context
    await atWork(context, values, async (at) => {
      const rows: string[][] = []
      for await (const { client, name, state, received, deposits, codes } of clientsOf(at)) {
        terminal.record({ client, name, state, since: isoTime(received), deposits, codes })
        const since = formatTime(received).slice(0, 10)
        rows.push([client, state, since, String(deposits), String(codes), displayName(name)])
      }
      terminal.table(['client', 'state', 'since', 'deposits', 'codes', 'calls itself'], rows)
    })
  },
})
