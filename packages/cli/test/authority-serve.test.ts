/*
 * An authority as an operator runs it: the real `strongroom authority serve` over TLS, over PostgreSQL by two nodes, with settings from
 * the file and from the environment. docs/operating.md says what to type.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { hasOpenssl, TestCa } from '../../authority/test/support/certificates.ts'
import { PostgresServer } from '../../authority/test/support/postgres-server.ts'
import { initialised, passphraseFile } from './fixtures.ts'
import { type Home, type Run, type RunOptions } from './program.ts'
import { freePort } from './vault.ts'

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
const NO_METRICS = { STRONGROOM_AUTHORITY_METRICS_LISTEN: 'null' }

interface Node {
  readonly child: ChildProcess
  readonly listening: string
  readonly ended: Promise<Run>
}

/** Starts a node, and waits until it says that it is ready. */
async function serve(home: Home, folder: string, options: RunOptions = {}): Promise<Node> {
  const { promise, resolve, reject } = Promise.withResolvers<Omit<Node, 'ended'>>()
  const onStart = (child: ChildProcess) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('\n')) resolve({ child, listening: JSON.parse(text).listening })
    })
    child.once('exit', () => reject(new Error(`the node ended: ${text}`)))
  }
  const env = { ...NO_METRICS, ...options.env }
  const ended = home.run(['authority', 'serve', '--folder', folder, '--json'], { ...options, env, onStart })
  ended.then(({ stderr }) => reject(new Error(stderr)), reject)
  const ready = await promise
  return { ...ready, ended }
}

/** An operator's computer, and what makes an authority in `vault` there. */
function operator(t: TestContext): { home: Home; init: readonly string[] } {
  const home = initialised(t)
  const secret = passphraseFile(home)
  const keys = ['--passphrase-file', secret, '--custodian-passphrase-file', secret]
  return { home, init: ['authority', 'init', 'vault', '--name', 'Example', ...keys] }
}

async function invitation(home: Home, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const words = ['authority', 'invite', 'somebody', '--folder', 'vault', '--quiet']
  return (await home.ok(words, { env })).stdout
}

/** Ends a node as a service manager does, and looks at what it said. */
async function stopped({ child, ended }: Node, secrets: readonly string[] = []): Promise<void> {
  child.kill('SIGTERM')
  const { status, stderr } = await ended
  assert.equal(status, 0, stderr)
  for (const line of stderr.trimEnd().split('\n')) {
    JSON.parse(line)
    assert.ok(!UNPRINTABLE.test(line), line)
    for (const secret of secrets) assert.ok(!line.includes(secret), line)
  }
}

/** An authority with a TLS setting of its own, and a client that trusts its certificate. */
async function overTls(t: TestContext, change: (home: Home) => Record<string, string>) {
  const { home, init } = operator(t)
  const port = await freePort()
  await home.ok([...init, '--url', `https://127.0.0.1:${port}`, '--listen', `127.0.0.1:${port}`])
  const env = change(home)
  const node = await serve(home, 'vault', { env })
  const client = initialised(t)
  client.write(
    'vault.pem',
    readFileSync(env['STRONGROOM_AUTHORITY_TLS_CERTIFICATE'] ?? home.path('vault/tls.crt')),
  )
  client.write('letter', await invitation(home))
  return {
    home,
    node,
    client,
    enroll: ['enroll', 'letter', '--as', 'vault', '--no-codes', '--ca', 'vault.pem'],
  }
}

suite('strongroom authority serve over TLS', { concurrency: 2 }, () => {
  test('with the certificate that init made, and only for who knows it', async (t) => {
    const { node, client, enroll } = await overTls(t, () => ({}))
    const stranger = await client.run(enroll.slice(0, -2))
    assert.equal(stranger.status, 6, stranger.stderr)
    assert.match(stranger.stderr, /hint: name its certificate with --ca FILE/)
    await client.ok(enroll)
    client.write('a \u001b[31m\u202e', 'a')
    await client.ok([
      'seal',
      'a \u001b[31m\u202e',
      '--plain-description',
      '-d',
      '\u009b2J\nforged',
      '--require-receipt',
    ])
    await stopped(node, ['STRONGROOM-INVITATION', client.text('letter').trim().slice(30, 60)])
  })

  test('with one that a certificate authority issued, and for clients that have one too', async (t) => {
    if (!hasOpenssl()) return t.skip('needs openssl')
    const ca = new TestCa('Example CA')
    t.after(() => ca.remove())
    const { node, client, enroll } = await overTls(t, (home) => {
      const { certificate, key } = ca.issue('vault')
      const files = {
        'chain.pem': certificate + ca.certificate,
        'vault.key': key,
        'clients.pem': ca.certificate,
      }
      for (const [name, text] of Object.entries(files)) home.write(name, text)
      return {
        STRONGROOM_AUTHORITY_TLS_CERTIFICATE: home.path('chain.pem'),
        STRONGROOM_AUTHORITY_TLS_KEY: home.path('vault.key'),
        STRONGROOM_AUTHORITY_TLS_CLIENT_CA: home.path('clients.pem'),
      }
    })
    client.write('vault.pem', ca.certificate)
    const without = await client.run(enroll)
    assert.equal(without.status, 6, without.stderr)
    assert.match(without.stderr, /lets nobody connect without a certificate that it knows/)
    const own = ca.issue('laptop')
    client.write('laptop.pem', own.certificate)
    client.write('laptop.key', own.key)
    const [certificate, key] = ['laptop.pem', 'laptop.key']
    const half = await client.run(enroll, { env: { STRONGROOM_TLS_CERTIFICATE: certificate } })
    assert.equal(half.status, 2)
    const swapped = { STRONGROOM_TLS_CERTIFICATE: key, STRONGROOM_TLS_KEY: certificate }
    assert.equal((await client.run(enroll, { env: swapped })).status, 13)
    const env = { STRONGROOM_TLS_CERTIFICATE: certificate, STRONGROOM_TLS_KEY: key }
    await client.ok(enroll, { env })
    client.write('a', 'a')
    await client.ok(['seal', 'a', '--require-receipt'], { env })
    await stopped(node)
  })
})

