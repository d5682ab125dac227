import { row } from './report.ts'

/** What one run of calls took. */
export interface CallTimes {
  readonly wallMs: number
  /** Of this process. */
  readonly cpuMs: number
  /** Of each call, in the order of their ends. */
  readonly latencies: readonly number[]
}

/** One contestant: its runs, and how many items each had. */
export interface RateRow {
  readonly name: string
  readonly runs: (CallTimes & { readonly items: number })[]
}

/** Contestants side by side; `base` is the one that others are compared with. */
export interface RateTable {
  readonly title: string
  readonly base?: string
  readonly rows: readonly RateRow[]
}

/** Makes calls by so many callers at a time, each of which waits for its answer. */
export async function timedCalls<T>(
  callers: number,
  items: readonly T[],
  call: (item: T) => Promise<unknown>,
): Promise<CallTimes> {
  const waiting = items.values()
  const latencies: number[] = []
  const caller = async () => {
    for (const item of waiting) {
      const start = performance.now()
      await call(item)
      latencies.push(performance.now() - start)
    }
  }
  const [cpu, start] = [process.cpuUsage(), performance.now()]
  await Promise.all(Array.from({ length: callers }, caller))
  const wallMs = performance.now() - start
  const { user, system } = process.cpuUsage(cpu)
  return { wallMs, cpuMs: (user + system) / 1000, latencies }
}

/** Prints contestants as a table: rates are medians over the runs, latencies those of all calls. */
export function rateTable({ title, base, rows }: RateTable): void {
  const heads = [
    '',
    'per second',
    'p50',
    'p99',
    'CPU for each',
    ...(base === undefined ? [] : [`evidence, beside ${base}`]),
  ]
  console.log(`\n### ${title}\n\n${row(heads)}\n${row(heads.map(() => '---'))}`)
  const floor = rows.find(({ name }) => name === base)
  for (const contestant of rows) {
    const latencies = contestant.runs.flatMap((run) => run.latencies)
    const share = floor && `${Math.round(100 * (1 - rateOf(contestant) / rateOf(floor)))} %`
    const cells = [
      Math.round(rateOf(contestant)).toLocaleString('en'),
      milliseconds(quantile(latencies, 0.5)),
      milliseconds(quantile(latencies, 0.99)),
      `${Math.round(1000 * middle(contestant.runs.map(({ cpuMs, items }) => cpuMs / items)))} µs`,
    ]
    console.log(row([contestant.name, ...cells, ...(share === undefined ? [] : [share])]))
  }
}

/** Items per second: the median over the runs. */
export function rateOf({ runs }: RateRow): number {
  return middle(runs.map(({ items, wallMs }) => (1000 * items) / wallMs))
}

export function middle(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which that share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export function milliseconds(value: number): string {
  return value < 1000 ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : `${(value / 1000).toFixed(2)} s`
}
