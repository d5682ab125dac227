/**
 * How long do 1,000 files of 4 KiB take in one call, beside one call of age for each?
 *
 * Run: npm run build && node bench/many-files.ts [--quick]
 */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { contest, type Contestant } from './harness.ts'
import { ratioTarget, report } from './report.ts'
import { type Rival, setUpRivals } from './rivals.ts'
import { setUpStrongroom, STRONGROOM } from './strongroom.ts'
import { noiseFolder, removing, withWorkbench } from './workbench.ts'

const AGE = 'age, a call for each'

await withWorkbench((bench) => {
  const rivals = setUpRivals(bench.memory)
  const strongrooms = [setUpStrongroom(bench.memory, 'pq'), setUpStrongroom(bench.memory, 'classic')]
  const [count, rounds] = bench.quick ? [100, 3] : [1000, 7]
  const input = noiseFolder(join(bench.memory, 'input'), count, 4096)
  const folder = (name: string) => join(bench.memory, name.replaceAll(/\W/g, '-'))
  const into = (name: string, line: string, output: string): Contestant => ({
    name,
    line,
    prepare: () => {
      removing(output)()
      mkdirSync(output)
    },
    check: () => expectCount(output, count),
  })
  const each = (rival: Rival, name: string): Contestant =>
    into(
      name,
      forEach(input, (path) => rival.seal(path, `${folder(name)}/\${f##*/}.age`)),
      folder(name),
    )
  const sealing = [
    ...strongrooms.map((it) => into(it.name, it.sealAll(input, folder(it.name)), folder(it.name))),
    each(rivals.age, AGE),
    each(rivals.ageMinisign, 'age + minisign, a call for each'),
  ]
  const opened = folder('opened')
  const opening = [
    ...strongrooms.map((it) => into(it.name, it.openAll(folder(it.name), opened), opened)),
    into(
      AGE,
      forEach(folder(AGE), (path) => rivals.age.open(path, `${opened}/\${f##*/}`)),
      opened,
    ),
  ]
  try {
    const seals = contest(sealing, rounds, bench.memory)
    const opens = contest(opening, rounds, bench.memory)
    const what = `${count.toLocaleString('en')} files of 4 KiB`
    report('many-files', [
      {
        title: `${what}, seal`,
        results: seals,
        bases: [AGE],
        targets: [ratioTarget(seals, STRONGROOM.pq, AGE, 0.3)],
      },
      { title: `${what}, open`, results: opens, bases: [AGE], targets: [] },
    ])
  } finally {
    rivals.close()
  }
})

function forEach(folder: string, line: (path: string) => string): string {
  return `for f in ${folder}/*; do ${line('$f')} || exit 1; done`
}

function expectCount(folder: string, atLeast: number): void {
  const { length } = readdirSync(folder)
  if (length < atLeast) throw new Error(`${folder} has ${length} files, not ${atLeast}`)
}
