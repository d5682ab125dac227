import assert from 'node:assert/strict'
import { join } from 'node:path'
import { SealError } from '../../../src/seal/index.ts'
import { leftovers, readableTemporaries } from './look.ts'
import { seal, type Scene } from './scene.ts'

/**
 * What is left in a folder after a process was killed: readable by nobody, or a finished file that lacks
 * no more than its name, or has it already.
 */
export async function checkLeftovers(scene: Scene, folder: string): Promise<void> {
  for (const name of readableTemporaries(folder)) await scene.finished(join(folder, name))
}

/** Repeats an operation after a failure, and asks that it now succeeds; what exists may refuse it. */
export async function settle(scene: Scene, folder: string): Promise<void> {
  const before = await scene.states(folder)
  const errors = await scene.run(folder)
  for (const [i, error] of errors.entries()) {
    const refused = scene.exclusive === true && before[i] === 'new'
    if (!refused && error !== undefined) throw error
    assert.equal(error instanceof SealError ? error.code : undefined, refused ? 'EXISTS' : undefined)
  }
  assert.deepEqual(await scene.states(folder), scene.readOnly ? before : before.map(() => 'new'))
}

/** Seals one more file in a folder: the next writer removes what a dead process left. */
export async function sealOneMore(folder: string): Promise<void> {
  await seal(folder, 'one-more', 'one-more.age', 10)
  assert.deepEqual(leftovers(folder), [])
}
