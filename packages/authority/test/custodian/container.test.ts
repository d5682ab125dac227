import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { MlKem768X25519Identity } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import { openDeposit } from '@strongroom/core/client'
import { createContainer, encodeContainer } from '@strongroom/core/container'
import { encodeTerms, parseKeyBlobs, type Charter, type RecoveryBundle } from '@strongroom/core/protocol'
import {
  CustodianError,
  CustodianFolder,
  encodeForShares,
  handOut,
  keyIdOf,
  keysOfContainer,
  releaseBundle,
  SECRET_BYTES,
  ShareCollection,
  splitSecret,
  unlockWithShares,
} from '../../src/custodian/index.ts'
import { bytesOf } from '../support/authority.ts'
import { approvalOf, JUDGED_AT, REQUESTED, statementsFrom, story, withRelease, type Story } from './story.ts'
import { ADA, CHARTER, DAY, digestOf, IDENTITY_PRINT, MINUTE, START, World } from './world.ts'

const root = await mkdtemp(join(tmpdir(), 'containers-'))
after(() => rm(root, { recursive: true }))

const own = createContainer({ name: 'key', profile: 'pq', now: new Date(START) })
const [exchange] = own.identities().filter((identity) => identity instanceof MlKem768X25519Identity)
const custodian = keysOfContainer(own).signer
const PASSPHRASE = 'correct horse battery staple'

function folderOf(name: string, told: Pick<Story, 'charter'>): CustodianFolder {
  const folder = join(root, name)
  const container = encodeContainer(own, { kind: 'passphrase', passphrase: PASSPHRASE, logN: 1 })
  const settings = { identity: IDENTITY_PRINT, freshness: 86_400, url: null }
  CustodianFolder.create({ folder, settings, container, now: START - DAY })
  const opened = CustodianFolder.open(folder)
  opened.introduce('acme', told.charter)
  return opened
}

describe('a custodian with a container', () => {
  test('opens with its passphrase, and with shares once it is divided', async () => {
    assert.ok(exchange)
    const told = story({ custodian, exchange })
    const folder = folderOf('shared', told)
    const unlocked = folder.container().unlock(PASSPHRASE)
    const secret = bytesOf(77, SECRET_BYTES)
    const { texts, set } = await splitSecret(secret, {
      threshold: 2,
      count: 3,
      key: keyIdOf(unlocked.info()),
    })
    folder.protect(encodeForShares(unlocked, secret), set)
    unlocked.wipe()
    assert.throws(() => folder.container().unlock(PASSPHRASE))
    const locked = folder.container()
    const shares = new ShareCollection(folder.shares(locked))
    for (const i of [2, 0]) shares.add(texts[i] ?? '')
    const keys = keysOfContainer(await unlockWithShares(locked, shares))
    const { release } = releaseBundle(told.bundle, folder, keys, told.now)
    keys.wipe()
    assert.equal(release.count, 2)
    folder.close()
  })

  test('wipes its keys: nothing is signed or opened afterwards', () => {
    const told = story({ custodian, ...(exchange && { exchange }) })
    const folder = folderOf('wiped', told)
    const keys = keysOfContainer(folder.container().unlock(PASSPHRASE))
    keys.wipe()
    assert.throws(() => keys.signer.sign(new Uint8Array(1)))
    folder.close()
  })

  for (const format of ['simple-blob', 'password-parameters'] as const) {
    test(`releases the session key of a ${format}; what it encloses stays in the deposit (I13)`, () => {
      const enclosed = bytesOf(0xe11c, 300)
      const told = story({ custodian, ...(exchange && { exchange }), deposit: { format, enclosed } })
      const folder = folderOf(format, told)
      const keys = keysOfContainer(folder.container().unlock(PASSPHRASE))
      const { envelope } = releaseBundle(told.bundle, folder, keys, told.now)
      const next = withRelease(told, envelope)
      const { blobs } = handOut(next.bundle, folder, next.now)
      assert.equal(Buffer.from(blobs).indexOf(Buffer.from(enclosed)), -1)
      assert.equal(parseKeyBlobs(blobs).length, 2)
      const [blob = new Uint8Array(0)] = told.bundle.deposits
      assert.deepEqual(openDeposit(blob, keys.identities).enclosed, enclosed)
      folder.close()
    })
  }
})

