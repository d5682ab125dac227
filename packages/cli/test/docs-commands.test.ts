/*
 * What documents tell people to type is typed here: every ```console block of README.md and docs/*.md that
 * calls strongroom. The blocks of one document run in order, in one folder, as one person would.
 *
 * A command that is to fail says so behind it: `$ strongroom open x.age   # exit 4`. A block that cannot
 * run here says that too: ```console not run.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite, test } from 'node:test'
import { BIN, Home } from './program.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const BLOCK = /^```console\n(.*?)^```$/gms
const PASSPHRASE = 'correct horse battery staple'

interface Line {
  readonly command: string
  readonly status: number
}

function blocksOf(document: string): string[] {
  const blocks = [...document.matchAll(BLOCK)].map((match) => match[1] ?? '')
  return blocks.filter((block) => /^\$ strongroom/m.test(block))
}

function linesOf(block: string): Line[] {
  const lines = block.split('\n').filter((line) => line.startsWith('$ '))
  return lines.map((line) => {
    const annotated = /^\$ (.*?)\s+# exit (\d+)$/.exec(line)
    return { command: annotated?.[1] ?? line.slice(2), status: Number(annotated?.[2] ?? 0) }
  })
}

/** A machine on which `strongroom` is installed and the files lie that documents speak of. */
function preparedHome(): { home: Home; environment: Record<string, string> } {
  const home = new Home()
  mkdirSync(home.path('bin'))
  symlinkSync(BIN, home.path('bin/strongroom'))
  const passphraseFile = home.write('passphrase', `${PASSPHRASE}\n`)
  chmodSync(passphraseFile, 0o600)
  mkdirSync(home.path('work/photos/2026'), { recursive: true })
  for (const name of ['report.pdf', 'notes.txt', 'photos/one.jpg', 'photos/2026/two.jpg']) {
    writeFileSync(home.path(`work/${name}`), `the content of ${name}\n`)
  }
  const environment = {
    ...home.environment,
    PATH: `${home.path('bin')}:${home.environment['PATH']}`,
    STRONGROOM_PASSPHRASE_FILE: passphraseFile,
  }
  return { home, environment }
}

const documents = globSync(['README.md', 'docs/*.md'], { cwd: ROOT })
let found = 0

suite('commands in documents', () => {
  for (const name of documents) {
    const blocks = blocksOf(readFileSync(`${ROOT}${name}`, 'utf8'))
    found += blocks.length
    if (blocks.length === 0) continue
    test(`${name} can be typed as it is`, (t) => {
      const { home, environment } = preparedHome()
      t.after(() => home.remove())
      for (const { command, status } of blocks.flatMap(linesOf)) {
        const cwd = home.path('work')
        const run = spawnSync('bash', ['-c', command], { cwd, env: environment, encoding: 'utf8' })
        assert.equal(run.status, status, `$ ${command}\n${run.stdout}${run.stderr}`)
      }
    })
  }
  test('there are such commands', () => assert.ok(found > 0, 'no document has a command to try'))
})
