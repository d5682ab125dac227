import { randomBytes } from 'node:crypto'
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { CustodianFolder, handOut, keysOfContainer, readBundle, releaseBundle } from '@strongroom/authority'
import { toBase64 } from '@strongroom/core/bytes'
import { keyCredentials, nodeMeans, sha256 } from '@strongroom/core/client'
import {
  ContainerStore,
  parseContainer,
  type KeyContainer,
  type SigningKey,
} from '@strongroom/core/container'
import {
  ACTS,
  encodeCharterProposal,
  encodeEnvelope,
  encodeTerms,
  fingerprintOf,
  LIMITS,
  MEDIA_TYPES,
  openStatement,
  signRequest,
  signStatement,
  statementDigest,
  type Charter,
  type CharterPerson,
  type MessageSigner,
  type Role,
} from '@strongroom/core/protocol'
import { initialised } from './fixtures.ts'
import type { Home } from './program.ts'
import { Vault, VAULT_PASSPHRASE, type VaultOptions } from './vault.ts'

// People around a real authority: an owner, three officers with computers of their own, a custodian. Nothing waits here: the terms
// of this authority allow requests to be released as soon as two officers approved.

const TERMS = encodeTerms({ retention: ['standard'], floor: { approvals: 2, waiting: 0 }, witnesses: null })
const RULE = { approvals: 2, waiting: 0, expiry: 86_400, evidence: { need: 0, of: [] } } as const

/** What a person of these tests is called. */
export type OfficerName = 'bo' | 'cy' | 'di'

const pair = (key: SigningKey): MessageSigner => ({
  signer: key.signer.toString(),
  sign: (message) => key.sign(message),
})

const person = (id: string, signer: string, ...roles: Role[]): CharterPerson => ({
  id,
  name: id,
  signers: [fingerprintOf(sha256, signer)],
  roles,
})

/** How an organisation differs from the ordinary. */
export interface OrganisationOptions extends Pick<VaultOptions, 'settings'> {
  /** Rules of its first charter that are others. */
  readonly rules?: Partial<Charter['policy']>
}

/** An authority with a tenant in which somebody decides. */
export class Organisation {
  readonly vault: Vault
  readonly owner: Home
  readonly officers: Readonly<Record<OfficerName, Home>>
  /** The computer of Ada, who administers; `administrator` enrols it. */
  readonly ada: Home
  readonly charter: Uint8Array

  private constructor(
    vault: Vault,
    owner: Home,
    officers: Record<OfficerName, Home>,
    { ada, charter }: { readonly ada: Home; readonly charter: Uint8Array },
  ) {
    this.ada = ada
    this.vault = vault
    this.owner = owner
    this.officers = officers
    this.charter = charter
  }

  static async open(
    t: Pick<TestContext, 'after'>,
    { rules = {}, settings }: OrganisationOptions = {},
  ): Promise<Organisation> {
    const vault = await Vault.open(t, { policy: TERMS, ...(settings && { settings }) })
    await vault.service.authority.store.recovery.addTerms(TERMS)
    const [owner, bo, cy, di] = [
      await vault.client(t),
      await vault.client(t),
      await vault.client(t),
      await vault.client(t),
    ]
    const ada = initialised(t)
    const charter = await decree(vault, ada, { bo, cy, di }, rules)
    return new Organisation(vault, owner, { bo, cy, di }, { ada, charter })
  }

