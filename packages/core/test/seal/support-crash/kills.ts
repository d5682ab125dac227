import assert from 'node:assert/strict'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { forEach, inFolder, runChild, startChild } from './children.ts'
import type { CallName } from './disk-calls.ts'
import { readableTemporaries } from './look.ts'
import { checkLeftovers, sealOneMore, settle } from './aftermath.ts'
import type { Scene } from './scene.ts'
import type { Report } from './victim.ts'

interface Kill {
  readonly how: 'kill' | 'torn'
  readonly at: number
}

/**
 * Kills a scene's operation before each call that changes the disk, which is all the same as to kill it before
 * one that changes nothing and comes between, and in the middle of each write. Each time checks what is left, and
 * that the operation can be repeated.
 *
 * @returns how many processes were killed
 */
export function killEverywhere(scene: Scene): Promise<number> {
  return inFolder(async (root) => {
    const template = await prepared(scene, join(root, 'template'), scene.bytes)
    const { calls } = await runChild<Report>('./victim.ts', scene.name, copyOf(template, join(root, 'alive')))
    const kills = calls.flatMap(({ name, changes }, i) => (changes ? killsAt(name, i + 1) : []))
    await forEach(kills, async ({ how, at }) => {
      const folder = copyOf(template, join(root, `${how}-${at}`))
      const where = `${scene.name}, ${how} at call ${at}, ${calls[at - 1]?.name}`
      await checked(where, async () => {
        const { signal } = await startChild('./victim.ts', scene.name, folder, how, String(at)).ended
        assert.equal(signal, 'SIGKILL')
        // What takes time is done before a file can be read by anybody.
        if (calls[at - 1]?.name === 'fsync') assert.deepEqual(readableTemporaries(folder), [])
        await checkAfterKill(scene, folder)
      })
    })
    return kills.length
  })
}

function killsAt(name: CallName, at: number): Kill[] {
  return name === 'writevSync'
    ? [
        { how: 'kill', at },
        { how: 'torn', at },
      ]
    : [{ how: 'kill', at }]
}

/** What must hold after a kill, at whatever moment. */
export async function checkAfterKill(scene: Scene, folder: string): Promise<void> {
  await scene.states(folder)
  await checkLeftovers(scene, folder)
  await settle(scene, folder)
  await sealOneMore(folder)
}

/** A folder as a scene begins, to be copied. */
export async function prepared(scene: Scene, folder: string, bytes: number): Promise<string> {
  mkdirSync(folder)
  await scene.prepare(folder, bytes)
  return folder
}

export function copyOf(template: string, folder: string): string {
  cpSync(template, folder, { recursive: true, preserveTimestamps: true })
  return folder
}

/** Says in a failure where it was. */
export async function checked(where: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    throw new Error(`${where}: ${String(cause)}`, { cause })
  }
}
