import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  newApproval,
  newRecoveryRequest,
  RecoveryStore,
  submitRecovery,
  type MadeDeposit,
  type RecoveryFolder,
  type RecoveryMeans,
} from '../../src/client/index.ts'
import { createContainer, type KeyContainer } from '../../src/container/index.ts'
import { newSerial } from '../../src/keyblob/index.ts'
import { bytesOf } from '../protocol/fixtures.ts'
import { IDENTITY, OFFICERS } from '../protocol/recovery-fixtures.ts'
import { codeKey, DAY, HOUR, OWNER_ID, RecoveryAuthority, START } from './recovery-authority.ts'

/** Somebody who has lost everything but a code, and an authority that has two deposits of theirs. */
export interface Scene {
  readonly authority: RecoveryAuthority
  readonly container: KeyContainer
  readonly deposits: readonly MadeDeposit[]
  readonly store: RecoveryStore
  readonly folder: RecoveryFolder
  readonly means: RecoveryMeans
}

/** A folder of a test, which goes with it. */
export function temporaryFolder(t: Pick<TestContext, 'after'>): string {
  const path = mkdtempSync(join(tmpdir(), 'recovery-test-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

export const SESSION_KEYS = [bytesOf(0x71, 16), bytesOf(0x72, 16)] as const

/** A recovery that was begun and not sent. */
export async function scene(t: Pick<TestContext, 'after'>): Promise<Scene> {
  const authority = new RecoveryAuthority()
  const deposits = SESSION_KEYS.map((sessionKey, i) =>
    authority.keep({
      sessionKey,
      serial: newSerial(START + i),
      description: { kind: 'sealed', text: `file ${i}` },
    }),
  )
  const container = createContainer({ name: 'new', now: new Date(START) })
  authority.wait(HOUR)
  const [charter] = (await authority.charters()).charters
  if (!charter) throw new RangeError('no charter')
  const { statement } = newRecoveryRequest({
    identity: IDENTITY.fingerprint,
    tenant: 'acme',
    charter: authority.stated[charter.charter.index]?.digest ?? new Uint8Array(32),
    class: 'self',
    client: OWNER_ID,
    deposits: deposits.map(({ id }) => id),
    container,
    evidence: [{ kind: 'recovery-code', key: codeKey }],
    requester: null,
    reason: 'the laptop burnt',
    reference: null,
    nowMs: authority.nowMs,
    validSeconds: (7 * DAY) / 1000,
  })
  const store = new RecoveryStore(join(temporaryFolder(t), 'recoveries'))
  const folder = store.create(
    {
      purpose: 'recovery',
      url: 'https://vault.example.org',
      ca: null,
      identity: IDENTITY.fingerprint,
      tenant: 'acme',
      client: OWNER_ID,
      container: 'new',
      request: statement,
      deposits: deposits.map(({ id }) => id),
      files: [],
      createdMs: authority.nowMs,
    },
    authority.chain,
  )
  const means = { wire: authority, container, now: () => authority.nowMs }
  return { authority, container, deposits, store, folder, means }
}

/** One that was sent. */
export async function submitted(t: Pick<TestContext, 'after'>): Promise<Scene> {
  const all = await scene(t)
  await submitRecovery(all.folder, all.means)
  return all
}

/** An officer approves. */
export async function approve({ authority, folder }: Scene, officer: 0 | 1 | 2): Promise<void> {
  await authority.submit(
    newApproval(
      {
        identity: IDENTITY.fingerprint,
        tenant: 'acme',
        subject: folder.digest,
        key: OFFICERS[officer],
        nowMs: authority.nowMs,
      },
      {
        person: ['bo', 'cy', 'di'][officer] ?? '',
        evidence: 'called back on the number that we knew',
        expires: authority.nowMs + 5 * DAY,
      },
    ),
  )
}

/** One that two officers approved, and whose time has come. */
export async function approved(t: Pick<TestContext, 'after'>): Promise<Scene> {
  const all = await submitted(t)
  all.authority.wait(HOUR)
  await approve(all, 0)
  await approve(all, 1)
  all.authority.wait(DAY)
  return all
}
