import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const RUNNER = fileURLToPath(new URL('../run-tests.ts', import.meta.url))
const PASSING = "import { test } from 'node:test'\ntest('passes', () => {})\n"

/** Runs the suites of a made-up workspace; its suite of the library is `tests`, the others pass. */
function runWith(
  t: TestContext,
  tests: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
  ...options: string[]
) {
  const root = mkdtempSync(join(tmpdir(), 'run-tests-'))
  t.after(() => rmSync(root, { recursive: true }))
  const folders = ['tools/test', 'packages/authority/test', 'packages/cli/test', 'packages/core/test/client']
  const others = folders.map((it) => [`${it}/outbox-a.test.ts`, PASSING])
  const files: Readonly<Record<string, string>> = { ...Object.fromEntries(others), ...tests }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const { CI: _, ...rest } = process.env
  // Its tests start no command, and it is not built for them.
  const own = { ...rest, STRONGROOM_TEST_COMMAND: 'none' }
  const run = spawnSync(process.execPath, [RUNNER, ...options], {
    cwd: root,
    env: { ...own, ...env },
    encoding: 'utf8',
  })
  return { status: run.status, lines: run.stdout.trimEnd().split('\n'), errors: run.stderr }
}

const inLibrary = (text: string) => ({
  'packages/core/test/a.test.ts': `import { test } from 'node:test'\n${text}\n`,
})

test('passing tests, and the slow ones only when asked for', (t) => {
  const slow = "test('is slow', (t) => { if (process.env.SLOW !== '1') throw new Error('not set') })"
  const library = {
    ...inLibrary("test('passes', () => {})"),
    'packages/core/test/b.slow.test.ts': `import { test } from 'node:test'\n${slow}\n`,
  }
  const fast = runWith(t, library, {})
  assert.deepEqual([fast.status, fast.lines.at(-1)], [0, '5 passed, 0 failed, 0 skipped'])
  const all = runWith(t, library, {}, '--slow')
  assert.deepEqual([all.status, all.lines.at(-1)], [0, '6 passed, 0 failed, 0 skipped'])
})

test('a failing test fails the run', (t) => {
  const run = runWith(t, inLibrary("test('fails', () => { throw new Error('as it should') })"), {})
  assert.deepEqual([run.status, run.lines.at(-1)], [1, '4 passed, 1 failed, 0 skipped'])
})

test('a skipped test is named, and fails the run where CI is set', (t) => {
  const library = inLibrary("test('opens with gnupg', (t) => t.skip('needs gpg'))\ntest('passes', () => {})")
  const tolerant = runWith(t, library, {})
  const closing = ['skipped: opens with gnupg: needs gpg', '5 passed, 0 failed, 1 skipped']
  assert.deepEqual([tolerant.status, ...tolerant.lines.slice(-2)], [0, ...closing])
  const strict = runWith(t, library, { CI: '1' })
  assert.deepEqual([strict.status, ...strict.lines.slice(-2)], [1, ...closing])
})

test('a suite without tests, a file without tests, and a runner that ends early, fail the run', (t) => {
  for (const [library, said] of [
    [{}, /library: no file matches/],
    [inLibrary(''), /library: no test ran in packages.core.test.a\.test\.ts/],
    [inLibrary('process.exit(0)'), /library: the runner died before its summary/],
  ] as const) {
    const run = runWith(t, library, {})
    assert.deepEqual([run.status, run.lines.at(-1)], [1, '4 passed, 1 failed, 0 skipped'], String(said))
    assert.match(run.errors, said)
  }
})
