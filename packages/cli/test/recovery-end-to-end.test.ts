/* The custodian as a process of its own, at work for a real service: from lost keys to open files, killed on the way as often as it goes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, watch } from 'node:fs'
import { suite, test } from 'node:test'
import { toHex } from '@strongroom/core/bytes'
import { approve, ask, Custodian, eventsIn } from './recovery-custodian.ts'
import { Organisation } from './recovery-organisation.ts'
import { VAULT_PASSPHRASE } from './vault.ts'

suite('a custodian with a network', { concurrency: 2 }, () => {
  test('believes nobody before it was told whom, then releases what two officers approved', async (t) => {
    const all = await Organisation.open(t)
    const custodian = new Custodian(t, all)
    const nobody = await custodian.round()
    assert.equal(nobody.status, 6)
    assert.match(nobody.stderr, /not told which authority to trust/)
    const { home: own } = custodian
    const trust = ['custodian', 'trust', '--folder', 'custody']
    await own.ok([...trust, all.vault.identity, '--url', all.vault.url])
    const other = await own.run([...trust, `SHA256:${'A'.repeat(43)}`])
    assert.equal(other.status, 6)
    assert.match(other.stderr, /and no other authority/)

    const { home, request } = await ask(t, all)
    // New deposits are opened as soon as it runs, and found right.
    const first = await custodian.round()
    assert.equal(first.status, 0, first.stderr)
    assert.deepEqual(
      eventsIn(first.stderr).map(({ event, right, wrong }) => [event, right, wrong]),
      [['verified', 1, 0]],
    )
    assert.equal(JSON.parse(first.stdout).ready, true)
    const { stdout } = await all.owner.ok(['status', '--levels'])
    assert.match(stdout, /^ {2}level 2 +the custodian opened all of them, as the authority said /m)

    await approve(all.officers.bo, request)
    assert.deepEqual(eventsIn((await custodian.round()).stderr), [])
    assert.deepEqual(custodian.releases, [])
    await approve(all.officers.cy, request)

    // Nobody named the charter of this tenant yet.
    const unknown = eventsIn((await custodian.round()).stderr)
    assert.deepEqual(
      unknown.map(({ event, code }) => [event, code]),
      [['refused', 'BUNDLE_TENANT']],
    )
    assert.ok(String(unknown[0]?.['reason']).includes(toHex(all.charter)))
    await custodian.trust()

    const done = eventsIn((await custodian.round()).stderr)
    assert.deepEqual(
      done.map(({ event, subject }) => [event, subject]),
      [
        ['released', request],
        ['handed-out', request],
      ],
    )
    await home.ok(['recover'])
    await home.ok(['open', 'letter.txt.age'])
    assert.equal(home.text('letter.txt'), 'dear Bob')
    assert.deepEqual(eventsIn((await custodian.round()).stderr), [])
  })

  test('what the new container deposits can be recovered too, when that is lost', async (t) => {
    const all = await Organisation.open(t)
    const custodian = new Custodian(t, all)
    await custodian.trust()
    let owner = all.owner
    for (const loss of ['the first', 'the second', 'the third']) {
      const { home, request } = await ask(t, { owner })
      await approve(all.officers.bo, request)
      await approve(all.officers.cy, request)
      const { status, stderr } = await custodian.round()
      assert.equal(status, 0, stderr)
      const events = eventsIn(stderr)
      const names = events.map(({ event }) => String(event)).toSorted()
      assert.deepEqual(names, ['handed-out', 'released', 'verified'], `${loss}: ${stderr}`)
      const verified = events.find(({ event }) => event === 'verified')
      assert.deepEqual([verified?.['right'], verified?.['wrong']], [1, 0], loss)
      await home.ok(['recover'])
      await home.ok(['open', 'letter.txt.age'])
      assert.equal(home.text('letter.txt'), 'dear Bob')
      for (const name of ['letter.txt.age', 'letter.txt', 'sheet.txt']) rmSync(home.path(name))
      owner = home
    }
  })

  test('killed at any moment it loses no release, and makes no second one', async (t) => {
    const all = await Organisation.open(t)
    const custodian = new Custodian(t, all)
    await custodian.trust()
    const { home, request } = await ask(t, all)
    await approve(all.officers.bo, request)
    await approve(all.officers.di, request)
    const records = new Set<string>()
    const look = () => {
      const names = custodian.releases.filter((name) => name.endsWith('.record'))
      for (const name of names) records.add(custodian.home.text(`custody/releases/${name}`))
      return custodian.releases.some((name) => name.endsWith('.receipt'))
    }
    // A file that is written is three changes; what was there before is not written again.
    for (const changes of [0, 1, 2, 3, 4, 2, 6, 1, 8, 10, 12]) {
      await killedAfter(custodian, changes)
      if (look()) break
    }
    const last = await custodian.round()
    assert.equal(last.status, 0, last.stderr)
    assert.ok(look(), 'handed out in the end')
    assert.equal(records.size, 1)
    const { store } = all.vault.service.authority
    const logged = await store.recovery.statementsBetween(0, Number.MAX_SAFE_INTEGER, [9])
    assert.equal(logged.length, 1)
    await home.ok(['recover'])
    await home.ok(['open', 'letter.txt.age'])
  })

  test('without a network a courier carries files, and each step refuses what is not its own', async (t) => {
    const all = await Organisation.open(t)
    const custodian = new Custodian(t, all)
    await custodian.trust()
    const { home: own } = custodian
    const { home, request } = await ask(t, all)
    await approve(all.officers.bo, request)
    const { folder } = all.vault.configuration
    const courier = (...words: string[]) => own.run(['authority', 'courier', ...words, '--folder', folder])
    const custody = ['--folder', 'custody', '--passphrase-file', 'passphrase']
    const open = () => own.run(['custodian', 'open', 'request.bundle', '-o', 'request.release', ...custody])

    // One officer alone.
    assert.equal((await courier('bundle', request, '-o', 'request.bundle')).status, 0)
    const alone = await open()
    assert.equal(alone.status, 15, alone.stderr)
    assert.match(alone.stderr, /2 persons must approve, and 1 did/)

    await approve(all.officers.di, request)
    const { seen } = JSON.parse(
      (await own.ok(['custodian', 'status', '--folder', 'custody', '--json'])).stdout,
    )
    await courier('bundle', request, '--seen', String(seen.size), '-o', 'request.bundle')
    const released = await open()
    assert.equal(released.status, 0, released.stderr)
    const first = own.read('request.release')
    assert.equal((await open()).status, 0)
    assert.deepEqual(own.read('request.release'), first, 'the same release again')

    const early = await own.run([
      'custodian',
      'hand-out',
      'request.bundle',
      '-o',
      'early',
      '--folder',
      'custody',
    ])
    assert.equal(early.status, 4, early.stderr)
    for (let i = 0; i < 2; i++) {
      const brought = await courier('release', 'request.release')
      assert.equal(brought.status, 0, brought.stderr)
    }
    const { store } = all.vault.service.authority
    const logged = await store.recovery.statementsBetween(0, Number.MAX_SAFE_INTEGER, [9])
    assert.equal(logged.length, 1, 'a replayed release is the same leaf')
    await courier('bundle', request, '-o', 'released.bundle')
    await own.ok(['custodian', 'hand-out', 'released.bundle', '-o', 'request.keys', '--folder', 'custody'])
    const keys = own.read('request.keys')
    own.write(
      'wrong.keys',
      keys.map((byte, i) => (i === 400 ? byte ^ 1 : byte)),
    )
    assert.equal((await courier('keys', request, 'wrong.keys')).status, 2)
    assert.equal((await courier('keys', request, 'request.keys')).status, 0)
    await home.ok(['recover'])
    await home.ok(['open', 'letter.txt.age'])
  })

  test('asks again when the authority was away, and stops when it is told', async (t) => {
    const all = await Organisation.open(t)
    const custodian = new Custodian(t, all)
    await custodian.trust()
    await all.vault.stop()
    const child = custodian.start()
    const closed = once(child, 'close')
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    const until = async (pattern: RegExp) => {
      while (!pattern.test(stderr)) await once(child.stderr ?? child, 'data')
    }
    await until(/CLIENT_UNREACHABLE/)
    await all.vault.start()
    const { home, request } = await ask(t, all)
    await approve(all.officers.bo, request)
    await approve(all.officers.cy, request)
    await until(/handed-out/)
    child.kill('SIGTERM')
    const [status] = await closed
    assert.equal(status, 0, stderr)
    await home.ok(['recover'])
    const secrets = [VAULT_PASSPHRASE, 'dear Bob']
    for (const secret of secrets) assert.ok(!stderr.includes(secret))
  })
})

/** Kills a custodian that runs, the instant the files of its releases have changed so many times. */
async function killedAfter(custodian: Custodian, changes: number): Promise<void> {
  const child = custodian.start()
  const closed = once(child, 'close')
  let seen = 0
  const watcher = watch(custodian.home.path('custody/releases'), () => {
    seen += 1
    if (seen >= changes) child.kill('SIGKILL')
  })
  if (changes === 0) void once(child.stdout ?? child, 'data').then(() => child.kill('SIGKILL'))
  child.stderr?.on('data', (chunk: Buffer) => {
    // There is nothing more to be killed at.
    if (chunk.toString().includes('handed-out')) child.kill('SIGKILL')
  })
  await closed
  watcher.close()
}
