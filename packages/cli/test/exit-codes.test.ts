import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { ContainerError } from '@strongroom/core/container'
import { CliError } from '../src/cli-error.ts'
import { EXIT, EXIT_ROWS, exitRow } from '../src/exit-codes.ts'

const DOCUMENT = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')

/** The cells of every table row that begins with something in backquotes. */
function rowsOf(document: string): string[][] {
  const lines = document.split('\n').filter((line) => line.startsWith('| `'))
  return lines.map((line) => line.slice(2, -2).split(' | '))
}

suite('docs/errors.md', () => {
  const codes = rowsOf(DOCUMENT).filter(([first]) => /^`[A-Z]/.test(first ?? ''))
  const statuses = rowsOf(DOCUMENT).filter(([first]) => /^`\d/.test(first ?? ''))

  for (const { code, exit, meaning, remedy } of EXIT_ROWS) {
    test(`has ${code} as the program knows it`, () => {
      const row = [`\`${code}\``, String(exit), meaning, remedy]
      assert.deepEqual(
        codes.filter(([first]) => first === row[0]),
        [row],
      )
    })
  }
  test('has no code that the program does not know', () => {
    assert.equal(codes.length, EXIT_ROWS.length)
  })
  test('has every exit status, in order', () => {
    assert.deepEqual(
      statuses.map(([status]) => status),
      Object.values(EXIT).map((status) => `\`${status}\``),
    )
  })
})

suite('the exit status of an error', () => {
  test('is that of its code', () => {
    assert.equal(exitRow(new ContainerError('CONTAINER_LOCKED', 'x')).exit, 9)
    assert.equal(exitRow(new CliError('USAGE', 'x')).exit, 2)
  })
  test('is 7 for errors of the system', () => {
    assert.throws(
      () => readFileSync('/nowhere/at/all'),
      (error) => exitRow(error).exit === 7,
    )
  })
  test('is 1 for whatever was not foreseen', () => {
    assert.equal(exitRow(new TypeError('x')).exit, 1)
    assert.equal(exitRow('x').exit, 1)
    assert.equal(exitRow(Object.assign(new Error('x'), { code: 'NO_KEY' })).exit, 1)
  })
  test('every status is reached by some code, but for success', () => {
    const reached = new Set(EXIT_ROWS.map(({ exit }) => exit))
    for (const status of Object.values(EXIT)) assert.equal(reached.has(status), status !== EXIT.ok)
  })
})
