/* M30: what strangers wrote is shown on every screen, and does nothing there. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { Vault } from './vault.ts'
import type { Home } from './program.ts'
import { initialised } from './fixtures.ts'

/** What lets a text forge a line, draw over another or read as something that it is not. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/** Texts that a client may choose: of files and descriptions any; of its own name those that the protocol lets through. */
const HOSTILE_FILES = [
  'red \u001b[31m\u001b]0;title\u0007.txt',
  'line\nstrongroom: error: forged.txt',
  'back\rstrongroom  all is well.txt',
  'txt.\u202eexe',
  'c1 \u009b2J\u0085.txt',
  'invisible \u200b\u00ad\u{e0041}\ufe0f.txt',
  'scr\u0456pt <img src=x onerror=alert(1)>.txt',
]
const NAME = `<script>alert(1)</script> \u{e0041}\u00ad\ufe0f ${'w'.repeat(40)}`
const TEXT = 'paid\u001b[2J\u001b]8;;http://evil.example\u0007\nvault  all is well\u202e'

/** No line has anything that is not printed, and no line of ours was forged. */
function assertHarmless(shown: string, what: string): void {
  for (const line of shown.split('\n')) {
    assert.ok(!UNPRINTABLE.test(line), `${what}: ${JSON.stringify(line)}`)
    assert.doesNotMatch(line, /^strongroom: error: forged|^strongroom  all is well|^vault  all is well$/)
  }
}

async function show(
  home: Home,
  words: readonly string[],
  statuses: readonly number[] = [0],
): Promise<string> {
  const { stdout, stderr, status } = await home.run(words)
  assert.ok(statuses.includes(status ?? -1), `${words.join(' ')}: ${status} ${stderr}`)
  assertHarmless(stdout + stderr, words.join(' '))
  // For programs it is a document a line, whatever stands in it.
  if (words.includes('--json')) for (const line of stdout.split('\n').filter(Boolean)) JSON.parse(line)
  return stdout + stderr
}

suite('M30: hostile names and descriptions', { concurrency: 2 }, () => {
  test('on the screens of a client', async (t) => {
    const vault = await Vault.open(t)
    const home = initialised(t)
    const enrolling = ['enroll', '-', '--as', 'vault', '--name', NAME]
    const enrolled = await home.run(enrolling, { stdin: await vault.invitation() })
    assert.equal(enrolled.status, 0, enrolled.stderr)
    assertHarmless(enrolled.stdout + enrolled.stderr, 'enroll')
    for (const name of HOSTILE_FILES) home.write(name.replaceAll('/', '_'), 'x')
    const names = HOSTILE_FILES.map((name) => name.replaceAll('/', '_'))
    const sealed = ['seal', '-d', TEXT, '--plain-description', '--', ...names]
    assertHarmless(
      Object.values(await home.ok(sealed))
        .slice(2, 4)
        .join(''),
      'seal',
    )
    await vault.stop()
    home.write('waits \u001b[1m\n', 'x')
    await home.run(['seal', '-d', TEXT, '--plain-description', 'waits \u001b[1m\n'])
    assert.match(await show(home, ['status']), /waiting/)
    await vault.start()
    await show(home, ['deposit', '--flush'])
    await show(home, ['deposit', ...names.map((name) => `${name}.age`)])
    assert.match(await show(home, ['receipts', 'list']), /u\{1b\}/)
    await show(home, ['receipts', 'list', '--json'])
    await show(home, ['receipts', 'show', `${names[0]}.age`])
    await show(home, ['receipts', 'show', `${names[0]}.age`, '--json'])
    const forged = names[1] ?? ''
    await show(home, ['receipts', 'export', `${forged}.age`, '-O', 'out'])
    const receipts = readdirSync(home.path('out')).map((name) => join('out', name))
    assert.match(await show(home, ['receipts', 'verify', ...receipts]), /forged/)
    await show(home, ['receipts', 'verify', ...receipts, '--file', `${forged}.age`, '--json'])
    await show(home, ['receipts', 'verify', forged, '--json'], [13])
    for (const words of [['status', '--all'], ['monitor'], ['log', 'verify']]) {
      await show(home, words)
      await show(home, [...words, '--json'])
    }
    await show(home, ['deposit', `${forged}.age`, '--json'])
    // What a person asks for and is not there is shown as well.
    await show(home, ['receipts', 'show', `missing ${names[1]}`], [2, 16])

    const folder = ['--folder', vault.configuration.folder]
    const operator = initialised(t)
    assert.match(
      await show(operator, ['authority', 'client', 'list', ...folder]),
      /<script>alert\(1\)<\/script>/,
    )
    await show(operator, ['authority', 'client', 'suspend', TEXT, ...folder], [2, 16])
    await show(operator, ['authority', 'invite', '--tenant', TEXT, '--name', TEXT, ...folder], [1, 2, 16])
  })

  test('an authority that calls itself anything', async (t) => {
    const name = `Example \u{e0041}\u00ad\ufe0f<b>vault</b>`
    const vault = await Vault.open(t, { settings: { name } })
    const home = await vault.client(t)
    home.write('a', 'a')
    await home.ok(['seal', 'a'])
    for (const words of [['status'], ['monitor'], ['receipts', 'show', 'a.age'], ['receipts', 'verify']]) {
      await show(home, words)
      assert.match(await show(home, [...words, '--json']), /vault/)
    }
    await show(initialised(t), ['authority', 'status', '--folder', vault.configuration.folder])
  })
})
