/**
 * How much memory do sealing and opening take at most, and does it grow with the file?
 *
 * Run: npm run build && node bench/memory.ts [--quick]
 */
import { join } from 'node:path'
import { contest, type Result, typical } from './harness.ts'
import { named, report, type Section } from './report.ts'
import { type Rival, setUpRivals } from './rivals.ts'
import { setUpStrongroom, STRONGROOM } from './strongroom.ts'
import { removing, sparseFile, withWorkbench, type Workbench } from './workbench.ts'

const MIB = 2 ** 20
const SIZES = { quick: [1, 64], full: [1, 64, 1024, 5 * 1024] } // MiB
const AT_MOST_MIB = 100

await withWorkbench((bench) => {
  const rivals = setUpRivals(bench.memory)
  const contestants = [setUpStrongroom(bench.memory, 'pq'), rivals.age]
  try {
    report(
      'memory',
      SIZES[bench.quick ? 'quick' : 'full'].flatMap((size) => answer(bench, size, contestants)),
    )
  } finally {
    rivals.close()
  }
})

/** The content does not matter for memory, so the file is a hole; what is written is real. */
function answer({ memory }: Workbench, sizeMiB: number, contestants: readonly Rival[]): Section[] {
  const input = sparseFile(join(memory, 'input'), sizeMiB * MIB)
  const [sealed, opened] = [(i: number) => join(memory, `sealed-${i}`), join(memory, 'opened')]
  const run = (line: (rival: Rival, i: number) => string, left: (i: number) => string): Result[] =>
    contest(
      contestants.map((rival, i) => ({ name: rival.name, line: line(rival, i), prepare: removing(left(i)) })),
      sizeMiB > 1024 ? 1 : 3,
      memory,
    )
  const seals = run((rival, i) => rival.seal(input, sealed(i)), sealed)
  const opens = run(
    (rival, i) => rival.open(sealed(i), opened),
    () => opened,
  )
  removing(input, opened, ...contestants.keys().map(sealed))()
  const size = sizeMiB < 1024 ? `${sizeMiB} MiB` : `${sizeMiB / 1024} GiB`
  return [section(`${size}, seal`, seals), section(`${size}, open`, opens)]
}

function section(title: string, results: readonly Result[]): Section {
  const { peakMiB } = typical(named(results, STRONGROOM.pq))
  const target = {
    what: `${STRONGROOM.pq}, peak`,
    measured: peakMiB,
    atMost: AT_MOST_MIB,
    unit: 'MiB',
  } as const
  return { title, results, bases: ['age'], targets: [target] }
}
