/* Enrolling: who is trusted, what is sent before that is known, and what is kept. */
import assert from 'node:assert/strict'
import { rmSync, statSync } from 'node:fs'
import { suite, test } from 'node:test'
import { listClients } from '@strongroom/authority'
import { findRecoveryCodes } from '@strongroom/core/client'
import { encodeInvitation, parseInvitation } from '@strongroom/core/protocol'
import { initialised } from './fixtures.ts'
import { Home } from './program.ts'
import { freePort, Vault } from './vault.ts'

suite('strongroom enroll', { concurrency: 2 }, () => {
  test('takes an invitation from a letter, and pins what it says', async (t) => {
    const vault = await Vault.open(t)
    const home = initialised(t)
    const letter = home.write('letter.txt', `Dear Alice,\n\n${await vault.invitation()}\n\nYours, Bob\n`)
    const { stdout } = await home.ok(['enroll', letter, '--name', 'laptop', '--as', 'home'])
    assert.match(stdout, /^enrolled with Example archive$/m)
    assert.match(stdout, new RegExp(`identity +${vault.identity.replaceAll('+', '\\+')}, pinned`))
    assert.match(stdout, /you are +laptop of default, c-[0-9a-f]{24}/)
    assert.deepEqual(JSON.parse(home.text('home/config.json')), { defaultAuthority: 'home' })
    assert.equal(statSync(home.path('home/authorities/home')).mode & 0o777, 0o700)
    assert.equal(statSync(home.path('home/authorities/home/authority.json')).mode & 0o777, 0o600)
    const [client, more] = await listClients(vault.configuration)
    assert.equal(client?.name, 'laptop')
    assert.equal(more, undefined)
  })

  test('takes it from standard input too, and tells programs in JSON', async (t) => {
    const vault = await Vault.open(t)
    const home = initialised(t)
    const [told] = await home.json(['enroll', '-'], { stdin: await vault.invitation() })
    const { url, identity } = vault
    const { epochEnds, clientId, client, recoveryCodes, ...rest } = told as Record<string, unknown>
    assert.deepEqual(rest, {
      authority: '127-0-0-1',
      calledItself: 'Example archive',
      url,
      identity,
      tenant: 'default',
      container: 'default',
      epoch: 1,
      codesFile: null,
    })
    assert.ok(Array.isArray(recoveryCodes) && recoveryCodes.length === 8)
    assert.match(String(epochEnds), /^20\d\d-/)
    assert.match(String(clientId), /^c-/)
    assert.equal(typeof client, 'string')
  })

  test('shows recovery codes once, or writes them for the owner alone', async (t) => {
    const vault = await Vault.open(t)
    const [shown, written] = [initialised(t), initialised(t)]
    const { stdout } = await shown.ok(['enroll', '-', '-q'], { stdin: await vault.invitation() })
    assert.equal([...stdout.matchAll(/^STRONGROOM-RECOVERY-1 QYTXS/gm)].length, 8)
    const enroll = ['enroll', '-', '--codes-file', 'sheet.txt']
    const apart = await written.ok(enroll, { stdin: await vault.invitation() })
    assert.doesNotMatch(apart.stdout, /STRONGROOM-RECOVERY/)
    assert.equal(statSync(written.path('sheet.txt')).mode & 0o777, 0o600)
    assert.equal(findRecoveryCodes(written.text('sheet.txt')).length, 8)
    // What was named is known, and none of it was used.
    const { stdout: list } = await written.ok(['codes', 'list'])
    assert.equal([...list.matchAll(/good for one request/g)].length, 8)
    assert.doesNotMatch((await written.ok(['monitor'])).stdout, /not known here|unknown/)
  })

  test('an invitation lets one client in, once', async (t) => {
    const vault = await Vault.open(t)
    const stdin = await vault.invitation()
    const home = initialised(t)
    await home.ok(['enroll', '-'], { stdin })
    // Killed before it was written down: the same keys are let in again.
    rmSync(home.path('home/authorities'), { recursive: true })
    await home.ok(['enroll', '-'], { stdin })
    const again = await initialised(t).run(['enroll', '-'], { stdin })
    assert.equal(again.status, 15)
    assert.match(
      again.stderr,
      /error: the authority says: the invitation is not open.*\n.*hint: ask for a new invitation/,
    )
    assert.equal((await listClients(vault.configuration)).length, 1)
  })

  test('sends nothing to another authority than the one that the invitation names', async (t) => {
    const vault = await Vault.open(t)
    const other = await Vault.open(t)
    const { tenant, secret, expires } = parseInvitation(await vault.invitation())
    const stdin = encodeInvitation({ url: vault.url, tenant, secret, expires, identity: other.identity })
    const home = initialised(t)
    const run = await home.run(['enroll', '-'], { stdin })
    assert.equal(run.status, 6, run.stderr)
    assert.deepEqual(await listClients(vault.configuration), [])
    assert.equal((await home.run(['status'])).status, 2)
    // It was not spent either.
    await home.ok(['enroll', '-'], {
      stdin: encodeInvitation({ url: vault.url, tenant, secret, expires, identity: vault.identity }),
    })
  })

  test('several authorities have names, and the last that was enrolled with is the default', async (t) => {
    const [first, second] = [await Vault.open(t), await Vault.open(t)]
    const home = initialised(t)
    await home.ok(['enroll', '-', '--as', 'one'], { stdin: await first.invitation() })
    const taken = await home.run(['enroll', '-', '--as', 'one'], { stdin: await second.invitation() })
    assert.equal(taken.status, 8)
    const { stderr } = await home.ok(['enroll', '-', '--as', 'two'], { stdin: await second.invitation() })
    assert.match(stderr, /two is the default authority now, instead of one/)
    assert.deepEqual(JSON.parse(home.text('home/config.json')), { defaultAuthority: 'two' })
    const { stdout } = await home.ok(['status'])
    assert.match(stdout, /^one {2}Example archive\n[^]*^two {2}Example archive\n/m)
  })

  test('--no-default leaves the default as it is', async (t) => {
    const vault = await Vault.open(t)
    const home = initialised(t)
    await home.ok(['enroll', '-', '--no-default'], { stdin: await vault.invitation() })
    home.write('a', 'x')
    await home.ok(['seal', 'a'])
    assert.match((await home.ok(['status'])).stdout, /safe +0 deposits/)
    await home.ok(['seal', 'a', '-f', '--authority', '127-0-0-1'])
    assert.match((await home.ok(['status'])).stdout, /safe +1 deposit /)
  })

  test('over TLS, who answers must be proved: by the system, or by --ca', async (t) => {
    const port = await freePort()
    const vault = await Vault.open(t, {
      settings: { url: `https://localhost:${port}`, listen: { host: '127.0.0.1', port }, tls: 'made' },
    })
    const home = initialised(t)
    const stdin = await vault.invitation()
    const refused = await home.run(['enroll', '-'], { stdin })
    assert.equal(refused.status, 6, refused.stderr)
    assert.match(refused.stderr, /is not proved to be.*\n.*hint: .*--ca FILE/)
    const ca = home.write('ca.pem', vault.certificate)
    await home.ok(['enroll', '-', '--ca', ca, '--as', 'vault'], { stdin })
    home.write('a', 'x')
    await home.ok(['seal', 'a', '--require-receipt'])
  })
})

