/**
 * Runs the test suites and ends with one line: N passed, N failed, N skipped.
 *
 * Run: node tools/run-tests.ts [--slow] [--verbose]
 *   --slow     also the *.slow.test.ts files, and SLOW=1 for the others (more property runs, larger files)
 *   --verbose  name every test, not only those that failed or were skipped
 *
 * Fails when a test fails, when a suite or a file has no test, when a runner dies before its summary, and, with CI set,
 * when a test is skipped: there every program a test needs is installed, so a skip hides something.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * Suites that only call functions share one process, which saves a start of Node and of the type stripper per file;
 * those that start the command get a process per file.
 */
const SUITES = [
  { name: 'library', files: 'packages/core/test/**/*.test.ts', isolation: 'none' },
  { name: 'tools', files: 'tools/test/**/*.test.ts', isolation: 'none' },
  { name: 'command', files: 'packages/cli/test/**/*.test.ts', isolation: 'process' },
] as const

const CONCURRENCY = 2
const TIMEOUT_MS = { fast: 120_000, slow: 3_600_000 }

type Suite = (typeof SUITES)[number]
interface Options {
  readonly slow: boolean
  readonly verbose: boolean
}
interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[] // names with their reasons
}

function runSuite(suite: Suite, options: Options): Tally {
  const files = globSync(suite.files).filter((file) => options.slow || !file.endsWith('.slow.test.ts'))
  if (files.length === 0) return lost(`${suite.name}: no file matches ${suite.files}`)
  const folder = mkdtempSync(join(tmpdir(), 'test-run-'))
  try {
    const report = join(folder, 'report.tap')
    const { status, signal } = spawnSync(process.execPath, runnerArguments(suite, options, report, files), {
      stdio: 'inherit',
      env: runnerEnvironment(options),
    })
    const tap = existsSync(report) ? readFileSync(report, 'utf8') : ''
    const problem = problemOf(tap, files)
    if (problem !== undefined) return lost(`${suite.name}: ${problem} (it ended with ${signal ?? status})`)
    const tally = readReport(tap)
    return status === 0 || tally.failed > 0
      ? tally
      : lost(`${suite.name}: the runner ended with ${signal ?? status}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function runnerArguments(suite: Suite, options: Options, report: string, files: readonly string[]): string[] {
  const runner = [
    '-C',
    'source',
    '--test',
    `--test-isolation=${suite.isolation}`,
    `--test-concurrency=${CONCURRENCY}`,
  ]
  const timeout = `--test-timeout=${options.slow ? TIMEOUT_MS.slow : TIMEOUT_MS.fast}`
  const forPeople = [
    `--test-reporter=${options.verbose ? 'spec' : 'dot'}`,
    '--test-reporter-destination=stdout',
  ]
  const forUs = ['--test-reporter=tap', `--test-reporter-destination=${report}`]
  return [...runner, timeout, ...forPeople, ...forUs, ...files.toSorted()]
}

/** Without the mark of an outer runner, which would make the inner one report to it instead of running files. */
function runnerEnvironment(options: Options): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  return options.slow ? { ...inherited, SLOW: '1' } : inherited
}

/** A failure of the run itself counts as one failed test, so that no total can look clean. */
function lost(problem: string): Tally {
  console.error(problem)
  return { passed: 0, failed: 1, skipped: [] }
}

/** Why a TAP report cannot be believed; undefined if it can. */
function problemOf(tap: string, files: readonly string[]): string | undefined {
  if (!/^# fail \d+$/m.test(tap)) return 'the runner died before its summary'
  // The runner reports a file without tests as one passed test of the file's name.
  const empty = files.find((file) => tap.includes(` - ${file}\n`))
  return empty === undefined ? undefined : `no test ran in ${empty}`
}

/** The closing totals of a TAP report, and the tests it marks as skipped or to do. */
function readReport(tap: string): Tally {
  const total = (name: string): number => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0)
  const skipped = [...tap.matchAll(/^ *(?:not )?ok \d+ - (.*) # (?:SKIP|TODO) ?(.*)$/gm)]
  return {
    passed: total('pass'),
    failed: total('fail') + total('cancelled'),
    skipped: skipped.map(([, name, reason]) => (reason === '' ? `${name}` : `${name}: ${reason}`)),
  }
}

function main(): void {
  const { values } = parseArgs({
    options: { slow: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
  })
  const tallies = SUITES.map((suite) => runSuite(suite, values))
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0)
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0)
  const skipped = tallies.flatMap((tally) => tally.skipped)
  for (const name of skipped) console.log(`skipped: ${name}`)
  const skipsFail = skipped.length > 0 && process.env.CI !== undefined
  if (skipsFail) console.error('a skipped test is a failure where CI is set')
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`)
  if (failed > 0 || skipsFail) process.exitCode = 1
}

main()
