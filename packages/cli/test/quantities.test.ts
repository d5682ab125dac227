import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { describe } from '../src/progress.ts'
import { count, formatBytes, formatSeconds, formatTime } from '../src/quantities.ts'

suite('quantities for people', () => {
  const BYTES: readonly (readonly [number, string])[] = [
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [2_900_000_000, '2.9 GB'],
    [Number.MAX_SAFE_INTEGER, '9.0 PB'],
  ]
  for (const [bytes, text] of BYTES) test(text, () => assert.equal(formatBytes(bytes), text))

  const SECONDS: readonly (readonly [number, string])[] = [
    [0, '1 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
  ]
  for (const [seconds, text] of SECONDS) {
    test(`${seconds} s`, () => assert.equal(formatSeconds(seconds), text))
  }

  const MOMENTS: readonly (readonly [zone: string, milliseconds: number, text: RegExp])[] = [
    ['UTC', 1_795_293_660_000, /^2026-11-21 20:41$/],
    ['Pacific/Kiritimati', 1_795_293_660_000, /^2026-11-22 10:41$/],
    // The last moment that a date can be is another, or none, in another zone.
    ['Pacific/Kiritimati', 8.64e15, /^\+275760-09-13 \d\d:00$/],
    ['Pacific/Pago_Pago', 8.64e15, /^\+275760-09-1\d \d\d:00$/],
    ['Pacific/Pago_Pago', 0, /^1969-12-31 13:00$/],
  ]
  for (const [zone, milliseconds, text] of MOMENTS) {
    test(`${milliseconds} in ${zone}`, () => {
      const before = process.env['TZ']
      process.env['TZ'] = zone
      try {
        assert.match(formatTime(milliseconds), text)
      } finally {
        if (before === undefined) delete process.env['TZ']
        else process.env['TZ'] = before
      }
    })
  }

  test('one and many', () => {
    assert.equal(count(1, 'file'), '1 file')
    assert.equal(count(12_345, 'file'), '12,345 files')
  })
})

suite('progress', () => {
  test('with an end in sight: share, rate and time left', () => {
    const standing = { doneBytes: 42e6, totalBytes: 100e6, seconds: 2 }
    assert.equal(describe(standing), '42 %  42.0 MB of 100.0 MB  21.0 MB/s  3 s left')
  })
  test('a stream has no end', () => {
    const standing = { doneBytes: 42e6, totalBytes: undefined, seconds: 2 }
    assert.equal(describe(standing), '42.0 MB  21.0 MB/s')
  })
  test('at the very start nothing is foretold', () => {
    assert.equal(
      describe({ doneBytes: 0, totalBytes: 10, seconds: 0 }),
      '0 %  0 bytes of 10 bytes  0 bytes/s',
    )
  })
})
