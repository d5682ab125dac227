import { custodianLog, custodianWire, runCustodian, patientWire } from '@strongroom/authority'
import { durationOf } from '../../client/duration.ts'
import { defineCommand } from '../../command.ts'
import { CONNECTION_OPTIONS, withConnection } from './connection.ts'
import { CUSTODIAN_OPTIONS, CUSTODY_OPTIONS, withFolder, withKeys } from './custodian-options.ts'

/** What a request that is on its way is given, and the release that is being written. */
const GRACE_MS = 15_000
const USUAL_EVERY = '10s'

/** Works for an authority over the network. */
export const custodianRun = defineCommand({
  options: {
    ...CUSTODIAN_OPTIONS,
    every: {
      flags: '--every <duration>',
      kind: 'value',
      description: 'how long to wait between two rounds; 10s unless told',
    },
    once: { flags: '--once', kind: 'flag', description: 'do what there is to do, and end' },
    ...CONNECTION_OPTIONS,
    ...CUSTODY_OPTIONS,
  },
  graceMs: GRACE_MS,
  notes: [
    'Asks the authority for what waits: releases the requests and charters that their bundles prove, hands out the session keys once the',
    'release is in the log, answers probes of clients, and opens new deposits to see whether they are what was promised. The checks are',
    'those of strongroom custodian open: a connected custodian believes no more than one without a network.',
    '',
    'It looks at the log each round, and remembers what it saw; an authority that is away is asked again. It may be killed at any moment:',
    'nothing is released twice, and what was released is handed out later. SIGTERM or SIGINT (Ctrl-C) ends it.',
    '',
    'What happens is logged to standard error, a JSON object a line. With --json a line on standard output says when it is ready.',
  ],
  examples: [
    { line: 'strongroom custodian run --folder custody', purpose: 'as a service manager would start it' },
    {
      line: 'strongroom custodian run --folder custody --once --passphrase-file /run/passphrase',
      purpose: 'one round, as from a timer',
    },
  ],
  async run(context, _, values) {
    const { terminal, signal } = context
    const everyMs = durationOf(values.every ?? USUAL_EVERY, '--every')
    await withFolder(context, values, (folder) =>
      withConnection(context, folder, values, ({ identity, url, transport }) =>
        withKeys(context, values, folder, async (keys) => {
          terminal.record({ ready: true, authority: url, identity, pid: process.pid })
          terminal.note(`at work for ${url}`)
          const wire = patientWire(custodianWire(url, transport, keys))
          await runCustodian(folder, keys, wire, {
            everyMs,
            once: values.once,
            signal,
            log: custodianLog(),
          })
        }),
      ),
    )
  },
})
