import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { pino } from 'pino'
import { MEDIA_TYPES } from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { openAuthority } from '../../src/service/open-authority.ts'
import { startService } from '../../src/service/start-service.ts'
import { SQLITE } from '../support/databases.ts'
import type { Scene } from '../support/scene.ts'
import { configurationOf, serve, whileServed } from '../support/served.ts'
import { onDatabase } from '../support/suite.ts'
import { exchange } from '../support/raw-request.ts'

const silent = pino({ level: 'silent' })

/** A log with its keys in a file, and nobody who has it open. */
async function prepared(scene: Scene) {
  const store = await scene.open()
  const { clients } = await scene.peopled(store)
  await scene.close(store)
  const configuration = configurationOf(scene)
  writeFileSync(configuration.log.keys, scene.authority.keysText, { mode: 0o600 })
  return { configuration, clients }
}

onDatabase(SQLITE, {
  'a service': {
    'is started from a configuration, again and again': async (scene) => {
      const { configuration } = await prepared(scene)
      for (let i = 0; i < 2; i++) {
        const service = await startService(configuration, { logger: silent, now: () => scene.now })
        assert.match(service.url, /^http:\/\/127\.0\.0\.1:\d+$/)
        assert.equal((await fetch(`${service.url}/readyz`)).status, 200)
        assert.equal((await fetch(service.metricsUrl ?? '')).status, 200)
        await Promise.all([service.stop(), service.stop()])
        await assert.rejects(fetch(`${service.url}/readyz`))
        await assert.rejects(fetch(service.metricsUrl ?? ''))
      }
      const quiet = await startService(
        { ...configuration, metrics: {} },
        { logger: silent, now: () => scene.now },
      )
      assert.equal(quiet.metricsUrl, undefined)
      await quiet.stop()
    },

    'says why it does not start, and leaves nothing open': async (scene) => {
      const { configuration } = await prepared(scene)
      const first = await startService(configuration, { logger: silent, now: () => scene.now })
      const taken = { host: '127.0.0.1', port: Number(new URL(first.url).port) }
      await assert.rejects(startService({ ...configuration, listen: taken }, { logger: silent }), {
        code: 'EADDRINUSE',
      })
      await assert.rejects(
        startService({ ...configuration, metrics: { listen: taken } }, { logger: silent }),
        { code: 'EADDRINUSE' },
      )
      const tls = { certificate: '/nowhere/tls.pem', key: '/nowhere/tls.key' }
      await assert.rejects(startService({ ...configuration, tls }, { logger: silent }), { code: 'ENOENT' })
      await first.stop()
      rmSync(configuration.log.keys)
      await assert.rejects(openAuthority(configuration), { code: 'ENOENT' })
      writeFileSync(configuration.log.keys, 'rubbish\n')
      await assert.rejects(openAuthority(configuration), { code: 'LOG_KEYS' })
      const nowhere = { engine: 'sqlite', path: `${configuration.folder}/none` } as const
      writeFileSync(configuration.log.keys, scene.authority.keysText)
      await assert.rejects(openAuthority({ ...configuration, database: nowhere }), { code: 'STORE_SCHEMA' })
    },

    'reads epochs again when one is asked for that it does not know, and not too often': async (scene) => {
      const { configuration } = await prepared(scene)
      const authority = await openAuthority(configuration, { now: () => scene.now })
      const chain = await authority.epochs()
      assert.equal(chain.epochs.length, 1)
      const [, second] = scene.authority.epochs()
      assert.ok(second)
      await authority.log.append([second])
      assert.equal(await authority.epochs(), chain)
      assert.equal(await authority.epochs(second.digest), chain)
      scene.now += 200
      assert.equal(await authority.epochs(), chain)
      const longer = await authority.epochs(second.digest)
      assert.equal(longer.epochs.length, 2)
      scene.now += 5_000
      // Read again, and nothing is new: what was verified is not verified again.
      assert.equal(await authority.epochs(), longer)
      await authority.close()
    },

    'that is stopped under load has every deposit that it acknowledged': async (scene) => {
      const served = await serve(scene)
      const client = served.client()
      const acknowledged: Uint8Array[] = []
      const agent = new Agent({ keepAlive: true, maxSockets: 8 })
      let [next, stopping] = [0, false]
      const post = async (blob: Uint8Array) => {
        const { promise, resolve } = Promise.withResolvers<number>()
        const headers = { 'content-type': MEDIA_TYPES.deposit, 'content-length': blob.length }
        const options = {
          host: '127.0.0.1',
          port: served.port,
          method: 'POST',
          path: '/v1/deposits',
          headers,
          agent,
        }
        const asked = request(options, (answer) => {
          answer.resume()
          answer.on('end', () => resolve(answer.statusCode ?? 0))
          answer.on('error', () => resolve(0))
        })
        asked.on('error', () => resolve(0))
        asked.end(blob)
        return promise
      }
      const worker = async () => {
        for (;;) {
          const blob = client.blob(++next)
          const status = await post(blob)
          if (status === 200) acknowledged.push(blob)
          else return assert.ok(stopping, String(status))
        }
      }
      const workers = Array.from({ length: 8 }, worker)
      const { promise: enough, resolve } = Promise.withResolvers<void>()
      const look = setInterval(() => acknowledged.length > 100 && resolve(), 1)
      await enough
      clearInterval(look)
      stopping = true
      await served.service.stop()
      await Promise.all(workers)
      agent.destroy()
      const store = await scene.open()
      for (const blob of acknowledged) {
        assert.ok(await store.statement(client.owner, sha256(blob)))
      }
      const kept = await store.checkpoint()
      assert.equal(kept?.size, (await store.head()).size)
      assert.match(served.lines.at(-1) ?? '', /"stopped"/)
    },

    'that is stopped waits for nobody who says nothing': async (scene) => {
      const served = await serve(scene)
      const idle = Array.from({ length: 5 }, () => exchange(served.port, () => {}))
      const kept = exchange(served.port, (socket) => socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'))
      await served.ask('GET', '/healthz')
      await served.service.stop()
      assert.match((await kept).toString(), /^HTTP\/1\.1 200 /)
      await Promise.all(idle)
    },

    'forgets a mistake of its own for the client, and not in its log': async (scene) => {
      await whileServed(scene, async (served) => {
        await scene.database.sql('drop table deposit')
        const answer = await served.read('/v1/deposits')
        assert.equal(answer.problem.code, 'internal')
        assert.equal(answer.problem.detail, undefined)
        const line = served.lines.find((it) => it.includes('"failure"')) ?? '{}'
        const { level, code, id } = JSON.parse(line)
        assert.deepEqual([level, code, id], [50, 'STORE_SCHEMA', answer.field('x-request-id')])
      })
    },
  },
})
