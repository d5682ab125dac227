import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { pino } from 'pino'
import { printableLine } from '../../src/model/printable-line.ts'

test('a line of the log is one line of what can be printed, and says the same', () => {
  const lines: string[] = []
  const keep = new Writable({
    write(line, _, done) {
      lines.push(String(line))
      done()
    },
  })
  const logger = pino({ hooks: { streamWrite: printableLine } }, keep)
  const reason = 'refused \u001b[2J\u009b31m\r\nforged\u202e\u200b\u2028\u{e0041}\ud800 é 漢 😀'
  logger.warn({ reason }, 'failure')
  const [line = '', ...more] = lines
  assert.deepEqual(more, [])
  assert.match(line, /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+\n$/u)
  assert.equal(JSON.parse(line).reason, reason)
  assert.match(line, /é 漢 😀/)
})
