import { once } from 'node:events'
import { getSystemErrorMap } from 'node:util'
import { lockFolder, SetupError, startService, type Configuration, type Service } from '@strongroom/authority'
import { defineCommand } from '../../command.ts'
import { AUTHORITY_OPTIONS, authorityOf } from '../../authority/authority-options.ts'

/** What requests that have begun are given, and a little more: after that the process ends as it is. */
const GRACE_MS = 15_000

/** Runs the service. */
export const authorityServe = defineCommand({
  options: AUTHORITY_OPTIONS,
  graceMs: GRACE_MS,
  notes: [
    'Runs until it is told to stop by SIGTERM or SIGINT (Ctrl-C): requests that have begun are answered, for ten seconds at most.',
    'It may be killed at any moment too: what it acknowledged is on the disk.',
    '',
    'What happens is logged to standard error, a JSON object a line. With --json a line on standard output says when it is ready,',
    'and where it listens.',
  ],
  examples: [
    {
      line: 'strongroom authority serve --folder /srv/vault',
      purpose: 'as a service manager would start it',
    },
    {
      line: 'STRONGROOM_AUTHORITY_LOG_LEVEL=warn strongroom authority serve --folder /srv/vault',
      purpose: 'with another setting, for this time',
    },
  ],
  async run(context, _operands, values) {
    const { terminal, signal } = context
    const configuration = authorityOf(context, values)
    const lock = lockFolder(configuration.folder)
    try {
      const service = await started(configuration)
      const { url, metricsUrl, authority } = service
      const state = authority.log.state.state
      terminal.record({ listening: url, metrics: metricsUrl ?? null, state, pid: process.pid })
      terminal.done(configuration.name, `listens at ${url}`)
      if (state === 'behind') {
        terminal.warning('nothing new is taken: the database does not have what this node has signed')
        terminal.hint('strongroom authority fsck lists what is missing')
      }
      if (!signal.aborted) await once(signal, 'abort')
      await service.stop()
    } finally {
      lock.release()
    }
  },
})

/** A port that is taken or not allowed is told by its number, and by the setting that names it: there are two of them. */
async function started(configuration: Configuration): Promise<Service> {
  try {
    return await startService(configuration)
  } catch (cause) {
    const {
      syscall,
      address,
      port,
      errno = 0,
    } = cause as NodeJS.ErrnoException & { address?: string; port?: number }
    if (syscall !== 'listen' && syscall !== 'bind') throw cause
    const [, reason] = getSystemErrorMap().get(errno) ?? []
    const place = `${address}:${port}, which is ${settingOf(configuration, port)}`
    throw new SetupError('SETUP_LISTEN', `cannot listen at ${place}: ${reason ?? 'refused'}`, { cause })
  }
}

function settingOf({ listen, metrics }: Configuration, port: number | undefined): string {
  return metrics.listen?.port === port && listen.port !== port ? 'metrics.listen' : 'listen'
}
