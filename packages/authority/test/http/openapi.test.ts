import assert from 'node:assert/strict'
import type * as z from 'zod'
import { encodeDeposits, MEDIA_TYPES } from '@strongroom/core/protocol'
import { ROUTES } from '../../src/http/route-table.ts'
import { SCHEMAS } from '../../src/http/schemas.ts'
import type { RawAnswer } from '../support/raw-request.ts'
import { onService, type Served } from '../support/served.ts'
import { assertPage } from './pages.ts'
import { askChallenge, depositOne, EXCHANGES, idOf } from './requests.ts'

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>
    readonly securitySchemes: object
  }
}

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly requestBody?: { readonly content: object }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: object }>>
  readonly security?: readonly object[]
}

async function read(served: Served): Promise<Document> {
  return JSON.parse((await served.ask('GET', '/openapi.json')).text)
}

/** Everything that is called `$ref` anywhere. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  )
}

onService('the document of the routes', {
  'says what the table says, and every reference leads somewhere': async (served) => {
    const document = await read(served)
    assert.equal(document.openapi, '3.1.0')
    const found = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({ path, method, operation })),
    )
    const names = (rows: readonly { method: string; path: string }[]) =>
      rows.map(({ method, path }) => `${method.toUpperCase()} ${path}`).toSorted()
    assert.deepEqual(names(found), names(ROUTES))
    assert.equal(new Set(found.map(({ operation }) => operation.operationId)).size, ROUTES.length)
    for (const { path, method, operation } of found) {
      const route = ROUTES.find((it) => it.path === path && it.method === method.toUpperCase())
      assert.ok(route)
      assert.deepEqual(Object.keys(operation.requestBody?.content ?? {}), Object.keys(route.bodies ?? {}))
      assert.deepEqual(Object.keys(operation.responses['200']?.content ?? {}), Object.keys(route.answers))
      assert.deepEqual(Object.keys(operation.responses['default']?.content ?? {}), [MEDIA_TYPES.problem])
      assert.equal(operation.security !== undefined, route.auth === 'signed' || route.auth === 'keyed')
      const inPath = operation.parameters?.filter((it) => it.in === 'path').map((it) => `{${it.name}}`) ?? []
      assert.deepEqual(inPath, path.match(/\{[a-z]+\}/g) ?? [])
    }
    const known = new Set(
      Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`),
    )
    const used = new Set(references(document))
    assert.deepEqual(used.difference(known), new Set())
    assert.ok(used.size > 10)
    assert.ok(!JSON.stringify(document).includes('$defs'))
  },

  'is of what is answered': async (served) => {
    const client = served.client()
    const blobs = [client.blob(1, { description: { kind: 'plain', text: 'x' } }), client.blob(2)]
    const one = await depositOne(served, blobs[0] ?? new Uint8Array(0))
    const several = await served.ask('POST', '/v1/deposits', {
      type: MEDIA_TYPES.deposits,
      body: encodeDeposits([...blobs, Uint8Array.of(1)]),
    })
    const [exchange] = EXCHANGES
    assert.ok(exchange)
    const checks: [RawAnswer, z.ZodType][] = [
      [one, SCHEMAS.receipt],
      [several, SCHEMAS.receiptList],
      [await served.ask('GET', '/v1/authority'), SCHEMAS.card],
      [await served.read('/v1/deposits'), SCHEMAS.depositPage],
      [await served.read('/v1/statements'), SCHEMAS.statementPage],
      [await askChallenge(served, client.invited.signer, exchange), SCHEMAS.challenge],
      [await served.ask('GET', '/readyz'), SCHEMAS.health],
      [await served.ask('GET', '/openapi.json'), SCHEMAS.document],
      [await served.ask('GET', '/nothing'), SCHEMAS.problem],
    ]
    for (const [answer, schema] of checks) schema.parse(JSON.parse(answer.text))
    assert.equal((await served.read(`/v1/deposits/${idOf(blobs[0] ?? new Uint8Array(0))}`)).status, 200)
    // The schema can fail.
    assert.throws(() => SCHEMAS.receipt.parse({ ...JSON.parse(one.text), more: 1 }))
  },

  'is there for people too, without a script': async (served) => {
    const page = await served.ask('GET', '/docs')
    assert.equal(page.field('content-type'), 'text/html; charset=utf-8')
    assertPage(page)
    for (const { path } of ROUTES) assert.ok(page.text.includes(`<code>${path}</code>`))
    // Every link within the page leads somewhere.
    const links = [...page.text.matchAll(/href="#([^"]+)"/g)].map(([, id = '']) => id)
    assert.ok(links.length > 3)
    for (const id of links) assert.ok(page.text.includes(` id="${id}"`), id)
  },

  'metrics are read by Prometheus, and name nobody': async (served) => {
    await served.ask('GET', '/nothing-of-mine')
    await depositOne(served, served.client().blob(1))
    const url = served.service.metricsUrl ?? ''
    const answer = await fetch(url)
    const text = await answer.text()
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    const lines = text.split('\n').filter((line) => line !== '')
    for (const line of lines) {
      assert.match(
        line,
        /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{\w+="[^"\\\n]*"(?:,\w+="[^"\\\n]*")*\})? -?[\d.e+-]+|\w+ NaN)$/,
      )
    }
    const value = (name: string) => Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1])
    assert.equal(value('strongroom_log_size'), (await served.service.authority.store.head()).size)
    assert.equal(value('strongroom_statements_without_checkpoint'), 0)
    assert.equal(value('strongroom_writable'), 1)
    assert.equal(value('strongroom_append_queue'), 0)
    served.scene.now += 7_000
    assert.match(await (await fetch(url)).text(), /^strongroom_oldest_deposit_below_level_2_seconds 7$/m)
    assert.match(await (await fetch(url)).text(), /^strongroom_checkpoint_age_seconds 7$/m)
    assert.doesNotMatch(text, /nothing-of-mine|c-[0-9a-f]{24}|acme/)
    assert.equal((await fetch(url.replace('/metrics', '/'))).status, 404)
    assert.equal((await served.ask('GET', '/metrics')).status, 404)
  },
})
