import { backup } from '@strongroom/authority'
import { defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { formatBytes } from '../../quantities.ts'
import { AUTHORITY_OPTIONS, authorityOf, counted } from '../../authority/authority-options.ts'
import { CountedProgress } from '../../authority/counted-progress.ts'

/** Writes everything that is kept to a file. */
export const authorityBackup = defineCommand({
  operands: [{ name: '<file>', description: 'the backup to write', completes: 'file' }],
  options: {
    ...AUTHORITY_OPTIONS,
    force: { flags: '--force', kind: 'flag', description: 'replace a backup of that name' },
  },
  notes: [
    'Writes all statements that are in the last checkpoint, tenants, invitations and who is suspended, and compares the tree over the',
    'statements with the one that was signed. The service may run. The file has its name when it is whole and on the disk.',
    '',
    'No private key is in it. Keep a copy of authority.json and log-keys apart, once; never one of last-checkpoint.',
  ],
  examples: [
    { line: 'strongroom authority backup vault.backup --folder vault', purpose: 'by hand' },
    {
      line: 'strongroom authority backup /backup/vault-$(date +%F).backup --folder /srv/vault --quiet',
      purpose: 'every night',
    },
  ],
  async run(context, [file = ''], values) {
    const { terminal, signal } = context
    const progress = new CountedProgress(terminal, 'writing')
    const made = await backup(authorityOf(context, values), file, {
      overwrite: values.force,
      now: Date.now(),
      onProgress: (written, of) => {
        signal.throwIfAborted()
        progress.update(written, of)
      },
    })
    progress.end()
    terminal.record({ file, ...made })
    terminal.done(displayName(file), `${counted(made.statements, 'statement')}, ${formatBytes(made.bytes)}`)
  },
})
