import assert from 'node:assert/strict'
import { type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { createContainer, encodeContainer } from '@strongroom/core/container'
import { parseInvitation } from '@strongroom/core/protocol'
import { FREE, INIT, PASSPHRASE, machine, run, withAuthority } from './made-authority.ts'
import type { Home } from './program.ts'

interface Ready {
  readonly listening: string
  readonly state: string
  readonly pid: number
}

/** Starts the service, and waits until it says that it is ready. */
async function serving(home: Home, environment: Readonly<Record<string, string>> = FREE) {
  const { promise: ready, resolve, reject } = Promise.withResolvers<{ ready: Ready; child: ChildProcess }>()
  const onStart = (child: ChildProcess) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('\n')) resolve({ ready: JSON.parse(text.split('\n')[0] ?? '') as Ready, child })
    })
    child.once('exit', () => reject(new Error(`the service ended: ${text}`)))
  }
  const ended = run(home, ['serve', '--json'], { env: environment, onStart })
  return { ...(await ready), ended }
}

suite('strongroom authority contact', () => {
  test('says who is told, lists them, and warns that there is no mail server', async (t) => {
    const home = await withAuthority(t)
    assert.match((await run(home, ['contact', 'list'])).stderr, /nobody in default hears of a request/)
    const added = await run(home, ['contact', 'add', '--mail', 'desk@example.org'])
    assert.equal(added.status, 0, added.stderr)
    assert.match(added.stderr, /notices\.mail is not set/)
    await run(home, ['contact', 'add', '--webhook'])
    const { stdout } = await run(home, ['contact', 'list', '--json'])
    const people = { tenant: 'default', client: '' }
    assert.deepEqual(JSON.parse(stdout), [
      { ...people, channel: 'mail', address: 'desk@example.org' },
      { ...people, channel: 'webhook', address: 'webhook' },
    ])
    const remove = ['contact', 'remove', '--mail', 'desk@example.org']
    for (const status of [0, 2]) assert.equal((await run(home, remove)).status, status)
  })
})

suite('strongroom authority init', { concurrency: 2 }, () => {
  test('says what to write down, and what to do next', async (t) => {
    const home = machine(t)
    const { stdout, stderr } = await home.ok([...INIT, '--custodian', 'custodian.card'])
    assert.match(stdout, /^made the authority Example archive\n {2}fingerprint {3}SHA256:[A-Za-z0-9+/]{43}\n/)
    assert.match(stdout, /identity key {2}.*identity-key\/identity\.container/)
    assert.match(stdout, /Take the identity key and its passphrase away/)
    assert.match(stdout, /strongroom authority serve --folder vault/)
    assert.equal(stderr, '')
    assert.equal(statSync(home.path('identity-key/identity.container')).mode & 0o777, 0o600)
    assert.ok(!existsSync(home.path('custodian-key')))
  })

  test('makes a custodian too if it must, and warns', async (t) => {
    const home = machine(t)
    const { stderr, stdout } = await home.ok(INIT)
    assert.match(stderr, /warning: the custodian’s key opens everything/)
    assert.ok(existsSync(home.path('custodian-key/custodian.container')))
    assert.doesNotMatch(stdout + stderr, new RegExp(PASSPHRASE))
  })

  test('makes a certificate for an address that needs one', async (t) => {
    const home = machine(t)
    const words = ['authority', 'init', 'vault', '--name', 'x', '--url', 'https://vault.example.org']
    const { stdout } = await home.ok([
      ...words,
      '--custodian',
      'custodian.card',
      '--passphrase-file',
      'pass',
      '--json',
    ])
    const made = JSON.parse(stdout) as Record<string, unknown>
    assert.equal(made['certificate'], home.path('vault/tls.crt'))
    assert.deepEqual(made['listen'], { host: '0.0.0.0', port: 443 })
    assert.equal(made['custodianKey'], null)
  })

  const REFUSED: readonly (readonly [
    what: string,
    words: readonly string[],
    status: number,
    message: RegExp,
  ])[] = [
    ['no name', ['authority', 'init', 'vault', '--url', 'http://localhost'], 2, /--name and --url/],
    ['the identity key in the folder', [...INIT, '--identity', 'vault/x.container'], 2, /must not lie in/],
    ['half a certificate', [...INIT, '--tls-key', 'pass'], 2, /belong together/],
    ['another address than one', [...INIT, '--url', 'ftp://x'], 13, /url: expected https/],
    ['a card that is none', [...INIT, '--custodian', 'pass'], 13, /line 1/],
    ['days that are none', [...INIT, '--days', '0'], 2, /from 1 to 36500/],
    ['no passphrase', INIT.slice(0, -2), 9, /no terminal/],
  ]
  for (const [what, words, status, message] of REFUSED) {
    test(`refuses ${what}, and leaves nothing`, async (t) => {
      const home = machine(t)
      const before = readdirSync(home.folder)
      const refused = await home.run(words)
      assert.equal(refused.status, status, refused.stderr)
      assert.match(refused.stderr, message)
      assert.deepEqual(readdirSync(home.folder), before)
    })
  }

  test('replaces nothing', async (t) => {
    const home = await withAuthority(t)
    const again = await home.run(INIT)
    assert.equal(again.status, 2)
    renameSync(home.path('identity-key'), home.path('elsewhere'))
    const third = await home.run(INIT)
    assert.equal(third.status, 8, third.stderr)
    assert.ok(!existsSync(home.path('identity-key/identity.container')))
  })

  test('says that a database cannot be reached', async (t) => {
    const home = machine(t)
    const refused = await home.run([...INIT, '--database', 'postgres://x:s3cret@127.0.0.1:1/vault'])
    assert.equal(refused.status, 14, refused.stderr)
    assert.doesNotMatch(refused.stderr, /s3cret/)
    assert.ok(!existsSync(home.path('vault')))
  })
})

