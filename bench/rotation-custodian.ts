/**
 * A custodian that wraps what is left: for rotation.ts.
 *
 * Run: node -C source rotation-custodian.ts FOLDER PORT NOW   a line for each batch, and at the end its peak of memory in MiB
 */
import { writeSync } from 'node:fs'
import { CustodianFolder, keysOfContainer, rewrapAll } from '../packages/authority/src/custodian/index.ts'
import { PASSPHRASE, wireTo } from '../packages/authority/test/custodian/rotation-site.ts'

const [, , path = '', port = '', moment = ''] = process.argv
const folder = CustodianFolder.open(path)
const keys = keysOfContainer(folder.container().unlock(PASSPHRASE))
const now = () => Number(moment)
const epochs = await rewrapAll(folder, keys, wireTo(Number(port), keys, now), {
  now,
  onProgress: ({ wrapped }) => writeSync(1, `wrapped ${wrapped}\n`),
})
folder.close()
if (epochs.some(({ completed }) => !completed)) throw new Error('not all was wrapped')
const peak = process.resourceUsage().maxRSS / 1024
writeSync(1, `done ${epochs.reduce((sum, { wrapped }) => sum + wrapped, 0)} ${peak.toFixed(0)}\n`)
