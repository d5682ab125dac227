/**
 * Lets every call of some scenes' operations to node:fs fail, one after the other, and checks what comes of it.
 *
 * fault-sweep.ts <folder> <lost | persisted | for-ever> <rounds> <scene>...
 *
 * lost: one call is not carried out. persisted: one is, but is reported as failed. for-ever: none from the
 * N-th on is carried out. The codes take turns: three rounds try each with each call. Every try has a folder of its
 * own in `<folder>`, which stays, because only when this process is no more may another clear up. Prints how
 * many calls of each scene were made to fail.
 */
import { PASS, withDisk, type CallName, type DiskCall } from './disk-calls.ts'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { SealError } from '../../../src/seal/index.ts'
import { checkLeftovers, settle } from './aftermath.ts'
import { checked, copyOf, prepared } from './kills.ts'
import { leftovers, temporaries } from './look.ts'
import type { Scene } from './scene.ts'
import { sceneOf } from './scenes.ts'

/** What is not on the disk for certain, if one of these failed: never a success. */
const MUST_TELL: ReadonlySet<CallName> = new Set([
  'appendFileSync',
  'fchmodSync',
  'fsync',
  'fsyncSync',
  'renameSync',
  'write',
  'writevSync',
])
const CODES = ['EIO', 'ENOSPC', 'EDQUOT'] as const
const [root = '', how = 'lost', rounds = '1', ...names] = process.argv.slice(2)

/** What one try came to. */
interface Try {
  readonly folder: string
  /** The calls that were made to fail; the first one counts. */
  readonly failed: readonly DiskCall[]
  /** Whether an output, or a journal, got its name. */
  readonly named: boolean
  readonly errors: readonly unknown[]
}

async function attempt(scene: Scene, folder: string, at: number, round: number): Promise<Try> {
  const failed: DiskCall[] = []
  let named = false
  let errors: readonly unknown[] = []
  const code = CODES[(at + round) % CODES.length] ?? 'EIO'
  const persisted = how === 'persisted'
  await withDisk(
    (call) => {
      const fails = how === 'for-ever' ? call.index >= at : call.index === at
      if (fails) failed.push(call)
      if ((!fails || persisted) && (call.name === 'linkSync' || call.name === 'renameSync')) named = true
      return fails ? { kind: 'fail', code, persisted } : PASS
    },
    async () => {
      errors = await scene.run(folder)
    },
  )
  return { folder, failed, named, errors }
}

async function check(
  scene: Scene,
  { folder, failed, named, errors }: Try,
  journals: readonly string[],
): Promise<void> {
  const states = await scene.states(folder)
  for (const [i, error] of errors.entries()) {
    if (error !== undefined) isIo(error)
    else if (!scene.readOnly) assert.equal(states[i], 'new', 'success was reported falsely')
  }
  if (failed.some(({ name }) => MUST_TELL.has(name))) assert.ok(errors.some((error) => error !== undefined))
  if (!named && !scene.streams) assert.ok(states.every((state) => state === 'old'))
  await checkLeftovers(scene, folder)
  // A single name that could not be removed is a second one of a finished file.
  const tidy = how === 'lost' && failed[0]?.name !== 'unlinkSync'
  if (tidy) assert.deepEqual(temporaries(folder), [])
  if (tidy && !named) assert.ok(leftovers(folder).every((name) => journals.includes(name)))
  await settle(scene, folder)
  if (tidy) assert.deepEqual(leftovers(folder), [])
}

/** The one code, with the system's error as its cause. */
function isIo(error: unknown): void {
  assert.ok(error instanceof SealError, String(error))
  assert.equal(error.code, 'IO', error.message)
  const { cause } = error
  assert.ok(cause instanceof Error && 'code' in cause && CODES.some((code) => code === cause.code))
}

/** Fails call after call, until the operation has no more. */
async function sweep(scene: Scene, template: string, folder: string, round: number): Promise<number> {
  const journals = leftovers(template)
  for (let at = 1; ; at++) {
    const copy = copyOf(template, `${folder}-${at}`)
    process.env['TMPDIR'] = copy
    const tried = await attempt(scene, copy, at, round)
    const [first] = tried.failed
    if (!first) {
      assert.ok(tried.errors.every((error) => error === undefined))
      return at - 1
    }
    const where = `${scene.name}: call ${at}, ${first.name}(${String(first.args[0])}) ${how}`
    await checked(where, () => check(scene, tried, journals))
  }
}

const calls: Record<string, number> = {}
for (const [i, name] of names.entries()) {
  const scene = sceneOf(name)
  const template = await prepared(scene, join(root, `${i}`), scene.bytes)
  for (let round = 0; round < Number(rounds); round++) {
    calls[name] = await sweep(scene, template, join(root, `${i}-${round}`), round)
  }
}
console.log(JSON.stringify(calls))
