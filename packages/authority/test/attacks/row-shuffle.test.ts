/*
 * M5: whoever can write the database exchanges values between rows: the owner, the text or the key of one for that of another. `fsck`
 * must name it, and nobody may be given an answer that the statements contradict.
 */
import assert from 'node:assert/strict'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { test } from 'node:test'
import { fromHex, toHex } from '@strongroom/core/bytes'
import { parseDepositPage, parseStatementPage, type FoundDeposit } from '@strongroom/core/protocol'
import { bytesOf, type TestClient } from '../support/authority.ts'
import { SQLITE } from '../support/databases.ts'
import { depositOne, idOf, verifiedLeaf } from '../http/requests.ts'
import { findings } from '../support/scene-fsck.ts'
import { Scene } from '../support/scene.ts'
import { serve, type Served } from '../support/served.ts'

/** Columns about which there is no statement: only the operator has ever said what stands there. */
const UNSTATED = new Set(['tenant.tenant', 'tenant.created', 'invitation.name', 'invitation.created'])
for (const column of ['invitation.expires', 'client.state']) UNSTATED.add(column)

/** Where the deposit is still found, and its leaf is another. */
const RESENT = new Set(['statement.leaf', 'statement.received', 'statement.bytes'])

/** Columns in which all rows of these tests have the same. */
const SAME = new Set(['client.exchange', 'client.name', 'client.state'])
for (const column of ['created', 'expires']) SAME.add(`invitation.${column}`)
for (const column of ['deposit.level', 'log_tile.position']) SAME.add(column)

/** Pairs of rows to exchange values between, by what they are found by. */
const PAIRS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  tenant: [["tenant = 'acme'", "tenant = 'beta'"]],
  invitation: [["name = 'person 1'", "name = 'person 3'"]],
  client: [['leaf = 1', 'leaf = 3']],
  client_home: [["tenant = 'acme'", "tenant = 'beta'"]],
  // Two of one client, of two clients of a tenant, of two tenants; two enrolments; a deposit and an enrolment.
  statement: [
    ['leaf = 5', 'leaf = 6'],
    ['leaf = 5', 'leaf = 8'],
    ['leaf = 5', 'leaf = 10'],
    ['leaf = 1', 'leaf = 3'],
    ['leaf = 5', 'leaf = 2'],
  ],
  deposit: [
    ['leaf = 5', 'leaf = 8'],
    ['leaf = 6', 'leaf = 10'],
  ],
  epoch: [['number = 1', 'number = 2']],
  usage: [
    ["tenant = 'acme' and client = ''", "tenant = 'beta' and client = ''"],
    ["tenant = 'acme' and client <> ''", "tenant = 'beta' and client <> ''"],
  ],
  log_tile: [['level = 0', 'level = -1']],
}

/** Tables of which answers are made. */
const SERVED = new Set(['client', 'client_home', 'statement', 'deposit', 'epoch'])

type Row = Record<string, SQLInputValue>

/** A database that is open to an attacker. */
class Attacker {
  readonly #database: DatabaseSync

  constructor(path: string) {
    this.#database = new DatabaseSync(path)
  }

  columns(table: string): string[] {
    const columns = this.#database.prepare(`pragma table_info(${table})`).all()
    return columns.map(({ name }) => String(name))
  }

  rows(table: string, [one, other]: readonly [string, string]): [Row, Row] {
    const row = (where: string) =>
      this.#database.prepare(`select * from ${table} where ${where} limit 1`).get()
    const found = [row(one), row(other)]
    assert.ok(found[0] && found[1], `${table}: ${one}, ${other}`)
    return found as [Row, Row]
  }

