/*
 * M4: whoever answers at the address of an authority, with a certificate that everybody believes, has keys of their own. The real command
 * over real TLS: it must send nothing that it would not send to anybody, and take nothing.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { initialised } from './fixtures.ts'
import type { Home } from './program.ts'
import { freePort, Vault } from './vault.ts'

interface Middle {
  readonly genuine: Vault
  readonly home: Home
  /** Puts another authority in the place of the genuine one: same address, same certificate, other identity. */
  readonly takeOver: () => Promise<Vault>
}

async function middle(t: TestContext): Promise<Middle> {
  const port = await freePort()
  const address = { url: `https://localhost:${port}`, listen: { host: '127.0.0.1', port } }
  const genuine = await Vault.open(t, { settings: { ...address, tls: 'made' } })
  const home = initialised(t)
  const ca = home.write('ca.pem', genuine.certificate)
  await home.ok(['enroll', '-', '--ca', ca, '--as', 'vault', '--no-codes'], {
    stdin: await genuine.invitation(),
  })
  const takeOver = async () => {
    const { tls } = genuine.configuration
    assert.ok(tls)
    await genuine.stop()
    const { certificate, key } = tls
    return await Vault.open(t, { settings: { ...address, tls: { certificate, key } } })
  }
  return { genuine, home, takeOver }
}

/** All that the client keeps of its authority. */
const kept = (home: Home): Record<string, string> =>
  Object.fromEntries(
    readdirSync(home.path('home/authorities'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [path, readFileSync(path, 'utf8')]
      }),
  )

suite('M4: another authority at the same address, with the same certificate', { concurrency: 2 }, () => {
  test('gets no deposit and no request of a client, and nothing that it says is kept', async (t) => {
    const { genuine, home, takeOver } = await middle(t)
    home.write('letter.txt', 'dear Bob')
    await home.ok(['seal', 'letter.txt', '--require-receipt'])
    const identity = kept(home)
    const impostor = await takeOver()
    assert.notEqual(impostor.identity, genuine.identity)
    const { store } = impostor.service.authority
    const { size } = await store.head()
    home.write('second.txt', 'dear Cy')
    const REFUSED = {
      'seal second.txt --require-receipt': 17,
      'deposit --flush --require-receipt': 17,
      monitor: 17,
      // Nothing is hidden: what was sealed meanwhile waits.
      'status --check': 16,
    }
    for (const [line, expected] of Object.entries(REFUSED)) {
      const { status, stdout, stderr } = await home.run(line.split(' '))
      assert.equal(status, expected, `${line}: ${stdout}${stderr}`)
      if (expected === 17) assert.ok(stderr.includes(impostor.identity), stderr)
    }
    assert.equal((await store.head()).size, size, 'nothing was logged')
    assert.deepEqual(await store.clients('default'), [])
    const after = kept(home)
    for (const [path, before] of Object.entries(identity)) {
      if (path.endsWith('authority.json')) assert.equal(after[path], before)
      assert.ok(!(after[path] ?? '').includes(impostor.identity), path)
    }
    // The genuine one is back: the client goes on as if nothing had been.
    await impostor.stop()
    await genuine.start()
    await home.ok(['seal', 'second.txt', '-f', '--require-receipt'])
  })

  test('lets nobody in who holds an invitation of the genuine one', async (t) => {
    const { genuine, takeOver } = await middle(t)
    const invitation = await genuine.invitation()
    const impostor = await takeOver()
    const newcomer = initialised(t)
    const ca = newcomer.write('ca.pem', genuine.certificate)
    const { status, stderr } = await newcomer.run(['enroll', '-', '--ca', ca], { stdin: invitation })
    assert.equal(status, 6, stderr)
    assert.ok(stderr.includes(impostor.identity) || stderr.includes(genuine.identity), stderr)
    assert.deepEqual(await impostor.service.authority.store.clients('default'), [])
    assert.throws(() => readdirSync(newcomer.path('home/authorities')))
  })
})
