import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import type { writeFileAtomically } from '@strongroom/core/container'

type DiskCalls = NonNullable<Parameters<typeof writeFileAtomically>[3]>

/** The calls that change the disk, of which one and all that follow fail: as if the process had ended there. */
export function faultyCalls(failing: number): { readonly calls: DiskCalls; readonly failed: () => boolean } {
  const real = { openSync, fchmodSync, writeFileSync, fsyncSync, closeSync, linkSync, renameSync, unlinkSync }
  let count = 0
  const counted = Object.entries(real).map(([name, call]) => [
    name,
    (...args: never[]): unknown => {
      // A descriptor of this process is given back all the same: the tests have only so many.
      if (count++ >= failing && name !== 'closeSync') throw new Error('the disk is gone')
      return (call as (...given: never[]) => unknown)(...args)
    },
  ])
  return { calls: Object.fromEntries(counted) as DiskCalls, failed: () => count > failing }
}