suite('strongroom authority serve', { concurrency: 2 }, () => {
  test('answers until it is told to stop', async (t) => {
    const home = await withAuthority(t)
    const { ready, child, ended } = await serving(home)
    assert.equal(ready.state, 'writable')
    const answer = await fetch(`${ready.listening}/v1/authority`)
    assert.equal(answer.status, 200)
    const twice = await run(home, ['serve', '--json'], { env: FREE })
    assert.equal(twice.status, 7)
    assert.match(twice.stderr, /another process of the authority runs/)
    child.kill('SIGTERM')
    const { status, signal, stderr } = await ended
    assert.deepEqual([status, signal], [0, null])
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string })
    assert.equal(lines.at(0)?.msg, 'listening')
    assert.equal(lines.at(-1)?.msg, 'stopped')
  })

  test('says which port is taken, and which setting names it: two authorities on one machine have the same for metrics', async (t) => {
    const home = await withAuthority(t)
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const taken = String(port)
    const listening = { STRONGROOM_AUTHORITY_LISTEN_PORT: '0' }
    const settings: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ['listen', { ...FREE, STRONGROOM_AUTHORITY_LISTEN_PORT: taken }],
      ['metrics\\.listen', { ...listening, STRONGROOM_AUTHORITY_METRICS_LISTEN_PORT: taken }],
    ]
    for (const [setting, env] of settings) {
      const refused = await run(home, ['serve'], { env })
      assert.equal(refused.status, 7)
      const place = `cannot listen at 127\\.0\\.0\\.1:${taken}, which is ${setting}: address already in use`
      assert.match(refused.stderr, new RegExp(place))
    }
    other.close()
  })

  test('an epoch is signed while it runs, and it takes the new one', async (t) => {
    const home = await withAuthority(t)
    const { ready, child, ended } = await serving(home)
    const words = ['epoch', 'new', '--identity', 'identity-key/identity.container']
    const wrong = await run(home, [...words, '--passphrase-file', 'wrong'])
    assert.equal(wrong.status, 9, wrong.stderr)
    const added = await run(home, [...words, '--passphrase-file', 'pass'])
    assert.equal(added.status, 0, added.stderr)
    child.kill('SIGTERM')
    await ended
    const later = await serving(home)
    const card = (await (await fetch(`${later.ready.listening}/v1/authority`)).json()) as {
      epochs: unknown[]
    }
    assert.equal(card.epochs.length, 2)
    later.child.kill('SIGINT')
    await later.ended
    assert.notEqual(ready.pid, later.ready.pid)
    const { stdout } = await run(home, ['status', '--json'])
    const { log, behind } = JSON.parse(stdout) as {
      log: { size: number; checkpoint: { size: number } }
      behind: null
    }
    assert.deepEqual([log.size, log.checkpoint.size, behind], [2, 2, null])
    assert.match((await run(home, ['epoch', 'list'])).stdout, /^1 .* replaced .*\n2 .* in use /m)
  })
})

