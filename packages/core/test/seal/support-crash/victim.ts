/**
 * Runs the operation of a scene in a process of its own, which can be made to die.
 *
 * victim.ts <scene> <folder> [kill <n> | torn <n> | in-parts | unprivileged]
 *
 * Writes `started` to standard output when it begins, and when it ends one line of JSON: its calls to
 * node:fs in order, and for each output the code of its error and that of the system behind it. In parts: every write takes
 * half of what it is given. Unprivileged: not even as root, who may read and write everything.
 */
import { changesDisk, PASS, withDisk, type CallName } from './disk-calls.ts'
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { SealError } from '../../../src/seal/index.ts'
import { becomeNobody } from './nobody.ts'
import { sceneOf } from './scenes.ts'

/** What a victim that lived has to say. */
export interface Report {
  readonly calls: readonly { readonly name: CallName; readonly changes: boolean }[]
  /** `null` for success. */
  readonly codes: readonly (string | null)[]
  readonly causes: readonly (string | undefined)[]
}

const [name, folder = '', how, at] = process.argv.slice(2)
const scene = sceneOf(name)
const calls: { name: CallName; changes: boolean }[] = []
let errors: unknown[] = []
process.env['TMPDIR'] = folder
if (how === 'unprivileged') becomeNobody()
writeSync(1, 'started\n')
await withDisk(
  (call) => {
    calls.push({ name: call.name, changes: changesDisk(call) })
    if (how === 'in-parts') return { kind: 'part' }
    return how !== undefined && call.index === Number(at) ? { kind: 'kill', torn: how === 'torn' } : PASS
  },
  async () => {
    errors = await scene.run(folder)
  },
)
const report: Report = { calls, codes: errors.map(codeOf), causes: errors.map(causeOf) }
writeSync(1, `${JSON.stringify(report)}\n`)

function codeOf(error: unknown): string | null {
  if (error === undefined) return null
  assert.ok(error instanceof SealError)
  return error.code
}

function causeOf(error: unknown): string | undefined {
  const cause = error instanceof SealError ? error.cause : undefined
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
}
