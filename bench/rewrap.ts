/**
 * How long does it take to change who can open a file on disk, safely, beside decrypting and encrypting it again?
 *
 * Run: npm run build && node bench/rewrap.ts [--quick]
 */
import { execSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { contest, type Result, typical } from './harness.ts'
import { named, report, type Target } from './report.ts'
import { setUpRivals } from './rivals.ts'
import { setUpStrongroom, STRONGROOM } from './strongroom.ts'
import { noiseFile, removing, withWorkbench } from './workbench.ts'

const AGE = 'age -d, age -e'
const AT_MOST_MS = 100

await withWorkbench((bench) => {
  const rivals = setUpRivals(bench.memory)
  const strongrooms = [setUpStrongroom(bench.memory, 'pq'), setUpStrongroom(bench.memory, 'classic')]
  const [size, bytes] = bench.quick ? ['64 MiB', 64 * 2 ** 20] : ['1 GiB', 2 ** 30]
  const input = noiseFile(join(bench.disk, 'input'), bytes)
  const at = (name: string) => join(bench.disk, name.replaceAll(/\W/g, '-'))
  for (const rival of [...strongrooms, rivals.age]) execSync(rival.seal(input, at(rival.name)))
  const output = join(bench.disk, 'output')
  const contestants = [
    ...strongrooms.map((it) => ({ name: it.name, line: it.rewrap(at(it.name)), ...changing(at(it.name)) })),
    { name: AGE, line: rivals.rewrapByAge(at('age'), output), prepare: removing(output) },
    {
      name: `${AGE}, sync`,
      line: `${rivals.rewrapByAge(at('age'), output)} && sync ${output}`,
      prepare: removing(output),
    },
  ]
  try {
    const results = contest(contestants, bench.quick ? 3 : 9, bench.disk)
    report('rewrap', [{ title: `${size} on disk`, results, bases: [AGE], targets: [inTime(results)] }])
  } finally {
    rivals.close()
  }
})

/** Holds that a run left the size and changed the header. */
function changing(path: string): { prepare: () => void; check: () => void } {
  const now = (): string =>
    `${statSync(path).size} ${createHash('sha256').update(headOf(path)).digest('hex')}`
  let before = ''
  return {
    prepare: () => void (before = now()),
    check: () => {
      const after = now()
      const [sameSize, sameHead] = [after.split(' ')[0] === before.split(' ')[0], after === before]
      if (!sameSize || sameHead) throw new Error(`${path} was not rewrapped in place`)
    },
  }
}

function headOf(path: string): Uint8Array {
  const head = new Uint8Array(4096)
  const fd = openSync(path, 'r')
  readSync(fd, head)
  closeSync(fd)
  return head
}

function inTime(results: readonly Result[]): Target {
  const measured = typical(named(results, STRONGROOM.pq)).wallMs
  return { what: `${STRONGROOM.pq} of any size`, measured, atMost: AT_MOST_MS, unit: 'ms' }
}
