/**
 * How much longer does it take to seal 1,000 files of 4 KiB if the key of each is deposited at an authority on the same machine, with a
 * verified receipt for every one?
 *
 * Run: node -C source bench/authority-client.ts [--quick]
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { initAuthority, invite, validFor } from '../packages/authority/src/index.ts'
import { contest, type Contestant } from './harness.ts'
import { ratioTarget, report } from './report.ts'
import { noiseFolder, withWorkbench } from './workbench.ts'

const BIN = fileURLToPath(new URL('../packages/cli/bin/strongroom.js', import.meta.url))
const SERVING = fileURLToPath(new URL('authority-serving.ts', import.meta.url))
const ALONE = 'without an authority'
const DEPOSITED = 'each key deposited, every receipt verified'

await withWorkbench(async ({ disk, quick }) => {
  const [count, rounds] = quick ? [100, 1] : [1000, 3]
  const now = Date.now()
  const port = await freePort()
  const passphrase = 'the keys of a benchmark'
  const { configuration } = await initAuthority({
    folder: join(disk, 'vault'),
    settings: {
      name: 'Example archive',
      url: `http://127.0.0.1:${port}`,
      tls: null,
      listen: { host: '127.0.0.1', port },
      logLevel: 'silent',
      metrics: { listen: { host: '127.0.0.1', port: 0 } },
    },
    tenant: 'default',
    identity: { path: join(disk, 'identity.container'), passphrase },
    custodian: { path: join(disk, 'custodian.container'), passphrase },
    validity: validFor(365, now),
    now,
    logN: 2,
  })
  const { text } = await invite(configuration, { tenant: 'default', name: 'bench', days: 1, now })
  const description = join(disk, 'serving.json')
  writeFileSync(description, JSON.stringify(configuration))
  const service = spawn(process.execPath, ['-C', 'source', SERVING, description], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    await once(createInterface(service.stdout), 'line')
    const home = join(disk, 'home')
    const run = (words: readonly string[], input = '') =>
      execFileSync(process.execPath, [BIN, ...words], {
        env: { ...process.env, STRONGROOM_HOME: home },
        input,
        stdio: ['pipe', 'ignore', 'inherit'],
      })
    run(['init', '--unprotected', '-q'])
    run(['enroll', '-', '--as', 'vault', '-q'], text)
    const input = noiseFolder(join(disk, 'input'), count, 4096)
    const seal = (name: string, output: string, ...options: string[]): Contestant => ({
      name,
      line: `STRONGROOM_HOME=${home} ${process.execPath} ${BIN} seal ${input} -O ${output} -q ${options.join(' ')}`,
      prepare: () => {
        rmSync(output, { recursive: true, force: true })
        mkdirSync(output)
      },
    })
    const results = contest(
      [
        seal(ALONE, join(disk, 'alone'), '--no-deposit'),
        seal(DEPOSITED, join(disk, 'deposited'), '--require-receipt'),
      ],
      rounds,
      disk,
    )
    const receipts = readdirSync(join(home, 'authorities', 'vault', 'receipts')).length
    if (receipts < count * (rounds + 1)) throw new Error(`${receipts} receipts`)
    const load = loadavg().map((value) => value.toFixed(1))
    const title = `${count.toLocaleString('en')} files of 4 KiB, sealed; load of the machine ${load.join(', ')}`
    const targets = [ratioTarget(results, DEPOSITED, ALONE, 4)]
    report('authority-client', [{ title, results, bases: [ALONE], targets }])
  } finally {
    service.stdin.end()
    await once(service, 'exit')
  }
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
