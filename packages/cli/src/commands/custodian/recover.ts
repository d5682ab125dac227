import { recoverReleases } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { defineCommand } from '../../command.ts'
import { count } from '../../quantities.ts'
import { bundleIn, CUSTODIAN_OPTIONS, withFolder } from './custodian-options.ts'

/** Reads from the log what a restored folder has forgotten. */
export const custodianRecover = defineCommand({
  operands: [{ name: '<bundle>', description: 'the bundle that was refused', completes: 'file' }],
  options: CUSTODIAN_OPTIONS,
  notes: [
    'A folder that was restored from a copy does not know what was released since. The log does: every release in the bundle that this',
    'custodian signed and does not remember counts as spent from now on. The session keys of those releases are in the newer folder alone:',
    'use that one if there is any hope for it.',
  ],
  examples: [
    { line: 'strongroom custodian recover request.bundle', purpose: 'after the folder was restored' },
    {
      line: 'strongroom custodian recover request.bundle --folder custody',
      purpose: 'of a custodian in another folder',
    },
  ],
  async run(context, [path = ''], values) {
    const bundle = bundleIn(path)
    await withFolder(context, values, (folder) => {
      const found = recoverReleases(bundle, folder, Date.now())
      const { terminal } = context
      terminal.record({
        releases: found.map(({ digest, subject }) => ({ release: toHex(digest), subject: toHex(subject) })),
      })
      terminal.line(`${count(found.length, 'release')} read from the log`)
      terminal.fields(found.map(({ subject }) => ['spent', toHex(subject)] as const))
    })
  },
})
