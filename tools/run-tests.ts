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
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { builtCommand } from './built-command.ts'

interface Suite {
  readonly name: string
  readonly files: string
  readonly except?: string
  readonly isolation: 'none' | 'process'
}

/** They put their own functions in the place of those of node:fs, before anything else has asked for these. */
const OWN_PROCESS = 'packages/core/test/client/outbox-*.test.ts'

/**
 * Suites that only call functions share one process, which saves a start of Node and of the type stripper per file;
 * those that start the command or a database get a process per file. All run at once: the first keeps one processor busy.
 */
const SUITES = [
  { name: 'library', files: 'packages/core/test/**/*.test.ts', except: OWN_PROCESS, isolation: 'none' },
  { name: 'library’s disk', files: OWN_PROCESS, isolation: 'process' },
  { name: 'tools', files: 'tools/test/**/*.test.ts', isolation: 'none' },
  { name: 'authority', files: 'packages/authority/test/**/*.test.ts', isolation: 'process' },
  { name: 'command', files: 'packages/cli/test/**/*.test.ts', isolation: 'process' },
] as const satisfies readonly Suite[]

const CONCURRENCY = 2
/** For one test; a suite may take ten times that, so that one that waits for ever does not hold up the rest. */
const TEST_TIMEOUT_MS = { fast: 240_000, slow: 1_800_000 }
const SUITE_TIMEOUTS = 10

interface Options {
  readonly slow: boolean
  readonly verbose: boolean
  /** The command that tests start: as it is published. Tests that are run by themselves start that of the sources. */
  readonly command: string
}
interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[] // names with their reasons
}

async function runSuite(suite: Suite, options: Options): Promise<Tally> {
  const files = globSync(suite.files, { exclude: suite.except ? [suite.except] : [] }).filter(
    (file) => options.slow || !file.endsWith('.slow.test.ts'),
  )
  if (files.length === 0) return lost(`${suite.name}: no file matches ${suite.files}`)
  const folder = mkdtempSync(join(tmpdir(), 'test-run-'))
  try {
    const report = join(folder, 'report.tap')
    const { ended, printed, seconds } = await runToEnd(
      runnerArguments(suite, options, report, files),
      options,
    )
    process.stdout.write(`${suite.name}, ${seconds} s\n`)
    process.stdout.write(printed)
    const tap = existsSync(report) ? readFileSync(report, 'utf8') : ''
    const problem = problemOf(tap, files)
    if (problem !== undefined) return lost(`${suite.name}: ${problem} (it ended with ${ended})`)
    const tally = readReport(tap)
    return ended === 0 || tally.failed > 0 ? tally : lost(`${suite.name}: the runner ended with ${ended}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Ended {
  readonly ended: number | string // exit status, or the signal
  readonly printed: Uint8Array
  readonly seconds: string
}

/** Runs Node and keeps what it prints, so that what suites print does not mix. */
async function runToEnd(words: readonly string[], options: Options): Promise<Ended> {
  const start = performance.now()
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: runnerEnvironment(options),
    timeout: SUITE_TIMEOUTS * testTimeoutMs(options),
    killSignal: 'SIGKILL',
  })
  const pieces: Uint8Array[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Uint8Array) => pieces.push(piece))
  const [status, signal] = await once(child, 'close')
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  return { ended: signal ?? status, printed: Buffer.concat(pieces), seconds }
}

function runnerArguments(suite: Suite, options: Options, report: string, files: readonly string[]): string[] {
  const runner = [
    '-C',
    'source',
    '--test',
    `--test-isolation=${suite.isolation}`,
    `--test-concurrency=${CONCURRENCY}`,
  ]
  const timeout = `--test-timeout=${testTimeoutMs(options)}`
  const forPeople = [
    `--test-reporter=${options.verbose ? 'spec' : 'dot'}`,
    '--test-reporter-destination=stdout',
  ]
  const forUs = ['--test-reporter=tap', `--test-reporter-destination=${report}`]
  return [...runner, timeout, ...forPeople, ...forUs, ...files.toSorted()]
}

const testTimeoutMs = (options: Options): number => TEST_TIMEOUT_MS[options.slow ? 'slow' : 'fast']

/** Without the mark of an outer runner, which would make the inner one report to it instead of running files. */
function runnerEnvironment({ slow, command }: Options): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  return { ...inherited, STRONGROOM_TEST_COMMAND: command, ...(slow && { SLOW: '1' }) }
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

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { slow: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
  })
  const { bin, remove } = await builtCommand()
  process.once('exit', remove)
  const options = { ...values, command: bin }
  const tallies = await Promise.all(SUITES.map((suite) => runSuite(suite, options)))
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0)
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0)
  const skipped = tallies.flatMap((tally) => tally.skipped)
  for (const name of skipped) console.log(`skipped: ${name}`)
  const skipsFail = skipped.length > 0 && process.env.CI !== undefined
  if (skipsFail) console.error('a skipped test is a failure where CI is set')
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`)
  if (failed > 0 || skipsFail) process.exitCode = 1
}

await main()
