/**
 * Checks one bundle as a custodian does, without opening anything, and says how long it took and the peak of memory: for custodian-bundle.ts.
 *
 * Run: node -C source custodian-checking.ts FOLDER BUNDLE NOW ROUNDS
 */
import { readFileSync } from 'node:fs'
import { checkBundle, CustodianFolder, readBundle } from '../packages/authority/src/custodian/index.ts'
import { peakMiB } from './peak-memory.ts'

const [folder = '', path = '', now = '', rounds = ''] = process.argv.slice(2)
const custodian = CustodianFolder.open(folder)
const bytes = new Uint8Array(readFileSync(path))
const beforeMiB = peakMiB()
const runs: { readonly readMs: number; readonly checkMs: number }[] = []
for (let round = 0; round < Number(rounds); round++) {
  const start = performance.now()
  const bundle = readBundle(bytes)
  const read = performance.now()
  checkBundle(bundle, custodian.knowledge(), Number(now))
  runs.push({ readMs: read - start, checkMs: performance.now() - read })
}
custodian.close()
console.log(JSON.stringify({ runs, beforeMiB, peakMiB: peakMiB() }))
