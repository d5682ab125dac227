/**
 * Kills a process at every call that changes the disk while it fills an outbox and delivers it, and lets every call fail.
 *
 * The same file is the victim: outbox-kills.test.ts <data folder> <how> <n>. The authority is one that lives in the process and
 * whose log is the same in all of them; that the same bytes are logged once is tested elsewhere.
 */
import { countCalls, PASS, withDisk, type Verdict } from './outbox-disk.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { AuthorityStore, depositStatuses, flushOutbox } from '../../src/client/index.ts'
import { deposit, enrolledIn, fill, folderOf, LogAuthority, START } from './log-authority.ts'

const [, , victimFolder, how, at] = process.argv
const NOW = { now: () => START }
type Fate = (index: number, n: number) => Verdict
const CODES = new Set<unknown>(['ENOSPC', 'EIO'])
/** What becomes of the n-th call, and of those behind it. */
const FATES: Readonly<Record<string, Fate>> = {
  'the process is no more': (index, n) => (index < n ? PASS : { kind: 'dead', first: index === n }),
  'the disk is full': (index, n) => (index === n ? { kind: 'fail', code: 'ENOSPC', persisted: false } : PASS),
  'carried out, and reported as failed': (index, n) =>
    index === n ? { kind: 'fail', code: 'EIO', persisted: true } : PASS,
}

/** A deposit more each time that the tests may take long. */
const DEPOSITS = process.env['SLOW'] ? 2 : 1

/** Puts deposits into the outbox, some alone and then two together, and delivers them two at a time; says so. */
async function work(folder: string, authority: LogAuthority, say: (text: string) => void): Promise<void> {
  const client = new AuthorityStore(folder).open('vault')
  for (let i = 0; i < DEPOSITS; i++) {
    const [id = ''] = fill(client, authority, 1)
    say(`added ${id}`)
  }
  const two = [deposit(authority), deposit(authority)]
  for (const { id } of await client.outbox.addAll(two, client.load(), START)) say(`added ${id}`)
  authority.perRequest = 2
  const report = await flushOutbox(client, authority, { ...NOW, onDelivered: (id) => say(`delivered ${id}`) })
  if (report.stopped) throw report.stopped
}

/** The authority after it was killed: it knows what it took. */
async function check(folder: string, said: readonly string[], authority = new LogAuthority()): Promise<void> {
  const client = new AuthorityStore(folder).open('vault')
  const known = () =>
    new Map([...depositStatuses(client, START, { verify: true })].map((one) => [one.id, one.state]))
  const before = known()
  for (const line of said) {
    const [what, id = ''] = line.split(' ')
    const state = before.get(id)
    assert.ok(
      what === 'delivered' ? state === 'safe' : state === 'waiting' || state === 'safe',
      `${line}: ${state}`,
    )
  }
  for (const state of before.values()) assert.ok(state === 'safe' || state === 'waiting', state)
  const report = await flushOutbox(client, authority, NOW)
  assert.equal(report.stopped, undefined)
  const after = known()
  assert.deepEqual([...after.keys()].toSorted(), [...before.keys()].toSorted())
  for (const [id, state] of after) {
    assert.equal(state, 'safe')
    assert.ok(authority.times(id) <= 1)
    assert.ok(client.deposits.load(id), 'a record')
  }
  assert.deepEqual(client.outbox.list(), [])
}

if (victimFolder !== undefined && how !== undefined) await beVictim(victimFolder, how, Number(at))
else {
  test('killed while it changes the disk: nothing is lost, nothing is called safe that is not', async (t) => {
    const [root, template] = await prepared(t)
    const whole = await run(template, root, 'count', 0)
    const calls = Number(whole.at(-1)?.split(' ')[1])
    assert.ok(calls >= 20, `${calls} calls`)
    for (let n = 1; n <= calls; n += process.env['SLOW'] ? 1 : 13) {
      await check(join(root, `kill-${n}`), await run(template, root, 'kill', n))
    }
  })
  test("one process at a time delivers, and one that was killed stands in nobody's way", async (t) => {
    const [, template] = await prepared(t)
    const authority = new LogAuthority()
    const client = new AuthorityStore(template).open('vault')
    const [id] = fill(client, authority, 1)
    const args = ['-C', 'source', fileURLToPath(import.meta.url), template, 'hold']
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(child, 'close')
    await once(child.stdout, 'data')
    await assert.rejects(flushOutbox(client, authority, NOW), { code: 'CLIENT_BUSY' })
    child.kill('SIGKILL')
    await ended
    assert.deepEqual((await flushOutbox(client, authority, NOW)).delivered, [id])
  })
  for (const [i, [name, fate]] of Object.entries(FATES).entries()) {
    test(`any call that changes the disk: ${name}`, async (t) => {
      const [root, template] = await prepared(t)
      const [first, step] = process.env['SLOW'] ? [1, 1] : [1 + i, 3]
      let n = first
      for (; await failsAt(n, fate, template, join(root, String(n))); n += step) assert.ok(n < 500)
      assert.ok(n > 50, `${n} calls`)
    })
  }
}

/** True as long as there is an n-th call. */
async function failsAt(n: number, fate: Fate, template: string, folder: string): Promise<boolean> {
  cpSync(template, folder, { recursive: true })
  const authority = new LogAuthority()
  const said: string[] = []
  let error: unknown
  await withDisk(
    (index) => fate(index, n),
    () => work(folder, authority, (text) => said.push(text)).catch((thrown: unknown) => (error = thrown)),
  )
  if (error !== undefined) assert.ok(error instanceof Error && 'code' in error && CODES.has(error.code))
  await check(folder, said, authority)
  return countCalls() >= n
}

async function prepared(t: TestContext): Promise<[root: string, template: string]> {
  const root = folderOf(t)
  const template = join(root, 'template')
  mkdirSync(template)
  await enrolledIn(template, new LogAuthority())
  return [root, template]
}

/** Runs the victim in a copy of a folder; what it said. */
async function run(template: string, root: string, kind: string, n: number): Promise<string[]> {
  const folder = join(root, `${kind}-${n}`)
  cpSync(template, folder, { recursive: true })
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const env = { ...inherited, NODE_COMPILE_CACHE: join(root, 'compiled') }
  const args = ['-C', 'source', fileURLToPath(import.meta.url), folder, kind, String(n)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = Promise.withResolvers<NodeJS.Signals | null>()
  child.once('close', (_status, signal) => ended.resolve(signal))
  assert.equal(await ended.promise, kind === 'kill' ? 'SIGKILL' : null)
  return said.split('\n').filter((line) => line !== '')
}

async function beVictim(folder: string, kind: string, n: number): Promise<void> {
  if (kind === 'hold') {
    new AuthorityStore(folder).open('vault').outbox.lock()
    writeSync(1, 'held')
    readSync(0, new Uint8Array(1))
  }
  const authority = new LogAuthority()
  const say = (text: string) => void writeSync(1, `${text}\n`)
  const judge = (index: number): Verdict => (kind === 'kill' && index === n ? { kind: 'kill' } : PASS)
  await withDisk(judge, () => work(folder, authority, say))
  say(`calls ${countCalls()}`)
}
