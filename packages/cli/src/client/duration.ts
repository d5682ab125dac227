import { usage } from '../cli-error.ts'
import { displayName } from '../escape-text.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DURATION = /^(\d{1,6})([smhd])$/
// What a timer of Node can wait.
const LONGEST_MS = 2_147_483_647

/** A length of time on the command line, `90s`, `15m`, `1h` or `7d`, in milliseconds. @throws CliError USAGE */
export function durationOf(text: string, option: string): number {
  const [, number, unit = ''] = DURATION.exec(text) ?? []
  const milliseconds = Number(number) * (UNITS[unit] ?? NaN)
  if (milliseconds > 0 && milliseconds <= LONGEST_MS) return milliseconds
  throw usage(
    `${option}: expected a length of time, got ${displayName(text)}`,
    'such as 90s, 15m, 1h or 7d, 24 days at most',
  )
}