suite('what is no invitation', { concurrency: 2 }, () => {
  const UNREACHABLE = 'http://127.0.0.1:1'

  /** An invitation of nobody, changed. */
  function text(changes: { expires?: number; url?: string } = {}): string {
    return encodeInvitation({
      url: UNREACHABLE,
      tenant: 'default',
      identity: `SHA256:${'A'.repeat(43)}`,
      secret: new Uint8Array(32),
      expires: Math.floor(Date.now() / 1000) * 1000 + 86_400_000,
      ...changes,
    })
  }

  test('is refused on the command line, where others see it', async (t) => {
    const { status, stderr } = await initialised(t).run(['enroll', text()])
    assert.equal(status, 2)
    assert.doesNotMatch(stderr, /STRONGROOM-INVITATION-1Q/)
  })

  const CASES: readonly (readonly [what: string, stdin: string, status: number])[] = [
    ['nothing', '', 2],
    ['another text', 'hello\n', 2],
    ['two of them', `${text()}\n${text({ url: 'http://127.0.0.1:2' })}`, 2],
    ['one with a letter too few', text().slice(0, -1), 13],
    ['one that expired', text({ expires: 1000 }), 15],
    ['one of an authority that does not answer', text(), 14],
  ]
  for (const [what, stdin, expected] of CASES) {
    test(`${what}: ${expected}`, async (t) => {
      const home = initialised(t)
      const { status, stderr } = await home.run(['enroll', '-'], { stdin })
      assert.equal(status, expected, stderr)
      assert.match(stderr, /hint: /)
      assert.equal((await home.run(['status'])).status, 2)
    })
  }

  test('without a terminal and without a file nobody can be asked', async (t) => {
    const { status, stderr } = await initialised(t).run(['enroll'])
    assert.equal(status, 9)
    assert.match(stderr, /hint: name a file that holds it, or - for standard input/)
  })

  test('names for the authority are checked, and files of certificates', async (t) => {
    const home = initialised(t)
    assert.equal((await home.run(['enroll', '-', '--as', 'A b'], { stdin: text() })).status, 2)
    const ca = home.write('ca.pem', 'nothing')
    assert.equal((await home.run(['enroll', '-', '--ca', ca], { stdin: text() })).status, 13)
  })

  test('a container is needed first', async (t) => {
    const { status, stderr } = await new Home(t).run(['enroll', '-'], { stdin: text() })
    assert.equal(status, 12)
    assert.match(stderr, /strongroom init/)
  })
})
