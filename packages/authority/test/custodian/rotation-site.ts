import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { encodeHeader, encodeStanza, MlKem768X25519Identity } from '@strongroom/core/age'
import { utf8Encode } from '@strongroom/core/bytes'
import { CustodianClient, makeDeposit, parseDepositBlob, type Transport } from '@strongroom/core/client'
import { createContainer, encodeContainer, exchangePair, SigningKey } from '@strongroom/core/container'
import {
  encodeDepositBody,
  fingerprintOf,
  keyNameOf,
  parseDepositBody,
  type Epoch,
  type VerifiedStatement,
} from '@strongroom/core/protocol'
import {
  CustodianFolder,
  keysOfContainer,
  type CustodianKeys,
  type RewrapWire,
} from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf, START, TestAuthority, type TestClient } from '../support/authority.ts'
import { logged, Scene } from '../support/scene.ts'
import { serve, PUBLIC_URL, type Served } from '../support/served.ts'
import { request } from '../support/raw-request.ts'

// An authority whose exchange key was changed, its real service, and a custodian with both keys.

const AT_ONCE = 100
const DEPOSITS_APART = 10_000_000
const MONTH = 30 * 86_400_000
export const PASSPHRASE = 'a passphrase'

const own = createContainer({ name: 'key', profile: 'pq', now: new Date(START) })
/** The exchange pairs of epochs are those of `TestAuthority`: age's identity of 32 times the number. */
export const exchangeOf = (number: number): MlKem768X25519Identity =>
  MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(number))

export interface SiteOptions {
  /** How many epochs there are; the last is the one in force. */
  readonly epochs?: number
  /** Deposits of each epoch but the last; some of them do not open. */
  readonly deposits?: number
  readonly wrong?: readonly number[]
}

/** Everything for a rotation. */
export class RotationSite {
  readonly scene: Scene
  readonly served: Served
  readonly folder: string
  readonly ids: readonly Uint8Array[]
  readonly client: TestClient

  private constructor(scene: Scene, served: Served, folder: string, ids: Uint8Array[], client: TestClient) {
    this.scene = scene
    this.served = served
    this.folder = folder
    this.ids = ids
    this.client = client
  }

  static async open(
    { database }: Pick<Scene, 'database'>,
    { epochs = 2, deposits = 5, wrong = [] }: SiteOptions = {},
  ): Promise<RotationSite> {
    const custodian = own.signingKey('pq').signer.toString()
    const scene = new Scene(database, new TestAuthority({ epochs, custodian }))
    const store = await scene.open()
    const { log, clients } = await scene.peopled(store)
    const [client] = clients
    if (!client) throw new RangeError('nobody is enrolled')
    const ids: Uint8Array[] = []
    for (const [i, epoch] of scene.authority.chain.epochs.entries()) {
      const { number } = epoch.payload
      const [record] = scene.authority.epochs().slice(i)
      if (number > 1 && record) logged((await log.append([record]))[0])
      const wanted = number < epochs ? deposits : 0
      for (let from = 0; from < wanted; from += AT_ONCE) {
        const blobs = Array.from({ length: Math.min(AT_ONCE, wanted - from) }, (_, n) =>
          depositFor(client, epoch, DEPOSITS_APART * number + from + n, wrong.includes(from + n)),
        )
        for (const outcome of await log.append(blobs.map((blob) => client.admit(blob)))) logged(outcome)
        ids.push(...blobs.map((blob) => sha256(blob)))
      }
    }
    await log.close()
    await scene.close(store)
    scene.now = START + (epochs - 1) * MONTH + 3_600_000
    const served = await serve(scene, { clients })
    const folder = join(database.folder, 'custody')
    const site = new RotationSite(scene, served, folder, ids, client)
    try {
      site.makeFolder(folder)
      return site
    } catch (error) {
      await site.end()
      throw error
    }
  }

  makeFolder(folder: string): void {
    const container = createContainerOf(this.scene.authority.chain.epochs)
    CustodianFolder.create({
      folder,
      settings: { identity: this.identity, freshness: 86_400, url: PUBLIC_URL },
      container,
      now: this.scene.now,
    })
  }

  get identity(): string {
    return fingerprintOf(sha256, this.scene.authority.identity.signer)
  }

  get now(): () => number {
    return () => this.scene.now
  }

