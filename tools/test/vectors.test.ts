import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'

const TOOL = join(import.meta.dirname, '../vectors.ts')
const VECTORS = join(import.meta.dirname, '../../packages/core/test/cryptoapi/vectors')
const PUBLISHED = join(VECTORS, 'published.json')
const folder = mkdtempSync(join(tmpdir(), 'vectors-'))
after(() => rmSync(folder, { recursive: true }))

interface Run {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function vectors(...paths: readonly string[]): Promise<Run> {
  const { INIT_CWD: _, ...environment } = process.env
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['-C', 'source', TOOL, ...paths],
      { cwd: folder, env: environment },
      (error, stdout, stderr) => {
        resolve({ status: Number(error?.code ?? 0), stdout, stderr })
      },
    )
  })
}

/** Writes a file of vectors, and answers with its name. */
function written(name: string, content: unknown): string {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return name
}

suite('npm run vectors', { concurrency: 2 }, () => {
  test('files from anywhere that are answered as recorded', async () => {
    copyFileSync(PUBLISHED, join(folder, 'elsewhere.json'))
    const run = await vectors('elsewhere.json', PUBLISHED, join(VECTORS, 'keys.json'))
    assert.deepEqual(run, { status: 0, stdout: '14 passed, 0 failed\n', stderr: '' })
  })

  test('a difference is named, and counted by case', async () => {
    const step = { fn: 'CryptDestroyKey', key: 'bad', expect: { ok: false, err: '0x57' } }
    const wrong = { ...step, expect: { ok: false, err: '0x80090003' } }
    const format = 'capi-vectors/1'
    const cases = [
      { name: 'right', steps: [step] },
      { name: 'wrong', steps: [step, wrong, { ...wrong, fn: 'CryptNothing' }] },
    ]
    const run = await vectors(written('wrong.json', { format, cases }))
    assert.equal(run.status, 1)
    assert.deepEqual(run.stdout.split('\n'), [
      'wrong.json: wrong: step 1, CryptDestroyKey, err: expected NTE_BAD_KEY (0x80090003), got ERROR_INVALID_PARAMETER (0x00000057)',
      'wrong.json: wrong: step 2, CryptNothing, format: expected a case that can be replayed, got no such function',
      '1 passed, 1 failed',
      '',
    ])
  })

  test('the keys beside a file go before those of the project', async () => {
    const own = mkdtempSync(join(folder, 'own-'))
    const steps = [{ fn: 'CryptImportKey', prov: 'p', blob: '@mine.public', flags: 0, expect: { ok: true } }]
    const file = { format: 'capi-vectors/1', cases: [{ name: 'own key', provider: 'enh', steps }] }
    const keys = JSON.parse(readFileSync(join(VECTORS, 'keys.json'), 'utf8'))
    writeFileSync(join(own, 'file.json'), JSON.stringify(file))
    writeFileSync(join(own, 'keys.json'), JSON.stringify({ ...keys, keys: { mine: keys.keys.kx512 } }))
    assert.equal((await vectors(join(own, 'file.json'))).stdout, '1 passed, 0 failed\n')
    assert.equal((await vectors(written('without-keys.json', file))).status, 1)
  })

  test('what cannot be replayed: one line, no stack, status 2', async () => {
    for (const paths of [
      [written('text.json', '{"format": "capi-vectors/1", ')],
      [written('format.json', { format: 'capi-vectors/9', cases: [{ name: 'a' }] })],
      [join(VECTORS, 'keys.json')],
      [PUBLISHED, 'missing.json'],
    ]) {
      const run = await vectors(...paths)
      assert.equal(run.status, 2, paths.join(' '))
      assert.equal(run.stdout, '')
      assert.match(run.stderr, /^vectors: .*\n$/)
    }
  })

  test('no file, or an option', async () => {
    for (const words of [[], ['--all']]) {
      const run = await vectors(...words)
      assert.equal(run.status, 2)
      assert.match(run.stderr, /^usage: npm run -s vectors -- FILE/)
    }
  })
})
