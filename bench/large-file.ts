/**
 * How long do sealing and verified opening of one large file take, beside copying it and beside the tools people have?
 *
 * Run: npm run build && node bench/large-file.ts [--quick] [--rounds N] [--place '1 GiB in memory']
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { contest, type Contestant, type Result } from './harness.ts'
import { report, type Section, type Target, ratioTarget } from './report.ts'
import { type Rival, setUpRivals } from './rivals.ts'
import { setUpStrongroom, STRONGROOM } from './strongroom.ts'
import { noiseFile, removing, withWorkbench, type Workbench } from './workbench.ts'

const MIB = 2 ** 20

/** Above this the very slow get one round, and it is where the targets hold. */
const LARGE = 1024 * MIB

interface Place {
  readonly name: string
  readonly folder: string
  readonly bytes: number
  readonly rounds: number
}

await withWorkbench((bench) => {
  const rivals = setUpRivals(bench.memory)
  const [pq, classic] = [setUpStrongroom(bench.memory, 'pq'), setUpStrongroom(bench.memory, 'classic')]
  const { cp, opensslCtr, age, ageMinisign, gpgSigned, ageNpm } = rivals
  const contestants = [cp, pq, classic, age, ageMinisign, gpgSigned, ageNpm, opensslCtr]
  try {
    report(
      'large-file',
      places(bench).flatMap((place) => answer(place, contestants)),
    )
  } finally {
    rivals.close()
  }
})

function places({ quick, rounds, place, memory, disk }: Workbench): Place[] {
  const small = { name: '64 MiB in memory', folder: memory, bytes: 64 * MIB, rounds: quick ? 3 : 15 }
  if (quick) return [small]
  const all = [
    { name: '1 GiB in memory', folder: memory, bytes: LARGE, rounds: 7 },
    { name: '1 GiB on disk', folder: disk, bytes: LARGE, rounds: 5 },
    small,
  ]
  const wanted = all.filter(({ name }) => name.includes(place))
  return wanted.map((each) => ({ ...each, rounds: Math.min(each.rounds, rounds) }))
}

function answer(place: Place, contestants: readonly Rival[]): Section[] {
  const input = noiseFile(join(place.folder, 'input'), place.bytes)
  const opened = join(place.folder, 'opened')
  const sealed = (i: number): string => join(place.folder, `sealed-${i}`)
  const sealing = contestants.map((rival, i): Contestant => {
    const left = ['', ...rival.besides].map((suffix) => sealed(i) + suffix)
    return { ...timed(rival, place), line: rival.seal(input, sealed(i)), prepare: removing(...left) }
  })
  const opening = contestants.map((rival, i): Contestant => {
    const check = (): void => expectSize(opened, place.bytes)
    return { ...timed(rival, place), line: rival.open(sealed(i), opened), prepare: removing(opened), check }
  })
  const seals = contest(sealing, place.rounds, place.folder)
  const opens = contest(opening, place.rounds, place.folder)
  removing(input, opened, ...contestants.keys().map(sealed))()
  return [
    section(`${place.name}, seal`, seals, place.bytes < LARGE ? [] : sealTargets(seals)),
    section(`${place.name}, open`, opens, place.bytes < LARGE ? [] : openTargets(opens)),
  ]
}

function timed(rival: Rival, place: Place): { name: string; rounds: number } {
  return { name: rival.name, rounds: rival.name.includes('npm') && place.bytes >= LARGE ? 1 : place.rounds }
}

function section(title: string, results: readonly Result[], targets: readonly Target[]): Section {
  return { title, results, bases: ['cp', 'age', 'age + minisign'], targets }
}

function sealTargets(results: readonly Result[]): Target[] {
  return [
    ratioTarget(results, STRONGROOM.pq, 'age', 0.9),
    ratioTarget(results, STRONGROOM.pq, 'age + minisign', 0.5),
  ]
}

function openTargets(results: readonly Result[]): Target[] {
  return [
    ratioTarget(results, STRONGROOM.pq, 'age', 0.7),
    ratioTarget(results, STRONGROOM.pq, 'age + minisign', 0.5),
  ]
}

function expectSize(path: string, bytes: number): void {
  const { size } = statSync(path)
  if (size !== bytes) throw new Error(`${path} has ${size} bytes, not ${bytes}`)
}