/** One address for several nodes: passes connections to the first that takes them. */
async function balancer(t: TestContext, ports: () => readonly number[]): Promise<number> {
  const { connect } = await import('node:net')
  const server = createServer((from) => {
    const attempt = ([port, ...others]: readonly number[]): void => {
      if (port === undefined) return void from.destroy()
      const to: Socket = connect(port, '127.0.0.1')
      to.once('connect', () => from.pipe(to).pipe(from))
      to.once('error', () => (to.connecting || to.bytesRead === 0 ? attempt(others) : from.destroy()))
      from.once('error', () => to.destroy())
    }
    attempt(ports())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as { port: number }).port
}

test('two nodes on one PostgreSQL: clients are served by either, also when one is killed', async (t) => {
  const postgres = await PostgresServer.start()
  if (typeof postgres === 'string') return t.skip(`needs ${postgres}`)
  t.after(() => postgres.close())
  await postgres.query('postgres', 'create database vault owner vault_owner')
  await postgres.query('postgres', 'create role node_2 login in role strongroom_node')
  const { home, init } = operator(t)
  const ports: number[] = []
  const front = await balancer(t, () => ports)
  const owner = { STRONGROOM_AUTHORITY_DATABASE_OWNER_URL: postgres.url('vault', 'vault_owner') }
  const as = (role: string) => ({ STRONGROOM_AUTHORITY_DATABASE_URL: postgres.url('vault', role) })
  const made = [...init, '--url', `http://127.0.0.1:${front}`, '--listen', '127.0.0.1:0']
  const refused = await home.run([...made, '--database', postgres.url('vault', 'node_1')])
  assert.notEqual(refused.status, 0, 'a node makes no tables')
  assert.ok(!existsSync(home.path('vault/authority.json')))
  await home.ok(made, { env: { ...owner, ...as('node_1') } })
  // No address with a password stands in the file; the second node has the folder, but for what is each one's own.
  assert.doesNotMatch(readFileSync(home.path('vault/authority.json'), 'utf8'), /postgres(?:ql)?:\/\//)
  cpSync(home.path('vault'), home.path('second'), {
    recursive: true,
    filter: (path) => !/last-checkpoint|lock$/.test(path),
  })
  const settings = JSON.parse(home.text('second/authority.json'))
  writeFileSync(
    home.path('second/authority.json'),
    JSON.stringify({ ...settings, limits: { bodySeconds: 20 } }),
  )
  const [one, two] = [
    await serve(home, 'vault', { env: as('node_1') }),
    await serve(home, 'second', { env: as('node_2') }),
  ]
  const [first, second] = [one, two].map(({ listening }) => Number(new URL(listening).port))
  ports.push(first ?? 0, second ?? 0)

  const client = initialised(t)
  client.write('letter', await invitation(home, as('node_1')))
  await client.ok(['enroll', 'letter', '--as', 'vault', '--no-codes'])
  client.write('a', 'a')
  await client.ok(['seal', 'a', '--require-receipt'])
  // The other one knows what the first has taken, and goes on from there.
  ports.reverse()
  client.write('b', 'b')
  await client.ok(['seal', 'b', '--require-receipt'])
  assert.match((await client.ok(['monitor'])).stdout, /all is well: 4 in the log/)
  two.child.kill('SIGKILL')
  assert.equal((await two.ended).signal, 'SIGKILL')
  client.write('c', 'c')
  await client.ok(['seal', 'c', '--require-receipt'])
  assert.match((await client.ok(['monitor'])).stdout, /all is well: 5 in the log/)
  // It comes back over what it left, and both answer for one log.
  const again = await serve(home, 'second', { env: as('node_2') })
  ports.splice(0, ports.length, Number(new URL(again.listening).port))
  client.write('d', 'd')
  await client.ok(['seal', 'd', '--require-receipt'])
  assert.match((await client.ok(['monitor'])).stdout, /all is well: 6 in the log/)
  await client.ok(['receipts', 'verify'])
  await stopped(again)
  await stopped(one)
  const { stdout } = await home.ok(['authority', 'fsck', '--folder', 'vault'], { env: as('node_1') })
  assert.match(stdout, /^all is well {2}6 statements derived again$/m)
})
