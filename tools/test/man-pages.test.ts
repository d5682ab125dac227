import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { manPages } from '../man-pages.ts'
import { COMMANDS, leavesOf } from '../../packages/cli/src/commands/table.ts'

suite('manual pages', async () => {
  const pages = await manPages('1.2.3')

  test('there is one for each command', () => {
    const names = leavesOf(COMMANDS).flatMap(({ words, row }) => (row.hidden ? [] : [words.join('-')]))
    const expected = ['strongroom.1', ...names.map((name) => `strongroom-${name}.1`)]
    assert.deepEqual(
      pages.map(({ name }) => name),
      expected,
    )
  })

  for (const { name, text } of pages) {
    test(`${name} is well-formed`, (t) => {
      const lint = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], { input: text, encoding: 'utf8' })
      if (lint.error) return t.skip('needs mandoc')
      assert.equal(lint.stdout.replace(/^.*missing date.*$/gm, '').trim(), '')
    })
  }

  test('what is typed is shown as it must be typed', (t) => {
    const page = pages.find(({ name }) => name === 'strongroom-seal.1')
    const shown = spawnSync('mandoc', ['-T', 'ascii'], { input: page?.text, encoding: 'utf8' })
    if (shown.error) return t.skip('needs mandoc')
    // The page marks bold by typing twice; that is of no interest here.
    const text = shown.stdout.replace(/.[\b]/g, '')
    assert.match(text, /^ {7}--public-seal$/m)
    assert.match(text, /^ {7}strongroom seal photos -O \/backup$/m)
  })
})
