import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { test } from 'node:test'
import { SETTING_ROWS } from '../../src/config/setting-rows.ts'
import { SQLITE } from '../support/databases.ts'
import { Scene } from '../support/scene.ts'
import { whileServed } from '../support/served.ts'
import { depositOne } from '../http/requests.ts'
import { ask, people, send } from '../invariants/asking.ts'

test('M23: nothing that is told about events holds up what happens, and it happens in the log all the same', async (t) => {
  const scene = new Scene(await SQLITE.create())
  t.after(() => scene.end())
  // It takes whatever it is sent, and never says a word.
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.resume()
  })
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as AddressInfo
  t.mock.timers.enable({ apis: ['setInterval'] })
  const notices = { mail: { url: `smtp://127.0.0.1:${port}`, from: 'vault@example.org' }, webhook: null }
  await whileServed(
    scene,
    async (served) => {
      const { store } = served.service.authority
      const victim = await people(served, [served.client().blob(1)])
      const { client } = served.client().owner
      await store.recovery.notices.addContact({
        tenant: 'acme',
        client,
        channel: 'mail',
        address: 'owner@example.org',
      })
      const { size } = await store.head()
      const { answer, digest } = await ask(served, victim)
      assert.equal(answer.status, 200, answer.text)
      const connected = once(silent, 'connection')
      t.mock.timers.tick(60_000)
      await connected
      // The mail is on its way, and stays there.
      for (const officer of ['bo', 'cy'] as const) {
        const approval = victim.tenancy.approval(digest, scene.now, officer)
        assert.equal((await send(served, '/v1/statements', approval.bytes)).status, 200)
      }
      assert.equal((await depositOne(served, served.client().blob(2))).status, 200)
      assert.equal((await store.head()).size, size + 4)
      for (const socket of sockets) socket.destroy()
    },
    { changes: { notices } },
  )
})

test('M23: no setting leaves the log out, or makes it say less', () => {
  const about = SETTING_ROWS.map(({ path }) => path).filter((path) => /log|audit|trail|journal/i.test(path))
  assert.deepEqual(about, ['log.keys', 'log.signed', 'logLevel'])
})