suite('the people of an authority', { concurrency: 2 }, () => {
  test('an invitation is printed, alone if that is wanted, and kept nowhere', async (t) => {
    const home = await withAuthority(t)
    const { stdout, status } = await run(home, ['invite', 'Alice', '--quiet'])
    assert.equal(status, 0)
    const invitation = parseInvitation(stdout.trimEnd())
    assert.equal(invitation.tenant, 'default')
    assert.equal(invitation.url, 'http://localhost:8080')
    const listed = await run(home, ['tenant', 'list', '--json'])
    const [tenant] = JSON.parse(listed.stdout) as { invitations: number }[]
    assert.equal(tenant?.invitations, 1)
    for (const file of readdirSync(home.path('vault'))) {
      assert.ok(!home.read(`vault/${file}`).includes(Buffer.from(invitation.secret)), file)
    }
  })

  test('tenants', async (t) => {
    const home = await withAuthority(t)
    assert.equal((await run(home, ['tenant', 'add', 'sales'])).status, 0)
    assert.equal((await run(home, ['tenant', 'add', 'sales'])).status, 2)
    const wrong = await run(home, ['tenant', 'add', 'No Such'])
    assert.equal(wrong.status, 2)
    assert.match(wrong.stderr, /hint: a tenant has 1 to 64/)
    assert.match((await run(home, ['tenant', 'list'])).stdout, /^default .*\nsales /m)
    assert.equal((await run(home, ['invite', 'x', '--tenant', 'none'])).status, 2)
    assert.equal((await run(home, ['invite', 'x\ny', '--tenant', 'sales'])).status, 2)
  })

  test('a client that is not there', async (t) => {
    const home = await withAuthority(t)
    const refused = await run(home, ['client', 'suspend', 'c-0'])
    assert.equal(refused.status, 2)
    assert.match(refused.stderr, /no client of that id/)
    assert.match((await run(home, ['client', 'list'])).stderr, /no client has enrolled yet/)
    assert.equal((await run(home, ['client', 'list', '--json'])).stdout, '[]\n')
  })
})

suite('what an authority keeps', { concurrency: 2 }, () => {
  test('status, fsck, backup and restore', async (t) => {
    const home = await withAuthority(t)
    assert.match((await run(home, ['status'])).stdout, /\n {2}epoch {8}1 of 1, until \d{4}-/)
    assert.match((await run(home, ['fsck'])).stdout, /^all is well {2}1 statement derived again\n$/)
    assert.equal((await run(home, ['backup', 'a.backup'])).status, 0)
    assert.equal((await run(home, ['backup', 'a.backup'])).status, 8)
    assert.equal((await run(home, ['backup', 'a.backup', '--force'])).status, 0)
    assert.equal((await run(home, ['restore', 'a.backup'])).status, 8)
    renameSync(home.path('vault/authority.sqlite'), home.path('lost'))
    writeFileSync(home.path('cut.backup'), home.read('a.backup').subarray(0, 1000))
    const cut = await run(home, ['restore', 'cut.backup'])
    assert.equal(cut.status, 4, cut.stderr)
    assert.ok(!existsSync(home.path('vault/authority.sqlite')))
    assert.equal((await run(home, ['restore', 'a.backup'])).status, 0)
    assert.equal((await run(home, ['fsck'])).status, 0)
  })

  test('a database that was changed is found out', async (t) => {
    const home = await withAuthority(t)
    const database = new DatabaseSync(home.path('vault/authority.sqlite'))
    database.exec('update epoch set number = 7')
    database.close()
    const { status, stdout, stderr } = await run(home, ['fsck'])
    assert.equal(status, 4)
    assert.match(stdout, /^row {2}leaf 0 {2}its row of epoch says something else$/m)
    assert.match(stderr, /1 difference in 1 statement/)
  })

  test('an old database: read-only, and status says so', async (t) => {
    const home = await withAuthority(t)
    copyFileSync(home.path('vault/authority.sqlite'), home.path('old'))
    const words = [
      'epoch',
      'new',
      '--identity',
      'identity-key/identity.container',
      '--passphrase-file',
      'pass',
    ]
    assert.equal((await run(home, words)).status, 0)
    copyFileSync(home.path('old'), home.path('vault/authority.sqlite'))
    const status = await run(home, ['status'])
    assert.equal(status.status, 4)
    assert.match(status.stderr, /this node has signed 2 leaves; the database has 1/)
    const { ready, child, ended } = await serving(home)
    assert.equal(ready.state, 'behind')
    assert.equal((await fetch(`${ready.listening}/readyz`)).status, 503)
    child.kill('SIGTERM')
    await ended
  })
})

suite('an authority that is not there', { concurrency: 2 }, () => {
  test('no folder, a setting that is none, and another identity', async (t) => {
    const home = machine(t)
    const missing = await run(home, ['status'])
    assert.equal(missing.status, 12)
    mkdirSync(home.path('vault'))
    home.write('vault/authority.json', '{"nmae":"x"}')
    const wrong = await run(home, ['status'])
    assert.equal(wrong.status, 13)
    assert.match(wrong.stderr, /there is no setting nmae\n.*hint: did you mean name\?/)
  })

  test('the folder may come from the environment', async (t) => {
    const home = await withAuthority(t)
    const { status } = await home.run(['authority', 'status'], { env: { STRONGROOM_AUTHORITY: 'vault' } })
    assert.equal(status, 0)
    const inside = await home.run(['authority', 'status'], { cwd: 'vault' })
    assert.equal(inside.status, 0)
  })

  test('a container that is not that of the identity key', async (t) => {
    const home = await withAuthority(t)
    const other = createContainer({ name: 'other', now: new Date() })
    home.write('other', encodeContainer(other, { kind: 'none' }))
    const refused = await run(home, ['epoch', 'new', '--identity', 'other'])
    assert.equal(refused.status, 6, refused.stderr)
  })
})