  keys(folder: CustodianFolder): CustodianKeys {
    return keysOfContainer(folder.container().unlock(PASSPHRASE))
  }

  wire(keys: CustodianKeys): RewrapWire & CustodianClient {
    return wireTo(this.served.port, keys, this.now)
  }

  /** Deposits a file's key for an epoch, whatever came of it. @returns its id, or why not */
  async deposit(epochNumber: number, seed: number): Promise<Uint8Array | string> {
    const epoch = this.scene.authority.chain.find(epochNumber)
    if (!epoch) throw new RangeError('no such epoch')
    const blob = depositFor(this.client, epoch, seed, false)
    const [outcome] = await this.served.service.authority.log.append([this.client.admit(blob)])
    return outcome?.state === 'refused' ? outcome.reason : sha256(blob)
  }

  /** Makes the authority forget which epochs are complete, as no honest one does. */
  async reopenEpochs(): Promise<void> {
    const { database } = this.scene
    const db = new DatabaseSync(join(database.folder, 'authority.db'))
    db.exec('delete from completed')
    db.close()
  }

  async end(): Promise<void> {
    await this.served.service.stop()
    await this.scene.end()
  }
}

/** Asks the service on a port of this machine, as the custodian of the public address. */
export function wireTo(port: number, keys: CustodianKeys, now: () => number): RewrapWire & CustodianClient {
  const { sign, signer } = keys.signer
  const credentials = { clientId: keyNameOf(sha256, signer), sign }
  return new CustodianClient({ url: PUBLIC_URL, transport: transportTo(port), credentials, now })
}

const transportTo = (port: number): Transport => ({
  request: async ({ method, path, headers, body }) => {
    const answer = await request(port, {
      method,
      target: path,
      fields: [
        ['Host', new URL(PUBLIC_URL).host],
        ['Connection', 'close'],
        ...(body ? [['Content-Length', String(body.length)] as const] : []),
        ...Object.entries(headers),
      ],
      ...(body && { body }),
    })
    const { status, lines, body: bytes } = answer
    return { status, headers: Object.fromEntries(lines.map(fieldOf)), body: bytes }
  },
  close: () => {},
})

const fieldOf = (line: string): [string, string] => {
  const at = line.indexOf(':')
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
}

/** A container that signs as the custodian, and has the exchange pairs of these epochs, the last one active. */
export function createContainerOf(epochs: readonly VerifiedStatement<Epoch>[]): Uint8Array {
  const held = new Set(own.info().keys.map((key) => key.public))
  for (const { payload } of epochs) {
    if (held.has(payload.exchange)) continue
    const pair = exchangePair(exchangeOf(payload.number))
    own.addKey(pair, { use: 'exchange', state: 'active', now: new Date(START) })
  }
  return encodeContainer(own, { kind: 'passphrase', passphrase: PASSPHRASE, logN: 1 })
}

/** The key blob of a deposit of real session keys. @param wrong it holds another session key than it promises */
export function depositFor(
  client: TestClient,
  epoch: VerifiedStatement<Epoch>,
  seed: number,
  wrong: boolean,
): Uint8Array {
  const { blob } = makeDeposit({
    epoch,
    tenant: client.owner.tenant,
    clientId: client.owner.client,
    signingKey: SigningKey.fromSecretBytes('ed25519', bytesOf(0x10001)),
    retention: 'ten-years',
    createdMs: START + seed,
    sessionKey: bytesOf(seed, 16),
    format: 'file',
    serial: bytesOf(seed, 16),
  })
  return wrong ? lyingDeposit(client, epoch, blob) : blob
}

function lyingDeposit(
  client: TestClient,
  { payload }: VerifiedStatement<Epoch>,
  blob: Uint8Array,
): Uint8Array {
  const { header, body } = parseDepositBlob(blob)
  const sessionKey = bytesOf(0x11e, 16)
  const wrapped = exchangeOf(payload.number).recipient().wrap(sessionKey)
  const { context } = parseDepositBody(body)
  const recipientDigest = sha256(utf8Encode(encodeStanza(wrapped)))
  const lying = encodeDepositBody({ ...context, recipientDigest }, client.pair.sign)
  const [, stanza] = header.stanzas
  if (!stanza) throw new RangeError('a deposit has two stanzas')
  return encodeHeader([wrapped, { ...stanza, body: lying }], sessionKey)
}
