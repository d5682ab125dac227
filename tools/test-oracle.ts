/**
 * Compares our CryptoAPI provider with Wine's, live: random sequences of calls, then blobs, signatures and files both ways.
 *
 * Run: npm run test:oracle -- [--seed N] [--runs N] [--no-exchange]
 *   --seed N        where the random sequences begin; printed, so that a failure can be repeated (with --runs 1)
 *   --runs N        how many sequences (300)
 *   --no-exchange   only the sequences
 *   --record        instead of all this, look for one short sequence for each known difference and write them to
 *                   packages/core/test/cryptoapi/oracle/vectors, where tests that need no Wine read them
 *
 * Needs Wine and a compiler for its programs (tools/install-oracle.sh); without them it says so and ends well. What it
 * builds stays in the cache folder of the user, with 690 MB of Wine's own. A failure is printed with the fewest calls
 * that still show it. Differences that are known are counted, each with its reason: packages/core/test/cryptoapi/oracle.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { type Report, runDifferential } from '../packages/core/test/cryptoapi/oracle/differential.ts'
import { EXCHANGE_CHECKS } from '../packages/core/test/cryptoapi/oracle/exchange-checks.ts'
import { FILE_CHECKS } from '../packages/core/test/cryptoapi/oracle/file-checks.ts'
import { KNOWN_DIFFERENCES } from '../packages/core/test/cryptoapi/oracle/known-differences.ts'
import { type Oracle, prepareOracle } from '../packages/core/test/cryptoapi/oracle/oracle-programs.ts'
import { Peer } from '../packages/core/test/cryptoapi/oracle/peer.ts'
import { recordDifferences } from '../packages/core/test/cryptoapi/oracle/recorded-differences.ts'
import { wineVersion } from '../packages/core/test/cryptoapi/oracle/wine-driver.ts'

interface Tally {
  readonly passed: number
  readonly failed: number
}

async function runSequences(oracle: Oracle, sequences: { seed: number; runs: number }): Promise<Tally> {
  console.log(`${sequences.runs} sequences from seed ${sequences.seed} on`)
  const report = await runDifferential(oracle, sequences)
  for (const failure of report.failures) console.log(`\nthe providers differ: ${failure}`)
  printReport(report)
  return { passed: report.sequences - report.failures.length, failed: report.failures.length }
}

function printReport({ sequences, compared, calls, allowed }: Report): void {
  console.log(`\n${sequences} sequences, ${compared} calls compared:`)
  for (const [name, count] of [...calls].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`  ${String(count).padStart(6)} ${name}`)
  console.log('\nknown differences that were met:')
  for (const { id, reason } of KNOWN_DIFFERENCES) {
    console.log(`  ${String(allowed.get(id) ?? 0).padStart(6)} ${id}: ${reason}`)
  }
}

async function runExchanges(oracle: Oracle): Promise<Tally> {
  const checks = [...EXCHANGE_CHECKS, ...FILE_CHECKS]
  const peer = await Peer.start(oracle)
  let failed = 0
  try {
    for (const { name, run } of checks) {
      try {
        await run(peer)
      } catch (error) {
        failed += 1
        console.log(
          `\nnot read on the other side: ${name}\n${error instanceof Error ? error.message : String(error)}`,
        )
      }
    }
  } finally {
    await peer.close()
  }
  console.log(`\n${checks.length} blobs, signatures, keys and files exchanged`)
  return { passed: checks.length - failed, failed }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      runs: { type: 'string', default: '300' },
      exchange: { type: 'boolean', default: true },
      record: { type: 'boolean', default: false },
    },
  })
  const oracle = await prepareOracle()
  if (typeof oracle === 'string') {
    console.log(`skipped: ${oracle}`)
    return
  }
  console.log(`against Wine ${await wineVersion(oracle)}`)
  const sequences = { seed: Number(values.seed), runs: Number(values.runs) }
  if (values.record) {
    const missing = await recordDifferences(oracle, sequences)
    console.log(missing.length === 0 ? 'every row has a sequence' : `no sequence for ${missing.join(', ')}`)
    return
  }
  const tallies = [await runSequences(oracle, sequences)]
  if (values.exchange) tallies.push(await runExchanges(oracle))
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0)
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0)
  console.log(`${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

await main()