/** Ada proposes the next charter; two officers agree. */
function proposal(changes: Partial<Charter> = {}): Story & { readonly next: Charter } {
  const world = new World({ custodian, ...(exchange && { exchange }) })
  const charter = world.state('charter', CHARTER)
  world.fill(3)
  const next: Charter = {
    ...CHARTER,
    number: 2,
    previous: digestOf(charter),
    by: ADA.signer,
    created: REQUESTED,
    ...changes,
  }
  const request = world.state('charter', next)
  const subject = digestOf(request)
  const approvals = ([0, 1] as const).map((officer) => world.state('approval', approvalOf(subject, officer)))
  const start = world.indexOf(subject)
  const bundle: RecoveryBundle = {
    epochs: world.epochs,
    terms: encodeTerms(world.terms),
    charters: [{ charter }],
    subject: request,
    deposits: [],
    enrolments: [],
    evidence: [],
    receipt: world.receipt(subject, REQUESTED + MINUTE),
    checkpoint: world.checkpoint(JUDGED_AT),
    range: world.range({ start }),
    statements: statementsFrom(world, start, []),
    proofs: world.proofs([...world.epochs, charter].map(digestOf), { start }),
  }
  return {
    world,
    bundle,
    charter: digestOf(charter),
    request,
    subject,
    approvals,
    codes: charter,
    now: JUDGED_AT + MINUTE,
    next,
  }
}

const refuses = (code: CustodianError['code'], run: () => unknown): void => {
  assert.throws(run, (error) => error instanceof CustodianError && error.code === code)
}

describe('a charter that is to follow', () => {
  const keys = keysOfContainer(own)
  test('is released like a request, without deposits', () => {
    const told = proposal()
    const folder = folderOf('charter', told)
    const { release, subject } = releaseBundle(told.bundle, folder, keys, told.now)
    assert.deepEqual([release.kind, release.count, toHex(subject)], ['charter', 0, toHex(told.subject)])
    refuses('CUSTODIAN_RELEASE', () => handOut(told.bundle, folder, told.now))
    folder.close()
  })
  test('with fewer approvals than two, or of another standing, is refused (M10)', () => {
    const { policy } = CHARTER
    const lax = { ...policy, self: { ...policy.self, approvals: 1 } }
    for (const [i, changes] of [{ policy: lax }, { standing: 'personal' }, { number: 3 }].entries()) {
      const told = proposal(changes as Partial<Charter>)
      const folder = folderOf(`lax-${i}`, told)
      refuses('BUNDLE_PROPOSAL', () => releaseBundle(told.bundle, folder, keys, told.now))
      assert.equal(folder.knowledge().spent.size, 0)
      folder.close()
    }
  })
  test('of which two are approved: the second has no predecessor any more', () => {
    const told = proposal()
    const folder = folderOf('successors', told)
    const { envelope } = releaseBundle(told.bundle, folder, keys, told.now)
    const { world } = told
    world.add('release', envelope)
    const rival = world.state('charter', { ...told.next, created: REQUESTED + MINUTE })
    const subject = digestOf(rival)
    for (const officer of [0, 1] as const) world.state('approval', approvalOf(subject, officer))
    const start = told.bundle.range.start
    const at = JUDGED_AT + 2 * DAY
    const bundle: RecoveryBundle = {
      ...told.bundle,
      subject: rival,
      charters: [...told.bundle.charters, { charter: told.request, release: envelope }],
      receipt: world.receipt(subject, JUDGED_AT),
      checkpoint: world.checkpoint(at),
      range: world.range({ start }),
      statements: statementsFrom(world, start, []),
      proofs: world.proofs(
        told.bundle.proofs.map(({ digest }) => digest),
        { start },
      ),
    }
    refuses('BUNDLE_PROPOSAL', () => releaseBundle(bundle, folder, keys, at))
    assert.equal(folder.knowledge().charters.get('acme')?.number, 2)
    folder.close()
  })
})
