/* Somebody of the charter asks for the keys of another: what they see, who decides, and what comes of it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdirSync, rmSync } from 'node:fs'
import { suite, test, type TestContext } from 'node:test'
import { setClientState } from '@strongroom/authority'
import type { Home } from './program.ts'
import { approve, clientOf, groupsIn, Organisation, requestsOf } from './recovery-organisation.ts'

const RULE = { approvals: 2, waiting: 0, expiry: 86_400, evidence: { need: 0, of: [] } } as const

/** The owner seals two files that are deposited, and somebody else has them. */
async function deposited({ owner }: Organisation, other: Home): Promise<string> {
  for (const name of ['letter.txt', 'ledger.txt']) {
    owner.write(name, `the content of ${name}`)
    await owner.ok(['seal', name, '--require-receipt'])
    other.write(`${name}.age`, owner.read(`${name}.age`))
  }
  return clientOf(owner)
}

const asking = (client: string, ...words: readonly string[]) => [
  'officer',
  'request',
  client,
  ...words,
  '--reason',
  'left on 1 May',
  '--unprotected',
  '--yes',
]

suite('strongroom officer request', { concurrency: 2 }, () => {
  test('gets files of somebody who left, for reading alone, and makes nobody of their heir', async (t) => {
    const all = await Organisation.open(t)
    const { bo, cy, di } = all.officers
    const client = await deposited(all, bo)
    const listed = await bo.ok(['officer', 'clients'])
    assert.match(listed.stdout, new RegExp(`${client} +active`))

    // Looked at first; then asked for, by who cannot approve it.
    const planned = await bo.ok(['officer', 'request', client, '--dry-run', '--json'])
    const records = planned.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual([records[0].asks, records[0].count, records[0].approvals], ['third-party', 2, 2])
    assert.deepEqual(records[0].officers, ['cy', 'di'])
    assert.equal(records.at(-1).digest, records[0].digest)
    bo.write('ids.txt', `# what left\n${records[1].id}\n${records[2].serial}  # twice\n${records[1].id}\n`)
    const words = asking(client, '--list', 'ids.txt', 'letter.txt.age', 'ledger.txt.age')
    const asked = await bo.run(words)
    assert.equal(asked.status, 18, asked.stdout + asked.stderr)
    assert.match(asked.stderr, /1 line of the list repeats another/)
    assert.match(asked.stdout, /class +third-party: somebody of the charter asks for the keys of another/)
    assert.match(asked.stdout, /the owner is told at once, and can stop it/)
    assert.match(asked.stdout, /2 of these officers must approve: cy, di/)
    assert.match(asked.stderr, /hint: run strongroom recover --resume [0-9a-f]{8} later/)
    const [request = '', ...others] = requestsOf(bo)
    assert.deepEqual(others, [])

    // Again: the same request. The deposits are kept, and can be looked at.
    assert.equal((await bo.run(words)).status, 18)
    assert.deepEqual(requestsOf(bo), [request])
    const kept = await bo.json(['recover', '--resume', request.slice(0, 8), '--dry-run'])
    assert.deepEqual(
      new Set(kept.slice(0, 2).map((one) => (one as { id: string }).id)),
      new Set([records[1].id, records[2].id]),
    )

    const shown = await cy.ok(['officer', 'show', request.slice(0, 8), '--deposits'])
    assert.match(shown.stdout, /class +third-party: somebody of the charter/)
    assert.match(shown.stdout, /asked by +bo, who does not count/)
    assert.match(shown.stdout, new RegExp(`asks for +2 keys, list ${records[0].digest.slice(0, 16)}`))
    assert.match(shown.stdout, /the owner does not ask/)
    assert.ok(shown.stdout.includes(groupsIn(asked.stdout)))
    assert.match((await cy.ok(['officer', 'inbox'])).stdout, new RegExp(`third-party +bo for ${client}`))

    const own = await bo.run(['officer', 'approve', request, '--checked', 'x', '--yes', '--digest', request])
    assert.equal(own.status, 15)
    assert.match(own.stderr, /bo asks, owns or vouched, and does not count/)
    await approve(cy, request)
    await assert.rejects(all.release(request), { code: 'BUNDLE_APPROVALS' })
    await approve(di, request)
    await all.release(request)

    const { stdout } = await bo.ok(['recover', '--json'])
    const done = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
    assert.deepEqual([done.class, done.done, done.decryptOnly, done.keys], ['third-party', true, true, 2])
    assert.match(done.signer, /^owner-/)
    const container = `recovered-${client.slice(2, 10)}`
    await bo.ok(['open', 'letter.txt.age', '--container', container])
    assert.equal(bo.text('letter.txt'), 'the content of letter.txt')

    // Nobody took anybody's place: the container is no client, the owner is one as before, and nothing was adopted here.
    const clients = (await cy.json(['officer', 'clients'])) as { client: string; state: string }[]
    assert.equal(clients.length, 4)
    assert.ok(clients.every(({ state }) => state === 'active'))
    assert.deepEqual(readdirSync(bo.path('home/authorities')), ['vault'])
    assert.equal((await bo.run(['codes', 'list', '--container', container])).status, 2)
    bo.write('new.txt', 'x')
    const sealed = await bo.run(['seal', 'new.txt', '--require-receipt', '--container', container])
    assert.notEqual(sealed.status, 0)
    all.owner.write('later.txt', 'x')
    await all.owner.ok(['seal', 'later.txt', '--require-receipt'])
  })

  test('refuses by name what is missing or cannot be, before anything is asked', async (t) => {
    const vetted = { ...RULE, evidence: { need: 1, of: ['client-key', 'vetting'] } } as const
    const all = await Organisation.open(t, {
      rules: { 'third-party': vetted, 'break-glass': { ...RULE, waiting: 60 } },
    })
    const { owner } = all
    const { bo, cy } = all.officers
    const client = await deposited(all, bo)
    const refused = async (home: Home, words: readonly string[], status: number, text: RegExp) => {
      const { status: found, stdout, stderr } = await home.run(words)
      assert.equal(found, status, stdout + stderr)
      assert.match(stderr, text)
      assert.match(stderr, /hint: /)
    }
    const why = ['--reason', 'left']
    const request = ['officer', 'request', client]
    await refused(bo, [...request, '--all'], 2, /it is not said why/)
    await refused(bo, [...request, ...why], 2, /it is not said which keys/)
    await refused(bo, [...request, '--all', ...why, '--break-glass'], 2, /an emergency needs a number/)
    const emergency = ['--all', ...why, '--break-glass', '--reference', 'HR-88']
    await refused(bo, [...request, ...emergency], 2, /there is no terminal to ask: type break-glass/)
    await refused(bo, ['officer', 'request', 'c-nobody', '--all', ...why], 2, /has no client c-nobody/)
    // The owner is nobody of the charter.
    await refused(owner, [...request, '--all', ...why], 15, /names nobody with the key of this container/)
    // The class asks for a vetting: none, one of another kind, and one for another client.
    await refused(bo, asking(client, '--all'), 15, /a code that an officer handed out; there is none/)
    await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '1'])
    bo.write('sheet.txt', owner.read('sheet.txt'))
    const withCode = ['--all', '--code-file', 'sheet.txt']
    await refused(bo, asking(client, ...withCode), 15, /this is a recovery code of the owner/)
    await cy.ok(['officer', 'vouch', clientOf(cy), '--seen', 'x', '--code-file', 'code.txt'])
    bo.write('code.txt', cy.read('code.txt'))
    const vouched = ['--all', '--code-file', 'code.txt', '--vouched']
    await refused(bo, asking(client, ...vouched), 2, /the code is not one for/)
    // Lists that are none.
    const lists: readonly (readonly [string, RegExp])[] = [
      ['', /names nothing/],
      ['# nothing\n\n', /names nothing/],
      [`${'ab'.repeat(32)}\n`, /1 deposit of the list is none of this client: abab/],
      ['01234567-89ab-7cde-8f01-23456789abcd\n', /no deposit has the serial number 01234567-/],
      ['\u001b[2J\u202eall\n', /line 1: "\\u\{1b\}\[2J\\u\{202e\}all" is neither/],
      ['{"id":1}\n', /line 1: .* is neither/],
    ]
    for (const [text, message] of lists) {
      bo.write('list', text)
      await refused(bo, asking(client, '--list', 'list'), 2, message)
    }
    // Its own container decides; another's rule is another's.
    const glass = ['--all', '--break-glass', '--reference', 'HR-88']
    await refused(bo, [...asking(client, ...glass), '--for', 'default'], 2, /the one with which bo decides/)
    assert.throws(() => requestsOf(bo), { code: 'ENOENT' })

    // An authority that is away, and one that is there again.
    await all.vault.stop()
    await refused(bo, asking(client, ...glass), 14, /nobody answered/)
    await all.vault.start()
    const asked = await bo.run(asking(client, ...glass))
    assert.equal(asked.status, 18, asked.stderr)
    assert.match(asked.stdout, /it waits no less than a request without --break-glass/)
    const [made = ''] = requestsOf(bo)
    const shown = await cy.ok(['officer', 'show', made])
    assert.match(shown.stdout, /class +BREAK-GLASS/)
    assert.match(shown.stdout, /reference +HR-88/)
    await all.vault.stop()
    await refused(bo, ['recover'], 14, /nobody answered/)
    await refused(cy, ['officer', 'show', made], 14, /nobody answered/)
    await all.vault.start()
    // The waiting time of its own class.
    await approve(cy, made)
    await approve(all.officers.di, made)
    await assert.rejects(all.release(made), { code: 'BUNDLE_WAITING' })
    assert.match((await bo.run(['recover'])).stderr, /the waiting time is over at/)
  })

  test('is stopped by the owner, who is told; what they ask for themselves goes on', async (t) => {
    const { url, notices } = await listening(t)
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    const all = await Organisation.open(t, {
      settings: { notices: { mail: null, webhook: { url, secret } } },
    })
    const { owner } = all
    const { bo, cy, di } = all.officers
    const client = await deposited(all, bo)
    const contact = { tenant: 'default', client, channel: 'webhook', address: 'webhook' } as const
    await all.vault.service.authority.store.recovery.notices.addContact(contact)
    await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '1'])

    assert.equal((await bo.run(asking(client, 'letter.txt.age'))).status, 18)
    const [first = ''] = requestsOf(bo)
    const notice = await notices()
    assert.deepEqual(
      [notice.type, notice.data.request, notice.data.client],
      ['recovery.requested', first, client],
    )

    // The owner asks too, for the same: neither is in the way of the other.
    const recover = ['recover', '--all', '--code-file', 'sheet.txt', '--container', 'new', '--unprotected']
    assert.equal((await owner.run(recover)).status, 18)
    const [own = ''] = requestsOf(owner)
    const both = await cy.ok(['officer', 'show', own])
    assert.match(both.stdout, /1 other request for keys of this owner/)
    assert.match(both.stdout, /none of them was of the class self/)

    await approve(cy, first)
    await approve(di, first)
    await owner.ok(['cancel', notice.data.cancel])
    const stopped = await bo.run(['recover'])
    assert.equal(stopped.status, 15)
    assert.match(stopped.stderr, /cancelled by the notice/)
    await assert.rejects(all.release(first), { code: 'BUNDLE_DECIDED' })

    // Asked again, and stopped by the command of the owner.
    assert.equal((await bo.run(asking(client, 'letter.txt.age'))).status, 18)
    const second = requestsOf(bo).find((one) => one !== first) ?? ''
    await owner.ok(['cancel', second])
    assert.match((await bo.run(['recover'])).stderr, /cancelled by the owner/)

    await approve(cy, own)
    await approve(di, own)
    await all.release(own)
    await owner.ok(['recover', '--json'])
    rmSync(owner.path('letter.txt'))
    // The old container is replaced; its deposits can be asked for still.
    assert.match((await bo.ok(['officer', 'clients'])).stdout, new RegExp(`${client} +replaced`))
    const asked = await bo.run(asking(client, 'ledger.txt.age'))
    assert.equal(asked.status, 18, asked.stderr)
    assert.match(asked.stdout, /replaced: what its successor deposited belongs to another client/)
  })

  test('holds what a new charter asks for, and what a suspended client has', async (t) => {
    const all = await Organisation.open(t)
    const { bo, cy, di } = all.officers
    const client = await deposited(all, bo)
    await setClientState(all.vault.configuration, client, 'suspended')
    const asked = await bo.run(asking(client, '--all'))
    assert.equal(asked.status, 18, asked.stderr)
    assert.match(asked.stdout, /suspended: it can deposit nothing more/)
    const [request = ''] = requestsOf(bo)
    await approve(cy, request)
    await approve(di, request)

    // A charter in between: it takes a day now, and whoever asks is nobody any more.
    const ada = await all.administrator()
    const change = ['authority', 'policy', 'set', '--class', 'third-party', '--waiting', '1h']
    const proposed = await ada.ok([...change, '--json'])
    const slower = /[0-9a-f]{64}/.exec(proposed.stdout)?.[0] ?? proposed.stderr
    const shown = await cy.ok(['officer', 'show', slower])
    assert.match(shown.stdout, /third-party: 2 approvals/)
    await approve(cy, slower)
    await approve(di, slower)
    await all.release(slower, 'charter')
    await assert.rejects(all.release(request), { code: 'BUNDLE_WAITING' })
    assert.match((await bo.run(['recover'])).stderr, /approved, of cy and di; the waiting time is over at/)
  })
})

interface Notice {
  readonly type: string
  readonly data: { readonly request: string; readonly client: string; readonly cancel: string }
}

/** A program that is told. `notices` waits for the next. */
async function listening(t: TestContext): Promise<{ url: string; notices: () => Promise<Notice> }> {
  const heard: Notice[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      heard.push(JSON.parse(body))
      response.end()
      server.emit('notice')
    })
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const notices = async () => {
    while (heard.length === 0) await once(server, 'notice')
    return heard.shift() as Notice
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, notices }
}
