import { fsckAuthority, SetupError } from '@strongroom/authority'
import { defineCommand } from '../../command.ts'
import { AUTHORITY_OPTIONS, authorityOf, counted } from '../../authority/authority-options.ts'
import { CountedProgress } from '../../authority/counted-progress.ts'

/** Checks everything that is kept. */
export const authorityFsck = defineCommand({
  options: AUTHORITY_OPTIONS,
  notes: [
    'Derives everything again from the statements: every signature, every row, every tile and the root of the log; and compares with',
    'what this node has signed. Changes nothing. The service may run, but what is appended meanwhile can show as a difference at the',
    'end: then run it again.',
  ],
  examples: [
    { line: 'strongroom authority fsck --folder vault', purpose: 'once in a while, and after every restore' },
    {
      line: 'strongroom authority fsck --folder vault --json',
      purpose: 'a JSON document for each difference',
    },
  ],
  async run(context, _operands, values) {
    const { terminal, failures, signal } = context
    const progress = new CountedProgress(terminal, 'checking')
    let [statements, found] = [0, 0]
    const checking = fsckAuthority(authorityOf(context, values), (checked, of) => {
      signal.throwIfAborted()
      statements = checked
      progress.update(checked, of)
    })
    for await (const { kind, at, problem } of checking) {
      found++
      terminal.record({ kind, at, problem })
      terminal.line(`${kind}  ${at}  ${problem}`)
    }
    progress.end()
    terminal.record({ statements, findings: found })
    if (found === 0) terminal.done('all is well', `${counted(statements, 'statement')} derived again`)
    else
      failures.report(
        new SetupError(
          'SETUP_FINDINGS',
          `${counted(found, 'difference')} in ${counted(statements, 'statement')}`,
        ),
      )
  },
})
