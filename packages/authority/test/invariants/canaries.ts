import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseHeader, unwrapFileKey, MlKem768X25519Recipient } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import { makeDeposit } from '@strongroom/core/client'
import { SigningKey } from '@strongroom/core/container'
import { keyNameOf, parseKeyBlobs, type MessageSigner } from '@strongroom/core/protocol'
import { releaseBlob } from '../../src/custodian/wrapped-key.ts'
import { ROUTES } from '../../src/http/route-table.ts'
import { sha256 } from '../../src/model/digest.ts'
import { backup } from '../../src/setup/backup.ts'
import { bytesOf, pairOf } from '../support/authority.ts'
import { ADA, BO, CUSTODIAN, EVE, NEWCOMER, RECIPIENT } from '../support/recovery.ts'
import { findings } from '../support/scene-fsck.ts'
import type { Scene } from '../support/scene.ts'
import { configurationOf, serve, type Served } from '../support/served.ts'
import { ask, asNamed, people, releasedThrough } from './asking.ts'
import { Hunt } from './hunt.ts'

/** An owner whose session keys are known here, an authority that has them, and all that it ever says. */
export async function huntCanaries(scene: Scene, databaseFiles: () => string | undefined): Promise<void> {
  const secret = new Uint8Array(randomBytes(32))
  const code = SigningKey.fromSecretBytes('ed25519', secret)
  const codePair: MessageSigner = { signer: code.signer.toString(), sign: (message) => code.sign(message) }
  const sessionKeys = [new Uint8Array(randomBytes(16)), new Uint8Array(randomBytes(16))] as const
  const description = `a canary called ${toHex(new Uint8Array(randomBytes(8)))}`
  const hunt = new Hunt({
    'a session key': sessionKeys[0],
    'another session key': sessionKeys[1],
    'the recovery code': secret,
    'a sealed description': Buffer.from(description),
  })
  const served = await serve(scene)
  const blobs = sessionKeys.map((sessionKey) => canary(served, sessionKey, description))
  const victim = await people(served, blobs, [codePair])
  const evidence = [{ kind: 'recovery-code', key: codePair.signer }] as const
  const { answer, digest } = await ask(served, victim, { evidence }, [NEWCOMER, codePair])
  assert.equal(answer.status, 200, answer.text)
  const recipient = MlKem768X25519Recipient.parse(RECIPIENT.recipient().toString())
  const released = victim.deposits.map((id, i) => ({
    id,
    blob: releaseBlob(sessionKeys[i] ?? sessionKeys[0], recipient, { request: digest, deposit: id }),
  }))
  await releasedThrough(served, victim.tenancy, { digest, blobs: released })
  const path = `/v1/requests/${toHex(digest)}/release`
  await everyRoute(served, hunt, { digest, codePair, victim })
  // The one way out: who asked has the key that opens what was released.
  const handed = await asNamed(served, named(NEWCOMER), path)
  const opened = parseKeyBlobs(handed.body).map((blob) =>
    toHex(unwrapFileKey(parseHeader(blob), [RECIPIENT])),
  )
  assert.deepEqual(opened.toSorted(), sessionKeys.map(toHex).toSorted())

  hunt.look('its metrics', await (await fetch(served.service.metricsUrl ?? '')).text())
  hunt.look('its log', served.lines.join(''))
  assert.ok(served.lines.length > 20)
  for (const finding of await findings(served.service.authority.store, scene.authority)) {
    hunt.look('fsck', JSON.stringify(finding))
  }
  await everyTable(scene, hunt)
  const configuration = await keysOf(scene)
  await backup(configuration, join(scene.database.folder, 'backup'), { now: scene.now })
  await served.service.stop()
  const files = [scene.database.folder, databaseFiles()].flatMap((folder) =>
    folder === undefined ? [] : hunt.lookBelow(folder),
  )
  // The scan looks at the right place: what it may find is there.
  const known = Buffer.from(blobs[0]?.subarray(-64) ?? new Uint8Array(64))
  assert.ok(
    files.some((content) => content.includes(known)),
    'the deposit itself is in a file',
  )
  assert.ok(hunt.seen > 60, `${hunt.seen} seen`)
}

const named = (pair: MessageSigner) => ({ pair, name: keyNameOf(sha256, pair.signer) })

function canary(served: Served, sessionKey: Uint8Array, text: string): Uint8Array {
  const { owner } = served.client()
  const [epoch] = served.scene.authority.chain.epochs
  if (!epoch) throw new RangeError('no epoch')
  return makeDeposit({
    epoch,
    tenant: owner.tenant,
    clientId: owner.client,
    // As `pairOf` has it.
    signingKey: SigningKey.fromSecretBytes('ed25519', bytesOf(0x10001)),
    retention: 'ten-years',
    createdMs: served.scene.now,
    sessionKey,
    format: 'file',
    serial: new Uint8Array(randomBytes(16)),
    description: { kind: 'sealed', text },
  }).blob
}

/** Every route, asked by everybody: with what is there, and with a body that nobody would send. */
async function everyRoute(
  served: Served,
  hunt: Hunt,
  {
    digest,
    codePair,
    victim,
  }: {
    readonly digest: Uint8Array
    readonly codePair: MessageSigner
    readonly victim: Awaited<ReturnType<typeof people>>
  },
): Promise<void> {
  const { client, deposits } = victim
  const [id = digest] = deposits
  const values: Readonly<Record<string, string>> = {
    id: toHex(id),
    digest: toHex(digest),
    client: client.owner.client,
    link: `${toHex(digest)}${'00'.repeat(32)}`,
    tile: 'entries/000.p/8',
  }
  const owner = { pair: client.pair, name: client.owner.client }
  const callers = [owner, ...[NEWCOMER, codePair, ADA, BO, EVE, CUSTODIAN, pairOf(99)].map(named)]
  let good = 0
  for (const { method, path, bodies } of ROUTES) {
    const target = path.replace(/\{([a-z]+)\}/, (_, name: string) => values[name] ?? '')
    for (const caller of callers) {
      const type = Object.keys(bodies ?? {})[0]
      const body = method === 'GET' ? undefined : new Uint8Array(44)
      const answer = await asNamed(served, caller, target, {
        method,
        ...(body && { body }),
        ...(body && type && { type }),
      })
      hunt.look(`${method} ${target}`, Buffer.concat([Buffer.from(answer.lines.join('\n')), answer.body]))
      if (answer.status === 200) good++
    }
  }
  assert.ok(good > 40, `${good} answers`)
}

/** What anybody who may ask the database anything gets. */
async function everyTable({ database }: Scene, hunt: Hunt): Promise<void> {
  const sqlite = !database.address.startsWith('postgresql:')
  const tables = await database.sql(
    sqlite
      ? "select name from sqlite_schema where type = 'table'"
      : "select tablename as name from pg_tables where schemaname = 'public'",
  )
  assert.ok(tables.length > 8)
  for (const { name } of tables) {
    for (const row of await database.sql(`select * from "${String(name)}"`)) {
      for (const [column, value] of Object.entries(row)) {
        hunt.look(`${String(name)}.${column}`, value instanceof Uint8Array ? value : String(value))
      }
    }
  }
}

async function keysOf(scene: Scene) {
  const keys = join(scene.database.folder, 'log-keys')
  writeFileSync(keys, scene.authority.keysText)
  const database = scene.database.address.startsWith('postgresql:')
    ? ({ engine: 'postgres', url: scene.database.address } as const)
    : ({ engine: 'sqlite', path: scene.database.address } as const)
  return configurationOf(scene, { log: { keys, signed: scene.signedPath() }, database: database as never })
}
