import { readFileSync } from 'node:fs'

/**
 * The most memory that this process has had, in MiB. Linux only: what `getrusage` says there begins with what the process had that
 * started it.
 */
export function peakMiB(): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return Number(kilobytes) / 1024
}
