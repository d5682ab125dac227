/**
 * Times functions of this process side by side, as harness.ts times processes: every contestant is warmed up, then runs
 * once in each round, in turn. A run is as many passes as take a twentieth of a second; its times are those of one pass.
 * What a run leaves behind is cleared away before the next: each pays for its own garbage only.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Result, type Run } from './harness.ts'

const RUN_MS = 50
const WARM_UP_MS = 500

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** One way to do the job, once over the data. */
export interface Pass {
  readonly name: string
  readonly pass: () => unknown
}

/** Runs the contest. */
export function contestOfPasses(contestants: readonly Pass[], rounds: number): Result[] {
  const passes = contestants.map(passesInARun)
  const runs: Run[][] = contestants.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, contestant] of contestants.entries()) runs[i]?.push(timed(contestant, passes[i] ?? 1))
  }
  return contestants.map(({ name }, i) => ({ name, line: `${passes[i]} passes a run`, runs: runs[i] ?? [] }))
}

// The engine compiles what is hot while it warms up; the last pass is the nearest to what it will be.
function passesInARun(contestant: Pass): number {
  const start = performance.now()
  let last = timed(contestant, 1).wallMs
  while (performance.now() - start < WARM_UP_MS) last = timed(contestant, 1).wallMs
  return Math.max(1, Math.ceil(RUN_MS / last))
}

function timed({ pass }: Pass, passes: number): Run {
  collectGarbage()
  const [cpu, start] = [process.cpuUsage(), process.hrtime.bigint()]
  for (let i = 0; i < passes; i++) pass()
  const wallMs = Number(process.hrtime.bigint() - start) / 1e6
  const { user, system } = process.cpuUsage(cpu)
  const peakMiB = process.resourceUsage().maxRSS / 1024
  return { wallMs: wallMs / passes, cpuMs: (user + system) / 1000 / passes, peakMiB }
}
