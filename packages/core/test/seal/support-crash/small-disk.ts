import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { inFolder } from './children.ts'

/** Runs `work` with a folder on a file system of so many MiB, and one beside it with room; skips where it cannot. */
export async function onSmallDisk(
  t: TestContext,
  mib: number,
  work: (small: string, roomy: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (root) => {
    const [small, roomy] = [join(root, 'small'), join(root, 'roomy')]
    mkdirSync(small)
    mkdirSync(roomy)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', small]).status !== 0) {
      t.skip('needs mount, as root')
      return
    }
    try {
      await work(small, roomy)
    } finally {
      assert.equal(spawnSync('umount', [small]).status, 0)
    }
  })
}
