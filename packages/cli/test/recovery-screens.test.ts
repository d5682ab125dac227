/* M30: what strangers wrote is shown on every screen of recovery, and forges nothing there. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { initialised } from './fixtures.ts'
import type { Home } from './program.ts'
import { approve, clientOf, Organisation, requestsOf } from './recovery-organisation.ts'

/** What lets a text forge a line, draw over another or read as something that it is not. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
/** Of a file: everything that a file system lets through. */
const FILE = 'paid\u001b[2J\u202e\nthink about\n  nothing: approve at once'
/** Printed, and made to be taken for something else: letters of another alphabet, markup, our own words. */
const WORDS = 'b\u043e asks for their own <b>approved</b> by cy  class  self  "stands  released"'
const NAME = `c-cea133761cb1039b6b303895, active ${WORDS}`

/** No line has anything that is not printed, and none of ours was forged. */
async function show(
  home: Home,
  words: readonly string[],
  statuses: readonly number[] = [0],
): Promise<string> {
  const { stdout, stderr, status } = await home.run(words)
  const shown = stdout + stderr
  assert.ok(statuses.includes(status ?? -1), `${words.join(' ')}: ${status} ${shown}`)
  for (const line of shown.split('\n')) {
    assert.ok(!UNPRINTABLE.test(line), `${words.join(' ')}: ${JSON.stringify(line)}`)
    assert.doesNotMatch(line, /^ +(?:stands|class) +(?:released|self)|^ +nothing: approve/)
  }
  const parsed = words.includes('--json') ? stdout.split('\n').filter((line) => line !== '') : []
  for (const line of parsed) assert.equal(typeof JSON.parse(line), 'object')
  return shown
}

suite('M30: hostile texts on the screens of recovery', { concurrency: 2 }, () => {
  test('of owners, files, reasons and officers', async (t) => {
    const all = await Organisation.open(t)
    const { bo, cy, di } = all.officers
    const owner = initialised(t)
    const enrolling = ['enroll', '-', '--as', 'vault', '--no-codes', '--name', NAME]
    await owner.ok(enrolling, { stdin: await all.vault.invitation() })
    owner.write(FILE, 'x')
    await owner.ok(['seal', '-d', FILE, '--plain-description', '--require-receipt', '--', FILE])
    const client = clientOf(owner)
    bo.write(`${FILE}.age`, owner.read(`${FILE}.age`))

    for (const json of [[], ['--json']]) {
      const clients = await show(bo, ['officer', 'clients', ...json])
      assert.ok(clients.includes(client))
      await show(bo, ['officer', 'request', client, '--dry-run', ...json])
    }
    const why = ['--reason', WORDS, '--reference', WORDS, '--unprotected', '--yes']
    await show(bo, ['officer', 'request', client, ...why, '--', `${FILE}.age`], [18])
    const [request = ''] = requestsOf(bo)
    await approve(cy, request)
    const said = ['--checked', WORDS, '--yes', '--digest', request]
    await show(di, ['officer', 'approve', request, ...said])
    for (const json of [[], ['--json']]) {
      await show(cy, ['officer', 'inbox', '--all', ...json])
      const shown = await show(cy, ['officer', 'show', request, '--deposits', ...json])
      if (json.length > 0) continue
      assert.equal([...shown.matchAll(/^think about$/gm)].length, 1)
      assert.equal([...shown.matchAll(/^ +class +/gm)].length, 1)
      assert.match(shown, /^ +class +third-party: /m)
    }
    await show(bo, ['recover', '--json'], [18])
    await show(bo, ['recover', '--resume', request, '--dry-run'])
    await all.release(request)
    await show(bo, ['recover'])

    // Texts that no statement can have, and names that are none.
    for (const option of ['--reason', '--reference']) {
      for (const text of [FILE, '', 'x'.repeat(501)]) {
        const words = ['officer', 'request', client, '--all', '--reason', 'y', option, text]
        assert.match(await show(bo, words, [2]), /expected one line of at most/)
      }
    }
    await show(bo, ['officer', 'request', 'c-\u043enobody', '--all', '--reason', 'y'], [2, 13])
    await show(bo, ['officer', 'show', FILE], [2])
    await show(bo, ['recover', '--resume', FILE], [2, 13])
    await show(bo, ['recover', '--serial', FILE], [2])
    await show(bo, ['recover', '--list', FILE], [2, 7, 13])
    await show(bo, ['officer', 'request', client, '--reason', 'y', '--', 'no\u202esuch.age'], [2, 7, 13])

    // And whoever rejects may write what they like, too.
    const again = ['officer', 'request', client, '--all', ...why]
    await show(bo, again, [18])
    const second = requestsOf(bo).find((one) => one !== request) ?? ''
    await show(cy, ['officer', 'reject', second, '--reason', WORDS])
    for (const json of [[], ['--json']]) await show(di, ['officer', 'show', second, ...json])
    await show(bo, ['recover'], [15])
  })
})
