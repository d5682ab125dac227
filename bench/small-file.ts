/**
 * What does one file of 1 KiB cost, where the start of the program is nearly everything?
 *
 * Run: npm run build && node bench/small-file.ts [--quick]
 */
import { join } from 'node:path'
import { contest, type Contestant, type Result, typical } from './harness.ts'
import { named, report, type Section, type Target } from './report.ts'
import { type Rival, setUpRivals } from './rivals.ts'
import { setUpStrongroom, STRONGROOM } from './strongroom.ts'
import { noiseFile, removing, withWorkbench } from './workbench.ts'

const BARE = 'node, empty program'
const AT_MOST_MS = 25

await withWorkbench((bench) => {
  const rivals = setUpRivals(bench.memory)
  const strongrooms = [setUpStrongroom(bench.memory, 'pq'), setUpStrongroom(bench.memory, 'classic')]
  const contestants = [...strongrooms, rivals.age, rivals.ageMinisign, rivals.gpgSigned, rivals.ageNpm]
  const input = noiseFile(join(bench.memory, 'input'), 1024)
  const sealed = (i: number): string => join(bench.memory, `sealed-${i}`)
  const opened = join(bench.memory, 'opened')
  const bare: Contestant = { name: BARE, line: `${process.execPath} -e 0` }
  const against = (
    line: (rival: Rival, i: number) => string,
    left: (rival: Rival, i: number) => string[],
  ) => [
    bare,
    ...contestants.map((rival, i) => ({
      name: rival.name,
      line: line(rival, i),
      prepare: removing(...left(rival, i)),
    })),
  ]
  const rounds = bench.quick ? 5 : 41
  try {
    const sealing = against(
      (rival, i) => rival.seal(input, sealed(i)),
      (rival, i) => ['', ...rival.besides].map((suffix) => sealed(i) + suffix),
    )
    const seals = contest(sealing, rounds, bench.memory)
    const opening = against(
      (rival, i) => rival.open(sealed(i), opened),
      () => [opened],
    )
    const opens = contest(opening, rounds, bench.memory)
    report('small-file', [section('1 KiB, seal', seals), section('1 KiB, open', opens)])
  } finally {
    rivals.close()
  }
})

function section(title: string, results: readonly Result[]): Section {
  return { title, results, bases: [BARE, 'age'], targets: [aboveBare(results)] }
}

function aboveBare(results: readonly Result[]): Target {
  const measured = typical(named(results, STRONGROOM.pq)).wallMs - typical(named(results, BARE)).wallMs
  return { what: `${STRONGROOM.pq} above ${BARE}`, measured, atMost: AT_MOST_MS, unit: 'ms' }
}