  /** Puts two rows in the place of two others. */
  replace(table: string, old: readonly [Row, Row], fresh: readonly [Row, Row]): void {
    this.#database.exec('begin immediate')
    for (const row of old) {
      const names = Object.keys(row)
      const where = names.map((name) => `${name} is ?`).join(' and ')
      const { changes } = this.#database.prepare(`delete from ${table} where ${where}`).run(...values(row))
      assert.equal(changes, 1)
    }
    for (const row of fresh) {
      const [names, places] = [Object.keys(row).join(), Object.keys(row).map(() => '?')]
      this.#database.prepare(`insert into ${table} (${names}) values (${places.join()})`).run(...values(row))
    }
    this.#database.exec('commit')
  }

  close(): void {
    this.#database.close()
  }
}

const values = (row: Row) => Object.values(row)

/** Three clients of two tenants, and deposits that differ in all that they say. */
async function populate(): Promise<{ served: Served; blobs: Map<TestClient, Uint8Array[]> }> {
  const scene = new Scene(await SQLITE.create())
  // No two rows have the same time.
  let tick = scene.now
  const setTick = (now: number) => {
    tick = now
  }
  Object.defineProperty(scene, 'now', { get: () => tick++, set: setTick })
  const store = await scene.open()
  // A commit for each of some thousand questions would be all that this test takes.
  store.spendNonce = async () => true
  const served = await serve(scene, { store, tenants: ['acme', 'acme', 'beta'] })
  const [, second] = scene.authority.epochs()
  // Both epochs are in use.
  scene.now += 31 * 86_400_000
  assert.ok(second)
  await served.service.authority.log.append([second])
  const blobs = new Map<TestClient, Uint8Array[]>()
  for (const [i, client] of served.clients.entries()) {
    const [first, third] = [client.blob(10 * i), client.blob(10 * i + 2)]
    const described = client.blob(10 * i + 1, {
      epochNumber: 2,
      epochDigest: scene.authority.chain.latest.digest,
      policy: scene.authority.chain.latest.payload.policy,
      format: 'named-key',
      retention: `class-${i}`,
      sealId: bytesOf(500 + i),
      object: { nameDigest: bytesOf(600 + i), size: 700 + i },
      description: { kind: 'plain', text: `a text of ${i}` },
      previous: fromHex(idOf(first)),
    })
    const own = [first, described, ...(i === 0 ? [third] : [])]
    await served.service.authority.log.append(own.map((blob) => client.admit(blob)))
    blobs.set(client, own)
  }
  return { served, blobs }
}

/** What is known to be true of a client: its deposits, and what was logged about it. */
interface Truth {
  readonly deposits: Map<string, Unplaced<FoundDeposit>>
  readonly statements: Map<string, unknown>
  readonly leaves: Map<string, number>
}

type Unplaced<T> = Omit<T, 'index' | 'received'>

/** Without its place in the log, which the statement does not know: a receipt proves that. */
function unplaced<T extends { index: number; received: number }>(one: T): Unplaced<T> {
  const { index: _, received: _received, ...rest } = one
  return rest
}

async function truthOf(served: Served, client: TestClient): Promise<Truth> {
  const { deposits } = parseDepositPage((await served.read('/v1/deposits', client)).body)
  const { statements } = parseStatementPage((await served.read('/v1/statements', client)).body)
  return {
    deposits: new Map(deposits.map((one) => [toHex(one.id), unplaced(one)])),
    statements: new Map(statements.map((one) => [toHex(one.digest), unplaced(one)])),
    leaves: new Map(deposits.map((one) => [toHex(one.id), one.index])),
  }
}

