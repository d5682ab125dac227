import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { pino } from 'pino'
import { MEDIA_TYPES } from '@strongroom/core/protocol'
import { createHandler, Metrics, RequestLog } from '../../src/http/index.ts'
import { ROUTES } from '../../src/http/route-table.ts'
import type { AuthorityLog } from '../../src/log/index.ts'
import { SQLITE } from '../support/databases.ts'
import { request } from '../support/raw-request.ts'
import { Scene } from '../support/scene.ts'
import { whileServed, type Served } from '../support/served.ts'

/** The same authority behind a handler whose database stands still, and which may hold few bytes. */
function standingStill({ service, scene }: Served, bodyBytes: number) {
  const { promise, reject } = Promise.withResolvers<never>()
  const log = { state: { state: 'writable' }, append: () => promise } as unknown as AuthorityLog
  const { authority } = service
  const now = () => scene.now
  const handler = createHandler(
    { ...authority, log },
    {
      url: 'https://vault.example.org',
      limits: {
        depositsPerRequest: 10,
        bodySeconds: 5,
        requestsPerMinute: { address: 1_000, client: 1_000 },
      },
      hops: 0,
      metrics: new Metrics(authority, now),
      log: new RequestLog(pino({ level: 'silent' })),
      bodyBytes,
      now,
    },
  )
  return { server: createServer((incoming, outgoing) => void handler(incoming, outgoing)), goOn: reject }
}

test('a database that stands still: no more is held than the budget, also of requests that were given up', async (t) => {
  const scene = new Scene(await SQLITE.create())
  t.after(() => scene.end())
  const route = ROUTES.find(({ path, method }) => path === '/v1/deposits' && method === 'POST')
  assert.ok(route)
  const { seconds } = route
  Object.assign(route, { seconds: 0.05 })
  t.after(() => Object.assign(route, { seconds }))
  await whileServed(scene, async (served) => {
    const blobs = [1, 2, 3, 4].map((number) => served.client().blob(number))
    const [first] = blobs
    assert.ok(first)
    const { server, goOn } = standingStill(served, 3 * first.length)
    t.after(() => server.close().closeAllConnections())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const deposit = async (body: Uint8Array) => {
      const fields = [
        ['Host', 'vault.example.org'],
        ['Connection', 'close'],
        ['Content-Type', MEDIA_TYPES.deposit],
        ['Content-Length', String(body.length)],
      ] as const
      return (await request(port, { method: 'POST', target: '/v1/deposits', fields, body })).problem.code
    }
    const codes: (string | undefined)[] = []
    for (const blob of blobs) codes.push(await deposit(blob))
    assert.deepEqual(codes, ['unavailable', 'unavailable', 'unavailable', 'too-many'])
    goOn(new Error('the database is there again'))
    await new Promise(setImmediate)
    assert.equal(await deposit(first), 'internal')
  })
})
