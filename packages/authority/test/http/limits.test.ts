import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { encodeDeposits, MEDIA_TYPES, parseReceiptList } from '@strongroom/core/protocol'
import { encodeRequest, exchange, parseAnswers } from '../support/raw-request.ts'
import { onService } from '../support/served.ts'
import { answers, assertProblem, big, raw } from './raw-answers.ts'
import { depositOne } from './requests.ts'

onService(
  'slow requests',
  {
    'a body that does not come is given up': async (served) => {
      const blob = served.client().blob(1)
      const came = exchange(served.port, (socket) => {
        socket.write(raw('POST', '/v1/deposits', big(blob.length), blob.subarray(0, 100)))
      })
      const [answer] = parseAnswers(await came)
      assert.ok(answer)
      assertProblem(answer, 'timeout')
    },

    'so are headers that do not end, and connections on which nobody speaks': async (served) => {
      const [slow, silent] = await Promise.all([
        exchange(served.port, (socket) => socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\nX: ')),
        exchange(served.port, () => {}),
      ])
      const [answer] = parseAnswers(slow)
      assert.ok(answer)
      assertProblem(answer, 'timeout')
      assert.ok(silent.length === 0 || parseAnswers(silent)[0]?.status === 408)
    },

    'a body that comes a byte at a time is given up after the same time': async (served) => {
      const ended = new AbortController()
      const trickle = async (socket: Socket) => {
        while (!ended.signal.aborted && socket.writable) {
          socket.write('x')
          await pause(20)
        }
      }
      const came = exchange(served.port, (socket) => {
        socket.write(raw('POST', '/v1/deposits', big(5_000)))
        void trickle(socket)
      })
      const [answer] = parseAnswers(await came)
      ended.abort()
      assert.ok(answer)
      assertProblem(answer, 'timeout')
    },
  },
  { changes: { limits: { bodySeconds: 0.5 } } },
)

onService(
  'too many connections',
  {
    'some are turned away, and the others are answered': async (served) => {
      const asked = Array.from({ length: 200 }, () => answers(served, raw('GET', '/healthz')))
      const all = (await Promise.all(asked)).flat()
      assert.ok(all.length >= 16 && all.every(({ status }) => status === 200))
      const idle = Array.from({ length: 40 }, () =>
        exchange(served.port, (socket) => setTimeout(() => socket.end(), 200)),
      )
      await Promise.all(idle)
      assert.equal((await served.ask('GET', '/healthz')).status, 200)
    },
  },
  { changes: { limits: { connections: 32 } } },
)

onService(
  'too many requests',
  {
    'a burst is answered with 429, and the authority goes on': async (served) => {
      const { scene } = served
      const asked = Array.from({ length: 1_000 }, () =>
        encodeRequest({ method: 'GET', target: '/healthz', fields: [['Host', 'a']] }),
      )
      const all = await answers(served, Buffer.concat([...asked, raw('GET', '/healthz')]))
      assert.equal(all.length, 1_001)
      assert.equal(all.filter(({ status }) => status === 200).length, 60)
      for (const answer of all.slice(60)) {
        assert.equal(answer.problem.code, 'too-many')
        assert.equal(answer.field('retry-after'), '1')
      }
      scene.now += 1_000
      assert.equal((await served.ask('GET', '/healthz')).status, 200)
      assert.equal((await served.ask('GET', '/healthz')).status, 429)
      scene.now += 60_000
    },

    'deposits that nobody signed are counted one by one': async (served) => {
      const { scene } = served
      const stranger = scene.authority.client('acme', 77)
      const blobs = Array.from({ length: 100 }, (_, i) => stranger.blob(i))
      const answer = await served.ask('POST', '/v1/deposits', {
        type: MEDIA_TYPES.deposits,
        body: encodeDeposits(blobs),
      })
      const problems = parseReceiptList(answer.body).outcomes.map((it) => ('problem' in it ? it.problem : ''))
      assert.equal(problems.filter((code) => code === 'unauthenticated').length, 59)
      assert.equal(problems.filter((code) => code === 'too-many').length, 41)
      assert.equal((await depositOne(served, served.client().blob(1))).problem.code, 'too-many')
      scene.now += 60_000
    },

    'a client has a limit of its own, wherever it asks from': async (served) => {
      const client = served.client()
      for (let i = 0; i < 30; i++) assert.equal((await served.read('/v1/deposits')).status, 200)
      const answer = await served.read('/v1/deposits')
      assert.equal(answer.problem.code, 'too-many')
      assert.equal(answer.field('retry-after'), '2')
      assert.equal((await depositOne(served, client.blob(1))).problem.code, 'too-many')
      // Another client of the same address is not its neighbour's keeper.
      assert.equal((await served.read('/v1/deposits', served.client(1))).status, 200)
      served.scene.now += 60_000
    },
  },
  { changes: { limits: { requestsPerMinute: { address: 60, client: 30 } } } },
)
