/*
 * What docs/backup-authority.md tells people to type is typed here, in one folder and in its order, with an authority that answers.
 * A command that is to fail says so behind it: `# exit 4`.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { initialised } from './fixtures.ts'
import { BIN } from './program.ts'
import { Vault } from './vault.ts'

const DOCUMENT = readFileSync(new URL('../../../docs/backup-authority.md', import.meta.url), 'utf8')
const BLOCK = /^```console vault\n(.*?)^```$/gms

test('docs/backup-authority.md can be typed as it is', async (t) => {
  const vault = await Vault.open(t)
  const home = initialised(t)
  mkdirSync(home.path('bin'))
  symlinkSync(BIN, home.path('bin/strongroom'))
  mkdirSync(home.path('work/photos'), { recursive: true })
  for (const name of ['report.pdf', 'notes.txt', 'photos/one.jpg', 'old-password']) {
    writeFileSync(home.path(`work/${name}`), `the content of ${name}\n`)
  }
  writeFileSync(home.path('work/letter.txt'), `Dear Alice,\n${await vault.invitation()}\n`)
  const env = { ...home.environment, PATH: `${home.path('bin')}:${home.environment['PATH']}` }
  const lines = [...DOCUMENT.matchAll(BLOCK)].flatMap((match) => (match[1] ?? '').split('\n'))
  const commands = lines.filter((line) => line.startsWith('$ '))
  assert.ok(commands.length > 10, 'there are no commands to try')
  for (const line of commands) {
    const [, command = '', status = '0'] = /^\$ (.*?)(?:\s+# exit (\d+))?$/.exec(line) ?? []
    const child = spawn('bash', ['-c', command], {
      cwd: home.path('work'),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [out, err, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    assert.equal(code, Number(status), `$ ${command}\n${out}${err}`)
  }
})
