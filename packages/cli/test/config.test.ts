import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { loadConfig, saveConfig } from '../src/config.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'strongroom-config-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

suite('config.json', () => {
  test('is read as it was written, 0600 and alone in its folder', (t) => {
    const path = join(folder(t), 'config.json')
    assert.deepEqual(loadConfig(path), {})
    const config = { defaultContainer: 'work', defaultRecipients: ['bob'] }
    saveConfig(path, {})
    saveConfig(path, config)
    assert.deepEqual(loadConfig(path), config)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(join(path, '..')), ['config.json'])
  })

  // What an object inherits is no setting, and no crash.
  for (const name of ['constructor', 'toString', '__proto__', 'defaultKontainer']) {
    test(`has no setting ${name}`, (t) => {
      const path = join(folder(t), 'config.json')
      writeFileSync(path, `{"${name}": "x"}`)
      assert.throws(() => loadConfig(path), { code: 'CONFIG', message: new RegExp(`no setting ${name}$`) })
    })
  }

  test('is not written through a symbolic link, nor over what a temporary name leads to', (t) => {
    const home = folder(t)
    const victim = join(home, 'victim')
    writeFileSync(victim, 'kept')
    symlinkSync(victim, join(home, `config.json.${process.pid}.tmp`))
    saveConfig(join(home, 'config.json'), { defaultContainer: 'work' })
    symlinkSync(victim, join(home, 'link.json'))
    assert.throws(() => saveConfig(join(home, 'link.json'), {}), { code: 'CONTAINER_PERMISSIONS' })
    assert.equal(readFileSync(victim, 'utf8'), 'kept')
  })
})
