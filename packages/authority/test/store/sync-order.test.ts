import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SQLITE } from '../support/databases.ts'
import { prepare } from '../support/hunting.ts'
import { Prey } from '../support/prey.ts'
import { onDatabase } from '../support/suite.ts'

/**
 * What a node asks of the system, in the order in which it was done: what a killed process cannot show, since the system keeps what it
 * was told to write, and a computer that lost its power does not.
 *
 * C: the database is on the disk. T: so is the checkpoint under its temporary name. R: it has its name. D: so has the disk.
 * A: somebody was told.
 */
const STEPS: readonly (readonly [letter: string, call: RegExp])[] = [
  ['C', /^f(?:data)?sync\(\d+<[^>]*authority\.db-wal>/],
  ['T', /^f(?:data)?sync\(\d+<[^>]*\/\.node-last-checkpoint\.tmp>/],
  ['R', /^rename(?:at2?)?\(.*node-last-checkpoint"/],
  ['D', /^f(?:data)?sync\(\d+<[^>]*strongroom-db-[^/>]*>/],
  ['A', /^write\(1<[^>]*>, "\{\\"number\\"/],
]
const TRACED = 'trace=fsync,fdatasync,rename,renameat,renameat2,write'
/** Deposits of a call: three at most, each told by itself. */
const TOLD = 40

onDatabase(SQLITE, {
  'a node that acknowledges': {
    'has synced the statements, then what it signed, then the checkpoint': async (scene, t) => {
      if (spawnSync('strace', ['-V']).status !== 0) return t.skip('needs strace')
      await prepare(scene, 1)
      const { address, folder } = scene.database
      const trace = join(folder, 'trace')
      const prey = new Prey({ address, folder, node: 'node', client: 1, callers: 1 })
      prey.start(['strace', '-D', '-f', '-y', '-s', '16', '-e', TRACED, '-o', trace])
      await prey.hear(TOLD)
      await prey.kill()
      const order = stepsOf(readFileSync(trace, 'utf8'))
      const groups = order.match(/[^A]*A{1,3}/g) ?? []
      assert.ok(groups.length > 10, order)
      // The database moves its journal now and then, which syncs more.
      for (const group of groups) assert.match(group, /CTRDC+A{1,3}$/, order)
    },
  },
})

/** The letters of the steps, in the order in which they were finished; threads are traced together. */
function stepsOf(trace: string): string {
  const begun = new Map<string, string>()
  let order = ''
  for (const line of trace.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(thread, rest)
      continue
    }
    const call = rest.startsWith('<... ') ? (begun.get(thread) ?? '') : rest
    order += STEPS.find(([, pattern]) => pattern.test(call))?.[0] ?? ''
  }
  return order
}
