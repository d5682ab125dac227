/**
 * Runs the operation of a scene in a process of its own, which can be made to die.
 *
 * victim.ts <scene> <folder> [kill <n> | torn <n>]
 *
 * Writes `started` to standard output when it begins, and when it ends one line of JSON: its calls to
 * node:fs in order, and for each output the code of its error.
 */
import { changesDisk, PASS, withDisk, type CallName } from './disk-calls.ts'
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { SealError } from '../../../src/seal/index.ts'
import { sceneOf } from './scenes.ts'

/** What a victim that lived has to say. */
export interface Report {
  readonly calls: readonly { readonly name: CallName; readonly changes: boolean }[]
  /** `null` for success. */
  readonly codes: readonly (string | null)[]
}

const [name, folder = '', how, at] = process.argv.slice(2)
const scene = sceneOf(name)
const calls: { name: CallName; changes: boolean }[] = []
let codes: (string | null)[] = []
process.env['TMPDIR'] = folder
writeSync(1, 'started\n')
await withDisk(
  (call) => {
    calls.push({ name: call.name, changes: changesDisk(call) })
    return how !== undefined && call.index === Number(at) ? { kind: 'kill', torn: how === 'torn' } : PASS
  },
  async () => {
    codes = (await scene.run(folder)).map(codeOf)
  },
)
writeSync(1, `${JSON.stringify({ calls, codes } satisfies Report)}\n`)

function codeOf(error: unknown): string | null {
  if (error === undefined) return null
  assert.ok(error instanceof SealError)
  return error.code
}
