import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { COMMANDS, leavesOf } from '../src/commands/table.ts'
import { initialised, twoPeople } from './fixtures.ts'
import { Home } from './program.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const HEX_32 = /^[0-9a-f]{64}$/
const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** What a value must be: equal, or matching, or of that type. */
type Shape = string | number | boolean | null | RegExp | readonly Shape[] | { readonly [name: string]: Shape }

/** Fails unless the value has exactly the members of the shape. */
function assertShape(value: unknown, shape: Shape, at = ''): void {
  if (shape instanceof RegExp) return assert.match(String(value), shape, at)
  if (typeof shape !== 'object' || shape === null) return assert.equal(value, shape, at)
  assert.ok(typeof value === 'object' && value !== null, `${at}: expected an object, got ${String(value)}`)
  assert.deepEqual(Object.keys(value).sort(), Object.keys(shape).sort(), at)
  for (const [name, inner] of Object.entries(shape)) {
    assertShape((value as Record<string, unknown>)[name], inner, `${at}.${name}`)
  }
}

suite('--json', { concurrency: 3 }, () => {
  test('seal, open, verify, inspect: one document each', async (t) => {
    const home = initialised(t)
    home.write('report', 'content\n')
    const [sealed] = await home.json(['seal', 'report', '-d', 'yearly'])
    assertShape(sealed, {
      input: 'report',
      output: 'report.age',
      signer: 'me',
      fingerprint: FINGERPRINT,
      serial: UUID,
      sealId: HEX_32,
      version: 1,
      recipients: 1,
      sessionKeys: 0,
      plaintextBytes: 8,
      sealedBytes: home.read('report.age').length,
    })
    const seal = {
      signer: 'me',
      fingerprint: FINGERPRINT,
      serial: UUID,
      sealId: HEX_32,
      version: 1,
      created: TIME,
      visibility: 'private',
      name: 'report',
      description: 'yearly',
    }
    const [opened] = await home.json(['open', 'report.age', '-o', 'again'])
    assertShape(opened, { input: 'report.age', output: 'again', proof: 'sealed', ...seal, plaintextBytes: 8 })
    const [verified] = await home.json(['verify', 'report.age'])
    assertShape(verified, { input: 'report.age', verified: true, keyChecked: true, ...seal })
    const [inspected] = await home.json(['inspect', 'report.age'])
    assertShape(inspected, {
      input: 'report.age',
      form: 'file',
      protection: 'private seal',
      headerBytes: /^\d+$/,
      payloadBytes: 24,
      plaintextBytes: 8,
      stanzas: ['mlkem768x25519', 'strongroom/seal', 'strongroom/pad'],
      opened: true,
      signatureVerified: true,
      keyVerified: true,
      contentVerified: false,
      signer: 'me',
      claims: {
        kind: 'file',
        serial: UUID,
        sealId: HEX_32,
        fingerprint: FINGERPRINT,
        name: 'report',
        description: 'yearly',
        mode: /^\d+$/,
        version: 1,
        created: TIME,
        modified: TIME,
        segments: 1,
        batchSize: 1,
      },
    })
  })

  test('many files: one line each, failures among them', async (t) => {
    const home = initialised(t)
    home.write('a', 'a')
    home.write('b.age', 'not age')
    await home.ok(['seal', 'a', '-q'])
    const documents = await home.json(['verify', 'a.age', 'b.age'])
    assert.equal(documents.length, 2)
    assertShape(documents[1], {
      input: 'b.age',
      error: { code: 'NOT_AGE', exit: 13, message: 'not an age file', hint: /./ },
    })
  })

  test('misuse is a document too', async (t) => {
    const home = new Home(t)
    const [document] = await home.json(['seal', '--frce'])
    assertShape(document, {
      error: { code: 'USAGE', exit: 2, message: "unknown option '--frce'", hint: 'did you mean --force?' },
    })
  })

  test('init, container, signer and key commands', async (t) => {
    const home = new Home(t)
    const key = { use: /^/, algorithm: /^/, id: FINGERPRINT, public: /^/, created: /Z$/, state: 'active' }
    const container = { name: 'default', profile: 'classic', created: /Z$/, keys: [key, key] }
    const [made] = await home.json(['init', '--unprotected', '--profile', 'classic'])
    assertShape(made, {
      ...container,
      protection: 'none',
      path: /default\.container$/,
      card: /^# strongroom/,
    })
    const [listed] = await home.json(['container', 'list'])
    assertShape(listed, { ...container, protection: 'none', default: true })
    await home.ok(['container', 'export', '-o', 'me.card', '-q'])
    const [added] = await home.json(['signer', 'add', 'self', 'me.card'])
    assertShape(added, {
      added: [
        { alias: 'self', kind: 'signer', algorithm: 'ed25519', fingerprint: FINGERPRINT },
        { alias: 'self', kind: 'recipient', algorithm: 'x25519', fingerprint: FINGERPRINT },
      ],
    })
    assert.equal((await home.json(['signer', 'list'])).length, 2)
    const [created] = await home.json(['key', 'new', 'archive'])
    assertShape(created, {
      name: 'archive',
      recipients: 1,
      fingerprint: FINGERPRINT,
      folder: /session-keys$/,
    })
    const [entry] = await home.json(['key', 'list'])
    assertShape(entry, {
      name: 'archive',
      recipients: 1,
      stanzas: ['X25519', 'strongroom/seal'],
      verified: true,
      signer: 'me',
      fingerprint: FINGERPRINT,
      serial: UUID,
      sealId: HEX_32,
      version: 1,
      created: TIME,
      visibility: 'private',
    })
  })
})

