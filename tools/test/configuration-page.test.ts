import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { loadConfiguration } from '@strongroom/authority'
import { CONFIGURATION_PAGE, configurationPage } from '../configuration-page.ts'

suite('docs/authority-configuration.md', () => {
  const page = readFileSync(CONFIGURATION_PAGE, 'utf8')

  test('is what the table of settings makes of it', () => {
    assert.equal(page, configurationPage(), 'node -C source tools/configuration-page.ts makes it again')
  })

  test('has an example that is accepted', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'strongroom-page-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? []
    writeFileSync(join(folder, 'authority.json'), example)
    assert.equal(loadConfiguration(folder).quotas.client.deposits, 100_000)
  })
})
