import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as fc from 'fast-check'
import { toHex } from '@strongroom/core/bytes'
import { parseDepositPage } from '@strongroom/core/protocol'
import { ROUTES } from '../../src/http/route-table.ts'
import { bytesOf, TestAuthority, type TestClient } from '../support/authority.ts'
import { SQLITE } from '../support/databases.ts'
import { Scene } from '../support/scene.ts'
import type { RawAnswer } from '../support/raw-request.ts'
import { onService, serve, type Served, type ServedTests } from '../support/served.ts'
import { depositOne, depositSeveral, idOf } from '../http/requests.ts'

/** What a client of a tenant has: told by numbers that nobody else uses. */
function blobsOf(client: TestClient, world: number): Uint8Array[] {
  return [0, 1, 2].map((i) => {
    const number = world * 100 + i
    return client.blob(number, {
      description: { kind: 'plain', text: `secret of world ${world}, ${i}` },
      object: { nameDigest: bytesOf(5_000 + number), size: number },
      sealId: bytesOf(6_000 + number),
    })
  })
}

/** Of the answers, all that may differ between two worlds: what the common log proves. */
const ABOUT_THE_LOG = new Set(['/checkpoint', '/tile/{tile}', '/v1/deposits/{id}/receipt'])

/** Values that stand for those of somebody else, and values that stand for nobody's. */
interface Wanted {
  readonly id: string
  readonly serial: string
  readonly object: string
  readonly text: string
}

function questions({ id, serial, object, text }: Wanted): string[] {
  return [
    `/v1/deposits/${id}`,
    `/v1/deposits/${id}/receipt`,
    `/v1/deposits?serial=${serial}`,
    `/v1/deposits?object=${object}`,
    `/v1/deposits?description=${encodeURIComponent(text)}`,
    `/v1/deposits?serial=${serial}&object=${object}&superseded=true`,
    `/v1/deposits?description=${encodeURIComponent(text)}&level=0&limit=1`,
  ]
}

/** A clock is no part of the usual tests: a busy machine would decide them. */
const TIMED: ServedTests = {
  'takes as long': async (served) => {
    // A coarse look: medians of many, asked in turns, may differ by half; what leaks is a query or a signature more.
    const [client, stranger] = [served.client(), served.client(2)]
    const blob = stranger.blob(78)
    await depositOne(served, blob)
    const targets = [`/v1/deposits/${idOf(blob)}`, `/v1/deposits/${'7'.repeat(64)}`]
    const ids = [stranger.owner.client, 'c-000000000000000000000000']
    const runs = 60
    const measured: Record<string, number[]> = {}
    const measure = async (name: string, ask: () => Promise<unknown>) => {
      const start = performance.now()
      await ask()
      ;(measured[name] ??= []).push(performance.now() - start)
    }
    for (let i = 0; i < runs; i++) {
      for (const at of i % 2 === 0 ? [0, 1] : [1, 0]) {
        await measure(`id ${at}`, () => served.read(targets[at] ?? '', client))
        await measure(`client ${at}`, () => served.read('/v1/deposits', client, { clientId: ids[at] ?? '' }))
      }
    }
    const median = (name: string) => {
      const sorted = (measured[name] ?? []).toSorted((a, b) => a - b)
      return sorted[Math.floor(runs / 2)] ?? 0
    }
    for (const what of ['id', 'client']) {
      const [one, other] = [median(`${what} 0`), median(`${what} 1`)]
      const ratio = Math.max(one, other) / Math.min(one, other)
      assert.ok(ratio < 2 || Math.abs(one - other) < 2, `${what}: ${one} and ${other} ms`)
    }
  },
}