/** Asks for everything, and compares what is answered. @returns how many answers were refused */
async function assertNoLie(
  served: Served,
  client: TestClient,
  blobs: readonly Uint8Array[],
  truth: Truth,
  resend: boolean,
): Promise<number> {
  let refused = 0
  const answered = async (target: string, check: (body: Uint8Array) => void) => {
    const answer = await served.read(target, client)
    if (answer.status === 200) check(answer.body)
    else {
      assert.ok(
        ['internal', 'not-found', 'unauthenticated'].includes(String(answer.problem.code)),
        answer.text,
      )
      refused++
    }
  }
  for (const search of ['', '?superseded=true&description=text']) {
    await answered(`/v1/deposits${search}`, (body) => assertDeposits(body, truth, search))
  }
  await answered('/v1/statements', (body) => {
    for (const one of parseStatementPage(body).statements) {
      assert.deepEqual(unplaced(one), truth.statements.get(toHex(one.digest)))
    }
  })
  for (const blob of blobs) {
    const id = idOf(blob)
    await answered(`/v1/deposits/${id}`, (body) => assert.equal(toHex(body), toHex(blob)))
    const check = (receipt: Uint8Array) =>
      assert.equal(verifiedLeaf(served, receipt, 'deposit', fromHex(id)), truth.leaves.get(id))
    await answered(`/v1/deposits/${id}/receipt`, check)
    // Where it is not found any more it would be appended again.
    if (!resend) continue
    const again = await depositOne(served, blob)
    if (again.status === 200) check(again.body)
    else refused++
  }
  return refused
}

function assertDeposits(body: Uint8Array, truth: Truth, search: string): void {
  const { deposits } = parseDepositPage(body)
  const shown = new Set(deposits.flatMap(({ previous }) => (previous ? [toHex(previous)] : [])))
  for (const one of deposits) {
    const id = toHex(one.id)
    const known = truth.deposits.get(id)
    assert.ok(known, 'a deposit of somebody else')
    // Whose successor was hidden is not known to have one; that is what a database can leave out, and what fsck is for.
    const superseded = shown.has(id) ? known.superseded : one.superseded && known.superseded
    assert.deepEqual(unplaced(one), { ...known, superseded })
    if (search.includes('text')) assert.match(known.description ?? '', /text/)
  }
}

test('M5: every column of every table, exchanged between two rows', async () => {
  const { served, blobs } = await populate()
  const { scene } = served
  const attacker = new Attacker(scene.database.address)
  const truths = new Map<TestClient, Truth>()
  for (const client of served.clients) truths.set(client, await truthOf(served, client))
  const { store, log } = served.service.authority
  const everything = async (resend: boolean) => {
    // What was read a moment ago is forgotten.
    scene.now += 6_000
    let refused = 0
    for (const [client, own] of blobs) {
      const truth = truths.get(client)
      assert.ok(truth)
      refused += await assertNoLie(served, client, own, truth, resend)
    }
    return refused
  }
  try {
    let exchanged = 0
    const problems: string[] = []
    for (const [table, pairs] of Object.entries(PAIRS)) {
      for (const column of attacker.columns(table)) {
        const name = `${table}.${column}`
        let differed = false
        for (const pair of pairs) {
          const [one, other] = attacker.rows(table, pair)
          const swapped: [Row, Row] = [
            { ...one, [column]: other[column] ?? null },
            { ...other, [column]: one[column] ?? null },
          ]
          if (JSON.stringify(swapped) === JSON.stringify([one, other])) continue
          attacker.replace(table, [one, other], swapped)
          differed = true
          exchanged++
          const found = await findings(store, scene.authority, log.signed)
          if (found.length > 0 === UNSTATED.has(name)) problems.push(`fsck, ${name} of ${pair.join()}`)
          if (SERVED.has(table))
            await everything(RESENT.has(name)).catch((lie: unknown) =>
              problems.push(`${name} of ${pair.join()}: ${String(lie)}`),
            )
          attacker.replace(table, swapped, [one, other])
        }
        assert.equal(differed, !SAME.has(name), name)
      }
    }
    assert.deepEqual(problems, [])
    assert.ok(exchanged > 60, `${exchanged} exchanged`)
    assert.deepEqual(await findings(store, scene.authority, log.signed), [])
    assert.equal(await everything(true), 0)
  } finally {
    attacker.close()
    await served.service.stop()
    await scene.end()
  }
})
