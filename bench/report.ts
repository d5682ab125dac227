import { execSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { arch, cpus, release, totalmem, type } from 'node:os'
import { basename, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ratio, type Result, type Run, typical } from './harness.ts'

/** One contest as it is shown: the ratios of every contestant to each of `bases`, by name. */
export interface Section {
  readonly title: string
  readonly results: readonly Result[]
  readonly bases: readonly string[]
  readonly targets: readonly Target[]
  /** How many bytes a run goes over, to show rates; the peak of memory is then not shown. */
  readonly bytes?: number
  /** Whether how often it is done in a second says more than the peak of memory. */
  readonly perSecond?: true
}

/** What the project set itself, beside what was measured. */
export interface Target {
  readonly what: string
  readonly measured: number
  readonly atMost: number
  readonly unit: 'x' | 'ms' | 'MiB'
}

const VERSIONS = {
  age: 'age --version',
  minisign: 'minisign -v',
  gpg: 'gpg --version',
  openssl: 'openssl version',
} as const

/** The ratio of one contestant's time to another's, as a target. */
export function ratioTarget(results: readonly Result[], name: string, base: string, atMost: number): Target {
  const measured = ratio(named(results, name), named(results, base))
  return { what: `${name} / ${base}`, measured, atMost, unit: 'x' }
}

/** Finds a contestant's result. @throws Error if there is none of that name */
export function named(results: readonly Result[], name: string): Result {
  const found = results.find((result) => result.name === name)
  if (found === undefined) throw new Error(`no contestant is called ${name}`)
  return found
}

/** Prints one question's answer as Markdown and keeps every run of it in bench/results/<question>.json. */
export function report(question: string, sections: readonly Section[]): void {
  publish(question, { sections }, () => {
    for (const section of sections) printSection(section)
  })
}

/** Says what was run and where, prints the answer, and keeps `data` with it in bench/results/<question>.json. */
export function publish(question: string, data: object, print: () => void): void {
  const machine = describeMachine()
  const command = ['node', relative(process.cwd(), process.argv[1] ?? ''), ...process.argv.slice(2)].join(' ')
  console.log(`\n## ${question}\n\n\`${command}\`\n`)
  for (const [what, value] of Object.entries(machine)) console.log(`* ${what}: ${value}`)
  print()
  const folder = fileURLToPath(new URL('results/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const path = `${folder}${basename(question)}.json`
  writeFileSync(path, `${JSON.stringify({ question, command, machine, ...data }, undefined, 2)}\n`)
}

function describeMachine(): Record<string, string> {
  const processors = cpus()
  const versions = Object.entries(VERSIONS).map(([name, line]) => [name, firstLine(line)])
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: `${firstLine('git rev-parse --short HEAD')}${firstLine('git status --porcelain') === '' ? '' : ' with changes'}`,
    processor: `${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()} ${arch()}`,
    node: `${process.versions.node}, OpenSSL ${process.versions.openssl}`,
    ...Object.fromEntries(versions),
  }
}

function firstLine(line: string): string {
  try {
    return execSync(line, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n', 1)[0] ?? ''
  } catch {
    return 'not installed'
  }
}

function printSection({ title, results, bases, targets, ...shown }: Section): void {
  const rounds = Math.max(...results.map((result) => result.runs.length))
  const heads = ['', 'wall', 'CPU', lastHead(shown), ...bases.map((base) => `× ${base}`)]
  console.log(`\n### ${title} (${rounds} rounds)\n\n${row(heads)}\n${row(heads.map(() => '---'))}`)
  for (const result of results) {
    const { wallMs, cpuMs } = typical(result)
    const last = lastCell(shown, typical(result))
    const ratios = bases.map((base) => ratio(result, named(results, base)).toFixed(2))
    console.log(row([result.name, time(wallMs), time(cpuMs), last, ...ratios]))
  }
  for (const [i, target] of targets.entries())
    console.log(`${i === 0 ? '\n' : ''}* ${describeTarget(target)}`)
}

/** A row of a table. */
type Shown = Pick<Section, 'bytes' | 'perSecond'>

function lastHead({ bytes, perSecond }: Shown): string {
  if (perSecond) return 'per second'
  return bytes === undefined ? 'peak' : 'rate'
}

function lastCell({ bytes, perSecond }: Shown, { wallMs, peakMiB }: Run): string {
  if (perSecond) return Math.round(1000 / wallMs).toLocaleString('en')
  return bytes === undefined ? `${peakMiB.toFixed(0)} MiB` : rate(bytes, wallMs)
}

export const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const time = (ms: number): string =>
  ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`
const rate = (bytes: number, ms: number): string => {
  const megabytes = bytes / 1000 / ms
  return `${megabytes.toFixed(megabytes < 100 ? 1 : 0)} MB/s`
}

function describeTarget({ what, measured, atMost, unit }: Target): string {
  const shown = (value: number): string => (unit === 'x' ? value.toFixed(2) : `${value.toFixed(0)} ${unit}`)
  const verdict = measured <= atMost ? 'met' : 'missed'
  return `target ${what} ≤ ${shown(atMost)}: ${shown(measured)}, ${verdict}`
}
