/**
 * Times whole processes side by side: one warm-up of each, then n rounds in which every contestant runs once, so that
 * what drifts on a shared machine drifts for all. Ratios are taken within a round; medians are over rounds.
 *
 * Wall time is measured around the process; CPU time and peak memory come from GNU time, which also counts the
 * children of a shell line. CPU time has its resolution of 10 ms.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** One way to do the job. */
export interface Contestant {
  readonly name: string
  /** A line for sh. */
  readonly line: string
  /** Not timed; before every run, with what the run before left. */
  readonly prepare?: () => void
  /** Not timed; throws unless the warm-up did what it should. */
  readonly check?: () => void
  /** Fewer rounds than the others get, for the very slow. */
  readonly rounds?: number
}

/** What one run took. */
export interface Run {
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakMiB: number
}

/** All runs of one contestant, in the order of the rounds. */
export interface Result {
  readonly name: string
  readonly line: string
  readonly runs: readonly Run[]
}

/** Medians of a result. */
export function typical(result: Result): Run {
  return {
    wallMs: median(result.runs.map((run) => run.wallMs)),
    cpuMs: median(result.runs.map((run) => run.cpuMs)),
    peakMiB: median(result.runs.map((run) => run.peakMiB)),
  }
}

/** How many times as long as `base` a contestant took: the median over the rounds that both ran. */
export function ratio(result: Result, base: Result): number {
  const rounds = Math.min(result.runs.length, base.runs.length)
  return median(
    result.runs.slice(0, rounds).map((run, i) => run.wallMs / (base.runs[i]?.wallMs ?? Number.NaN)),
  )
}

/**
 * Runs the contest. `folder` is where GNU time reports.
 *
 * @throws Error if a line does not exit 0 or a check fails
 */
export function contest(contestants: readonly Contestant[], rounds: number, folder: string): Result[] {
  for (const contestant of contestants) {
    runOnce(contestant, folder)
    contestant.check?.()
  }
  const runs = new Map<Contestant, Run[]>(contestants.map((contestant) => [contestant, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [contestant, done] of runs) {
      if (round < (contestant.rounds ?? rounds)) done.push(runOnce(contestant, folder))
    }
  }
  return [...runs].map(([{ name, line }, done]) => ({ name, line, runs: done }))
}

function runOnce(contestant: Contestant, folder: string): Run {
  contestant.prepare?.()
  const report = join(folder, 'time.txt')
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(
    '/usr/bin/time',
    ['--quiet', '--format=%U %S %M', `--output=${report}`, 'sh', '-c', contestant.line],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const wallMs = Number(process.hrtime.bigint() - start) / 1e6
  if (status !== 0)
    throw new Error(`${contestant.name} ended with ${status}: ${contestant.line}\n${stderr.toString()}`)
  const [user = Number.NaN, system = Number.NaN, kibibytes = Number.NaN] = readFileSync(report, 'utf8')
    .trim()
    .split(' ')
    .map(Number)
  rmSync(report)
  return { wallMs, cpuMs: (user + system) * 1000, peakMiB: kibibytes / 1024 }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2
}