onService(
  'M18: what is somebody else’s',
  {
    'is answered as what nobody has, on every route, in every form': async (served) => {
      const [client, neighbour, stranger] = [served.client(), served.client(1), served.client(2)]
      const theirs = new Map<TestClient, Uint8Array[]>()
      for (const [i, owner] of [client, neighbour, stranger].entries()) {
        const blobs = blobsOf(owner, i + 1)
        assert.equal((await depositSeveral(served, blobs)).status, 200)
        theirs.set(owner, blobs)
      }
      const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(toHex)
      const nobodys: fc.Arbitrary<Wanted> = fc.record({
        id: hex(32),
        serial: hex(16),
        object: hex(32),
        text: hex(8),
      })
      const victims = fc.constantFrom(neighbour, stranger)
      await fc.assert(
        fc.asyncProperty(victims, fc.nat(2), fc.nat(6), nobodys, async (owner, which, question, nobody) => {
          const number = (owner === neighbour ? 200 : 300) + which
          const blob = theirs.get(owner)?.[which]
          assert.ok(blob)
          const found: Wanted = {
            id: idOf(blob),
            serial: toHex(bytesOf(number, 16)),
            object: toHex(bytesOf(5_000 + number)),
            text: `secret of world ${owner === neighbour ? 2 : 3}, ${which}`,
          }
          const [theirTarget, nobodysTarget] = [questions(found)[question], questions(nobody)[question]]
          assert.ok(theirTarget !== undefined && nobodysTarget !== undefined)
          const answers = [await served.read(theirTarget, client), await served.read(nobodysTarget, client)]
          assert.equal(answers[0]?.comparable, answers[1]?.comparable, theirTarget)
          // The owner is answered: the question is a good one.
          const own = await served.read(theirTarget, owner)
          if (!theirTarget.includes('superseded')) assert.notEqual(own.comparable, answers[0]?.comparable)
        }),
        { numRuns: process.env.SLOW ? 500 : 40 },
      )
    },

    'cannot be asked for in the name of its owner': async (served) => {
      const [client, stranger] = [served.client(), served.client(2)]
      const blob = stranger.blob(77)
      await depositOne(served, blob)
      for (const route of ROUTES.filter(({ auth }) => auth === 'signed')) {
        const target = route.path.replace('{id}', idOf(blob))
        if (route.method !== 'GET' || target.includes('{')) continue
        for (const clientId of [stranger.owner.client, 'c-000000000000000000000000']) {
          const answer = await served.read(target, client, { clientId })
          assert.equal(answer.problem.code, 'unauthenticated', target)
        }
        assert.equal((await served.ask('GET', target)).problem.code, 'unauthenticated')
      }
    },

    ...(process.env.SLOW ? TIMED : {}),

    'cannot be guessed: ids are digests': async (served) => {
      const client = served.client()
      const ids = new Set<string>()
      for (let i = 0; i < 50; i++) ids.add(idOf(client.blob(2_000 + i)))
      const bits = [...ids].map((id) => BigInt(`0x${id}`).toString(2).replaceAll('0', '').length)
      const mean = bits.reduce((sum, ones) => sum + ones, 0) / ids.size
      // 256 fair bits have 128 ones; the mean of fifty is within 9 of that, or something is wrong by seven deviations.
      assert.ok(ids.size === 50 && Math.abs(mean - 128) < 9, `${mean} ones`)
      assert.match(client.owner.client, /^c-[0-9a-f]{24}$/)
    },
  },
  { tenants: ['acme', 'acme', 'beta'] },
)

describe('a client of one tenant', () => {
  const worlds: Served[] = []
  const { keysText } = new TestAuthority()
  before(async () => {
    for (const world of [1, 2]) {
      const scene = new Scene(await SQLITE.create())
      // Both are the same authority, with the same keys.
      Object.defineProperty(scene, 'authority', { value: new TestAuthority({ epochs: 2, keysText }) })
      const served = await serve(scene, { tenants: ['acme', 'beta'] })
      worlds.push(served)
      const [client, other] = [served.client(), served.client(1)]
      // The others do as much, and something else.
      for (const [i, blob] of blobsOf(client, 9).entries()) {
        await depositOne(served, blob)
        await depositOne(served, blobsOf(other, world)[i] ?? blob)
      }
      await served.read('/v1/deposits', other)
    }
  })
  after(async () => {
    for (const { service, scene } of worlds) {
      await service.stop()
      await scene.end()
    }
  })

  test('gets no byte that depends on what another tenant says, but the proofs of the common log', async () => {
    const [one, other] = worlds
    assert.ok(one && other)
    const ids = blobsOf(one.client(), 9).map(idOf)
    const foreign = blobsOf(one.client(1), 1).map(idOf)
    let compared = 0
    for (const route of ROUTES.filter(({ method, path }) => method === 'GET' && !ABOUT_THE_LOG.has(path))) {
      const targets = route.path.includes('{id}')
        ? [...ids, ...foreign].map((id) => route.path.replace('{id}', id))
        : [route.path, ...(route.query ? [`${route.path}?limit=2`] : [])]
      for (const target of targets) {
        const fields = (served: Served) => (route.auth === 'signed' ? { fields: served.signed(target) } : {})
        const mine: RawAnswer = await one.ask('GET', target, fields(one))
        const theirs: RawAnswer = await other.ask('GET', target, fields(other))
        assert.equal(mine.comparable, theirs.comparable, target)
        compared++
      }
    }
    assert.ok(compared >= 12, `${compared} compared`)
    // The worlds differ: who may see it, sees it.
    const listed = await Promise.all(worlds.map((served) => served.read('/v1/deposits', served.client(1))))
    assert.notEqual(listed[0]?.text, listed[1]?.text)
    assert.equal(parseDepositPage(listed[0]?.body ?? new Uint8Array(0)).deposits.length, 3)
  })
})