  get #custodian(): KeyContainer {
    return containerAt(join(this.vault.folder, 'custodian.container'))
  }

  /** The administrator's computer, enrolled. */
  async administrator(): Promise<Home> {
    const { ada, vault } = this
    await ada.ok(['enroll', '-', '--as', 'vault', '--no-codes'], { stdin: await vault.invitation() })
    return ada
  }

  /** The custodian releases a request and hands the keys out; or a charter. */
  async release(request: string, kind: 'request' | 'charter' = 'request'): Promise<void> {
    const path = join(this.vault.folder, 'custody')
    const container = readFileSync(join(this.vault.folder, 'custodian.container'))
    const settings = { identity: this.vault.identity, freshness: 86_400, url: null }
    // Made long ago: what it saw then was without the request, and the waiting begins no earlier.
    if (!existsSync(path)) {
      CustodianFolder.create({ folder: path, settings, container, now: Date.now() - 86_400_000 })
    }
    const folder = CustodianFolder.open(path)
    folder.introduce('default', this.charter)
    const keys = keysOfContainer(this.#custodian)
    try {
      const made = releaseBundle(readBundle(await this.#bundle(request)), folder, keys, Date.now())
      await this.post('/v1/releases', MEDIA_TYPES.envelope, encodeEnvelope(made.envelope))
      if (kind === 'charter') return
      const { blobs } = handOut(readBundle(await this.#bundle(request)), folder, Date.now())
      await this.#asCustodian('PUT', `/v1/requests/${request}/release`, blobs)
    } finally {
      folder.close()
    }
  }

  async #bundle(request: string): Promise<Uint8Array> {
    return await this.#asCustodian('GET', `/v1/requests/${request}/bundle`)
  }

  async #asCustodian(method: string, target: string, body?: Uint8Array): Promise<Uint8Array> {
    const { clientId, sign } = keyCredentials(pair(this.#custodian.signingKey('pq')))
    const created = Math.floor(Date.now() / 1000)
    const nonce = toBase64(new Uint8Array(randomBytes(16)))
    const params = { created, expires: created + LIMITS.signatureSeconds, nonce, clientId }
    const authority = new URL(this.vault.url).host
    const fields = signRequest(sha256, { method, authority, target, ...(body && { body }) }, params, sign)
    const headers = { ...fields, ...(body && { 'content-type': MEDIA_TYPES.keyBlobs }) }
    const answer = await fetch(`${this.vault.url}${target}`, {
      method,
      headers,
      ...(body && { body: Buffer.from(body) }),
    })
    const bytes = new Uint8Array(await answer.arrayBuffer())
    assert.equal(answer.status, 200, `${method} ${target}: ${Buffer.from(bytes).toString()}`)
    return bytes
  }

  async post(target: string, type: string, body: Uint8Array): Promise<void> {
    await post(this.vault, target, type, body)
  }
}

/** The first charter: the identity key signs it. @returns its digest */
async function decree(
  vault: Vault,
  administrator: Home,
  officers: Readonly<Record<OfficerName, Home>>,
  rules: Partial<Charter['policy']>,
): Promise<Uint8Array> {
  const identity = containerAt(join(vault.folder, 'identity.container'))
  const by = pair(identity.signingKey('pq'))
  const ada = signerOf(administrator)
  const signers = Object.entries(officers).map(([id, home]) => [id, signerOf(home)] as const)
  const charter: Charter = {
    identity: vault.identity,
    tenant: 'default',
    number: 1,
    standing: 'shared',
    people: [person('ada', ada, 'administrator'), ...signers.map(([id, key]) => person(id, key, 'officer'))],
    policy: {
      self: { ...RULE, evidence: { need: 1, of: ['client-key', 'recovery-code', 'vetting'] } },
      'third-party': RULE,
      'break-glass': RULE,
      charter: RULE,
      ...rules,
    },
    by: by.signer,
    previous: null,
    created: Math.floor(Date.now() / 1000) * 1000,
  }
  const statement = signStatement(sha256, ACTS.charter, charter, [by])
  openStatement(ACTS.charter, statement, nodeMeans)
  const keys = [ada, ...signers.map(([, key]) => key)]
  await post(vault, '/v1/statements', MEDIA_TYPES.json, encodeCharterProposal({ statement, keys }))
  return statementDigest(sha256, statement)
}

async function post(vault: Vault, target: string, type: string, body: Uint8Array): Promise<void> {
  const answer = await fetch(`${vault.url}${target}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: Buffer.from(body),
  })
  assert.equal(answer.status, 200, `POST ${target}: ${await answer.text()}`)
}

function containerAt(path: string): KeyContainer {
  return parseContainer(readFileSync(path)).unlock(VAULT_PASSPHRASE)
}

/** The signature key of the default container on somebody's computer. */
export function signerOf(home: Home): string {
  const container = new ContainerStore(`${home.home}/containers`).load('default').unlock(undefined)
  return container.signingKey().signer.toString()
}

/** The groups of a request, as the screen of whoever asks shows them. */
export function groupsIn(stdout: string): string {
  return /compare +((?:[0-9A-F]{4} ){7}[0-9A-F]{4})/.exec(stdout)?.[1] ?? ''
}

/** The id by which the authority knows somebody's computer. */
export function clientOf(home: Home): string {
  const state = home.text('home/authorities/vault/authority.json')
  return /"clientId":"(c-[0-9a-f]+)"/.exec(state)?.[1] ?? ''
}

/** The requests that were made on somebody's computer, sorted. */
export const requestsOf = (home: Home): string[] => readdirSync(home.path('home/recoveries')).toSorted()

/** An officer compares, and approves. */
export async function approve(officer: Home, request: string): Promise<void> {
  const words = ['--checked', 'called back', '--yes', '--digest', request]
  await officer.ok(['officer', 'approve', request, ...words])
}
