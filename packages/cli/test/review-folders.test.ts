/* A folder that verifies has no sealed file in it that was not verified. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { suite, test } from 'node:test'
import { initialised } from './fixtures.ts'
import type { Home } from './program.ts'

/** A folder with two sealed files that verifies. */
async function backup(t: Parameters<typeof initialised>[0]): Promise<Home> {
  const home = initialised(t)
  mkdirSync(home.path('backup'))
  home.write('backup/one', 'one')
  home.write('backup/two', 'two')
  await home.ok(['seal', 'backup', '-q', '--remove-input'])
  const { stderr } = await home.ok(['verify', 'backup', '-q'])
  assert.equal(stderr, '')
  return home
}

suite('verify FOLDER', { concurrency: 3 }, () => {
  const CASES: readonly (readonly [what: string, change: (home: Home) => void, reason: RegExp])[] = [
    [
      'a symbolic link in place of a sealed file',
      (home) => {
        renameSync(home.path('backup/two.age'), home.path('old.age'))
        symlinkSync('../old.age', home.path('backup/two.age'))
      },
      /error: backup\/two\.age was not verified: it is a symbolic link$/m,
    ],
    [
      'a link that leads nowhere',
      (home) => {
        rmSync(home.path('backup/two.age'))
        symlinkSync('nowhere', home.path('backup/two.age'))
      },
      /error: backup\/two\.age was not verified: it is a symbolic link$/m,
    ],
    [
      'a pipe',
      (home) => {
        rmSync(home.path('backup/two.age'))
        assert.equal(spawnSync('mkfifo', [home.path('backup/two.age')]).status, 0)
      },
      /error: backup\/two\.age was not verified: it is a device, pipe or socket$/m,
    ],
    [
      'an ending in capitals',
      (home) => renameSync(home.path('backup/two.age'), home.path('backup/two.AGE')),
      /error: backup\/two\.AGE was not verified: it does not end in \.age$/m,
    ],
  ]
  for (const [what, change, reason] of CASES) {
    test(`does not pass over ${what}`, async (t) => {
      const home = await backup(t)
      change(home)
      const run = await home.run(['verify', 'backup', '-q'])
      assert.equal(run.status, 13, run.stderr)
      assert.match(run.stderr, reason)
      assert.match(run.stderr, /hint: verify it by its own name/)
      const documents = await home.json(['verify', 'backup'])
      assert.equal(documents.length, 2)
      assert.match(JSON.stringify(documents[0]), /"input":"backup\/two.*"code":"UNSUPPORTED"/)
    })
  }

  test('names every other file that it leaves out, although it is to be quiet', async (t) => {
    const home = await backup(t)
    renameSync(home.path('backup/two.age'), home.path('backup/two.agf'))
    const { stderr } = await home.ok(['verify', 'backup', '-q'])
    assert.equal(stderr, 'strongroom: warning: backup/two.agf was not verified: it does not end in .age\n')
  })
})
