/*
 * M6: the authority cannot be made to open what it keeps, since nothing of it could: the process that answers, its folder and its
 * environment have no key that opens a deposit.
 */
import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bech32Decode, toBase64 } from '@strongroom/core/bytes'
import { AuthorityStore, makeDeposit } from '@strongroom/core/client'
import { ContainerStore } from '@strongroom/core/container'
import { Home } from './program.ts'
import { Vault } from './vault.ts'

/** Marks that stand for secrets, in the forms in which they would stand in memory or a file. */
function forms(name: string, secret: Uint8Array): [string, Buffer][] {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  return [
    [name, bytes],
    [`${name} in hexadecimal`, Buffer.from(hex)],
    [`${name} in base64`, Buffer.from(toBase64(secret).slice(0, -1))],
    [`${name} in UTF-16`, Buffer.from(hex, 'utf16le')],
  ]
}

/** All memory of a process that it can write; undefined where that cannot be read. */
function memoryOf(pid: number | undefined): Buffer[] | undefined {
  if (pid === undefined || process.platform !== 'linux') return undefined
  const areas: Buffer[] = []
  let file: number | undefined
  try {
    file = openSync(`/proc/${pid}/mem`, 'r')
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? []
      const [start, length] = [
        BigInt(`0x${from || 0}`),
        Number(BigInt(`0x${to || 0}`) - BigInt(`0x${from || 0}`)),
      ]
      // Reserved and never written: the kernel's own zeros.
      if (length === 0 || length > 2 ** 28) continue
      areas.push(readArea(file, start, length))
    }
    return areas
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function readArea(file: number, start: bigint, length: number): Buffer {
  const area = Buffer.alloc(length)
  try {
    return area.subarray(0, readSync(file, area, 0, length, start))
  } catch {
    return Buffer.alloc(0) // Gone meanwhile, or of a device.
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

test('M6: neither memory nor folder nor environment of the service has a key that opens a deposit', async (t) => {
  const vault = await Vault.open(t)
  const home = await vault.client(t)
  await vault.stop()
  const { folder } = vault.configuration
  const serving = Promise.withResolvers<ChildProcess>()
  const operator = new Home(t)
  const run = operator.run(['authority', 'serve', '--folder', folder, '--json'], { onStart: serving.resolve })
  const child = await serving.promise
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout ?? child, 'data')

  const { clientId, tenant, epochs } = new AuthorityStore(home.path('home/authorities')).open('vault').load()
  const container = new ContainerStore(home.path('home/containers')).load('default').unlock()
  const sessionKey = crypto.getRandomValues(new Uint8Array(16))
  const made = makeDeposit({
    epoch: epochs.latest,
    tenant,
    clientId,
    signingKey: container.signingKey(),
    retention: 'default',
    createdMs: Date.now(),
    sessionKey,
    format: 'file',
    serial: crypto.getRandomValues(new Uint8Array(16)),
    description: { kind: 'sealed', text: 'a canary in a sealed description' },
  })
  const post = () =>
    fetch(`${vault.url}/v1/deposits`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/vnd.strongroom.deposit' },
      body: new Uint8Array(made.blob),
    })
  for (let i = 0; i < 5; i++) assert.equal((await post()).status, 200)

  const custodian = new ContainerStore(vault.folder).load('custodian').unlock('the keys of a test')
  const secrets = [
    ...forms('the session key', sessionKey),
    ...forms('the sealed description', Buffer.from('a canary in a sealed description')),
    ...custodian.pairs().flatMap(({ pair }, i): [string, Buffer][] => {
      const text = pair.secretText()
      const bytes = pair.kind === 'exchange' ? bech32Decode(text).bytes : Buffer.from(text.slice(-40))
      return [
        [`text ${i} of the custodian`, Buffer.from(text)],
        ...forms(`secret ${i} of the custodian`, bytes),
      ]
    }),
  ]
  assert.ok(secrets.length > 12)
  for (const path of filesBelow(folder)) {
    const content = readFileSync(path)
    for (const [name, mark] of secrets) assert.ok(!content.includes(mark), `${name} in ${path}`)
  }
  const memory = memoryOf(child.pid)
  if (memory) {
    // What is there is found: the scan looks at the right place.
    const known = Buffer.from(made.blob.subarray(40, 104))
    assert.ok(
      memory.some((area) => area.includes(known)),
      'the deposit itself is in the memory',
    )
    for (const [name, mark] of secrets) {
      assert.ok(!memory.some((area) => area.includes(mark)), `${name} in the memory of the service`)
    }
  }
  child.kill('SIGTERM')
  assert.equal((await run).status, 0)
  if (!memory) t.diagnostic('the memory of another process cannot be read here')
})

const SOURCES = fileURLToPath(new URL('../../authority/src/', import.meta.url))
/** Names of what opens something that was encrypted to a key. */
const OPENERS =
  /^(?:.*Identity|decrypt.*|open(?:Deposit|File|WithKey|Container|Blob).*|unwrap.*|unlock.*|recoverReleases)$/

test('M6: no module that the service can reach takes a function that opens', () => {
  const reached = new Set<string>()
  const waiting = [join(SOURCES, 'service/start-service.ts')]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue
    reached.add(path)
    const source = readFileSync(path, 'utf8')
    for (const [, names = '', from = ''] of source.matchAll(/(?:import|export) ([^;'"]*?) from '([^']+)'/g)) {
      if (/^type\b/.test(names.trim())) continue
      if (from.startsWith('.')) waiting.push(join(dirname(path), from))
      for (const name of names.matchAll(/(?<!type )\b[A-Za-z0-9]+\b/g)) {
        assert.ok(!from.startsWith('@strongroom/') || !OPENERS.test(name[0]), `${name[0]} in ${path}`)
      }
    }
  }
  assert.ok(reached.size > 40, `${reached.size} modules`)
  assert.ok(
    ![...reached].some((path) =>
      /\/(?:custodian|setup)\/.*container|wrapped-key|custodian-folder/.test(path),
    ),
  )
})