suite('names that deceive', { concurrency: 3 }, () => {
  const NAME = 'a\nstrongroom: forged\u001b[2J\u202e'

  test('no name, however it is given, begins a line or moves the cursor', async (t) => {
    const home = initialised(t)
    home.write(NAME, 'x')
    const runs = [
      await home.run(['seal', NAME]),
      await home.run(['seal', NAME]),
      await home.run(['inspect', `${NAME}.age`]),
      await home.run(['verify', `${NAME}.age`]),
      await home.run(['open', `${NAME}.age`, '-f']),
      await home.run(['open', `${NAME} not there`]),
      await home.run(['inspect', `${NAME}.age`, '--json']),
    ]
    for (const { stdout, stderr } of runs) {
      assert.doesNotMatch(stdout + stderr, /^strongroom: forged/m)
      assert.ok(!/[\p{Cf}\p{Cc}]/u.test((stdout + stderr).replaceAll('\n', '')))
    }
    assert.equal(home.text(NAME), 'x')
  })

  test('nor does a description', async (t) => {
    const home = initialised(t)
    home.write('report', 'x')
    await home.ok(['seal', 'report', '-q', '-d', NAME])
    const { stdout } = await home.ok(['open', 'report.age', '-f'])
    assert.match(stdout, /version 1: "a\\nstrongroom: forged\\u\{1b\}\[2J\\u\{202e\}"\n$/)
  })
})

suite('help', { concurrency: 3 }, () => {
  const leaves = leavesOf(COMMANDS)
  for (const { words, row } of leaves) {
    test(`strongroom ${words.join(' ')} --help`, async (t) => {
      const { stdout, stderr } = await new Home(t).ok([...words, '--help'])
      assert.equal(stderr, '')
      assert.match(stdout, new RegExp(`^Usage: strongroom ${words.join(' ')} `))
      assert.match(stdout.toLowerCase(), new RegExp(row.purpose.toLowerCase()))
      const examples = stdout.split('\n').filter((line) => line.startsWith('  $ '))
      assert.ok(row.hidden ?? (examples.length >= 2 && examples.length <= 4), `${examples.length} examples`)
      for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line)
    })
  }

  test('examples are command lines that are understood', async () => {
    for (const { row } of leaves) {
      const { examples, options } = await row.load()
      const known = Object.values(options).flatMap(({ flags }) => flags.match(/--[a-z-]+/) ?? [])
      const own = examples.filter(({ line }) => line.startsWith(`strongroom ${row.name} `))
      for (const flag of own.flatMap(({ line }) => line.match(/--[a-z-]+/g) ?? [])) {
        assert.ok([...known, '--json'].includes(flag), `${row.name}: ${flag}`)
      }
    }
  })

  test('help before the command instead of behind it', async (t) => {
    const home = new Home(t)
    assert.match((await home.ok(['help', 'seal'])).stdout, /^Usage: strongroom seal /)
    assert.match((await home.ok(['help'])).stdout, /^Usage: strongroom <command>/)
  })

  test('--version', async (t) => {
    assert.match((await new Home(t).ok(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  })
})

suite('--quiet', () => {
  test('leaves what was asked for, warnings and errors', async (t) => {
    const { alice } = await twoPeople(t)
    alice.write('report', 'x')
    const sealed = await alice.ok(['seal', 'report', '-q'])
    assert.equal(sealed.stdout + sealed.stderr, '')
    assert.match((await alice.ok(['inspect', 'report.age', '-q'])).stdout, /sealed by/)
    assert.match((await alice.run(['seal', 'report', '-q'])).stderr, /report\.age exists/)
  })
})
