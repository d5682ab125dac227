/**
 * Runs the operation of a scene in a process of its own, which can be made to die.
 *
 * victim.ts <scene> <folder> [kill <n> | torn <n> | wait <n> | wait-torn <n> | in-parts | no-links | unprivileged]
 *
 * Writes `started` to standard output when it begins, and when it ends one line of JSON: its calls to
 * node:fs in order, and for each output the code of its error and that of the system behind it.
 *
 * kill: it dies at its n-th call. torn: it dies when half of that call's bytes are written. wait: it waits there
 * until its parent lets it go on. in-parts: every write takes half of what it is given. no-links: the file system has no
 * hard links. unprivileged: not even as root, who may read and write everything.
 */
import { changesDisk, PASS, waitForParent, withDisk, type CallName, type Verdict } from './disk-calls.ts'
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
const NO_LINK: Verdict = { kind: 'fail', code: 'EPERM', persisted: false }
process.env['TMPDIR'] = folder
if (how === 'unprivileged') becomeNobody()
writeSync(1, 'started\n')
await withDisk(
  (call) => {
    calls.push({ name: call.name, changes: changesDisk(call) })
    if (how === 'in-parts') return { kind: 'part' }
    if (how === 'no-links' && call.name === 'linkSync') return NO_LINK
    return call.index === Number(at) ? fate() : PASS
  },
  async () => {
    errors = await scene.run(folder)
  },
)
const report: Report = { calls, codes: errors.map(codeOf), causes: errors.map(causeOf) }
writeSync(1, `${JSON.stringify(report)}\n`)

function fate(): Verdict {
  if (how?.startsWith('wait')) waitForParent()
  return how === 'wait' ? PASS : { kind: 'kill', torn: how !== 'kill' }
}

function codeOf(error: unknown): string | null {
  if (error === undefined) return null
  assert.ok(error instanceof SealError)
  return error.code
}

function causeOf(error: unknown): string | undefined {
  const cause = error instanceof SealError ? error.cause : undefined
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
}
