import { writeFileAtomically } from '@strongroom/core/container'
import { newVetting, signerOf } from '@strongroom/core/client'
import { checkName, printRecoveryCode } from '@strongroom/core/protocol'
import { CliError } from '../../cli-error.ts'
import { durationOf } from '../../client/duration.ts'
import { defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { formatTime } from '../../quantities.ts'
import { atWork } from '../../recovery/officer-view.ts'
import { isoTime } from '../../recovery/subject-text.ts'
import { send } from './officer-decide.ts'
import { OFFICER_OPTIONS } from './officer.ts'

/** `strongroom officer vouch`. */
export const officerVouch = defineCommand({
  operands: [{ name: '<client>', description: 'whose keys may be asked for: the id of a client, c-…' }],
  options: {
    seen: {
      flags: '--seen <text>',
      kind: 'value',
      description: 'what you saw, by which you know who it is: one line',
    },
    valid: { flags: '--valid <time>', kind: 'value', description: 'how long, such as 2d; 3d unless told' },
    codeFile: {
      flags: '--code-file <file>',
      kind: 'value',
      description: 'write the code to a new file that only you can read, instead of showing it',
      completes: 'file',
    },
    ...OFFICER_OPTIONS,
  },
  notes: [
    'For somebody who has lost their recovery codes too. The code is good for one request, and a request with it needs the',
    'approvals of other officers: whoever vouches does not count. Hand it over in person; strongroom recover --vouched takes it.',
  ],
  examples: [
    {
      line: 'strongroom officer vouch c-cea133761cb1039b6b303895 --seen "passport, and we know each other"',
      purpose: 'shows a code, once',
    },
    {
      line: 'strongroom officer vouch c-cea133761cb1039b6b303895 --seen passport --code-file code.txt',
      purpose: 'writes it, to be printed',
    },
  ],
  run: async (context, [client = ''], values) => {
    const { terminal } = context
    const evidence = values.seen
    if (evidence === undefined) {
      throw new CliError('USAGE', 'it is not said what you saw', {
        hint: 'add --seen TEXT, for officers who decide',
      })
    }
    await atWork(context, values, async (at) => {
      const { url, identity, tenant } = at.chosen.state
      const now = Date.now()
      const expires = now + durationOf(values.valid ?? '3d', '--valid')
      const { statement, code } = newVetting({
        url,
        identity,
        tenant,
        client: checkName(client, 'client'),
        person: at.person.id,
        evidence,
        key: signerOf(at.key),
        nowMs: now,
        expires,
      })
      if (values.codeFile !== undefined) {
        writeFileAtomically(values.codeFile, Buffer.from(`${printRecoveryCode(code)}\n`), { mode: 0o600 })
      }
      await send(context, at, 'vetting', statement)
      const shown = values.codeFile === undefined
      terminal.record({ client, person: at.person.id, expires: isoTime(expires), code: shown ? code : null })
      if (shown && !terminal.json) terminal.raw(`${printRecoveryCode(code)}\n`)
      const where =
        values.codeFile === undefined ? 'shown once' : `written to ${displayName(values.codeFile)}`
      terminal.note(
        `a code for one request, ${where}, until ${formatTime(expires)}: strongroom recover --vouched`,
      )
    })
  },
})
