import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import { NoticeKeys } from '../../src/notices/index.ts'
import { assertPage } from '../http/pages.ts'
import { bytesOf } from '../support/authority.ts'
import { mailServer } from '../support/mail-server.ts'
import { whileServed } from '../support/served.ts'
import type { SceneTests } from '../support/suite.ts'
import { ask, send, setUp } from './asking.ts'

/** What an owner does who was told of a request. */
export const NOTICE_ROUTES: SceneTests = {
  'the link of a notice shows a page to whoever follows it, and cancels when its button is pressed': async (
    scene,
  ) =>
    whileServed(scene, async (served) => {
      const { tenancy, deposits } = await setUp(served)
      const { digest } = await ask(served, tenancy, deposits)
      const keys = new NoticeKeys(scene.authority.keys)
      const link = `/cancel/${toHex(digest)}${toHex(keys.secretOf(digest))}`
      const { trust } = scene.authority
      const phase = async () => {
        const found = await served.service.authority.store.recovery.subject(trust, 'acme', digest, scene.now)
        return found?.state.phase
      }
      const made = `/cancel/${toHex(digest)}${toHex(bytesOf(3))}`
      // Programs that look through mail follow links, in all ways but that of the button.
      const size = (await served.service.authority.store.head()).size
      const shown = await served.ask('GET', link)
      assertPage(shown)
      assert.match(shown.text, /<form method="post">.*<button type="submit">/)
      assert.equal(shown.text, (await served.ask('GET', made)).text)
      for (const method of ['HEAD', 'OPTIONS', 'PUT', 'DELETE']) await served.ask(method, link).catch(() => 0)
      assertPage(await served.ask('GET', `${link}?utm_source=mail`))
      assert.equal(await phase(), 'requested')
      assert.equal((await served.service.authority.store.head()).size, size)
      const cut = await served.ask('POST', link.slice(0, -1))
      assert.equal(cut.status, 404)
      assert.match(cut.text, /The link is not complete/)
      assertPage(cut)
      assert.match((await served.ask('POST', made)).text, /nothing to cancel/i)
      assert.equal(await phase(), 'requested')
      assert.match((await served.ask('POST', link)).text, /is cancelled/)
      assert.equal(await phase(), 'cancelled')
      assert.match((await served.ask('POST', link)).text, /cancel/)
      assert.equal(
        (await send(served, '/v1/statements', tenancy.approval(digest, scene.now).bytes)).status,
        409,
      )
    }),

  'M26: the owner has mail when somebody asks, and its link cancels': async (scene, t) => {
    const mail = await mailServer(t)
    t.mock.timers.enable({ apis: ['setInterval'] })
    const notices = { mail: { url: mail.url, from: 'vault@example.org' }, webhook: null }
    await whileServed(
      scene,
      async (served) => {
        const { tenancy, deposits } = await setUp(served)
        const { client } = served.client().owner
        const contact = { tenant: 'acme', client, channel: 'mail', address: 'owner@example.org' } as const
        await served.service.authority.store.recovery.notices.addContact(contact)
        const { answer, digest } = await ask(served, tenancy, deposits)
        assert.equal(answer.status, 200, answer.text)
        const arrived = mail.next()
        t.mock.timers.tick(60_000)
        const text = await arrived
        assert.match(text, /^To: owner@example\.org/m)
        const link = /https:\/\/vault\.example\.org(\/cancel\/[0-9a-f]{128})/.exec(text)?.[1] ?? ''
        assert.ok(link.startsWith(`/cancel/${toHex(digest)}`))
        assert.match((await served.ask('POST', link)).text, /is cancelled/)
        const approval = tenancy.approval(digest, scene.now).bytes
        assert.equal((await send(served, '/v1/statements', approval)).status, 409)
      },
      { changes: { notices } },
    )
  },
}
