import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { parseHeader, unwrapFileKey } from '@strongroom/core/age'
import { equalBytes, toBase64, toHex } from '@strongroom/core/bytes'
import { createContainer, encodeContainer } from '@strongroom/core/container'
import {
  ACTS,
  openStatement,
  parseKeyBlobs,
  parseReleaseBody,
  releaseListDigest,
  type Envelope,
} from '@strongroom/core/protocol'
import {
  CustodianError,
  CustodianFolder,
  handOut,
  recoverReleases,
  releaseBundle,
  type CustodianKeys,
} from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { faultyCalls } from './faulty-calls.ts'
import {
  JUDGED_AT,
  REQUESTED,
  SESSION_KEYS,
  story,
  type Story,
  type StoryChanges,
  withRelease,
} from './story.ts'
import { CODE, DAY, IDENTITY_PRINT, KEYS, OWNER, RECIPIENT, signed, START, STRANGER } from './world.ts'

const root = await mkdtemp(join(tmpdir(), 'custodian-'))
after(() => rm(root, { recursive: true }))

// The folder's own container is not used: the keys of these tests are handed over. Its public part names the custodian all the same.
const { container, keys } = custodianKeys()
let made = 0

function custodianKeys(): { readonly container: Uint8Array; readonly keys: CustodianKeys } {
  const own = createContainer({ name: 'key', profile: 'pq', now: new Date(START) })
  const bytes = encodeContainer(own, { kind: 'passphrase', passphrase: 'a passphrase', logN: 1 })
  const key = own.signingKey('pq')
  const signer = { signer: key.signer.toString(), sign: (message: Uint8Array) => key.sign(message) }
  return { container: bytes, keys: { signer, identities: KEYS.identities, wipe: () => {} } }
}

/** A custodian that knows the tenant, for the world of these tests. */
function newFolder(told: Story): string {
  const path = join(root, `folder-${made++}`)
  const settings = { identity: IDENTITY_PRINT, freshness: 86_400, url: null }
  CustodianFolder.create({ folder: path, settings, container, now: START - DAY })
  const folder = CustodianFolder.open(path)
  folder.learn({ tenant: 'acme', charter: { first: told.charter, number: 1, digest: told.charter } })
  folder.close()
  return path
}

const told = (changes: StoryChanges = {}): Story => story({ ...changes, custodian: keys.signer })

const refuses = (code: CustodianError['code'], run: () => unknown): void => {
  assert.throws(run, (error) => error instanceof CustodianError && error.code === code)
}

describe('a release', () => {
  test('gives the requester what was deposited, bound to request and deposit (I7, I8, M3, M8)', () => {
    const usual = told()
    const folder = CustodianFolder.open(newFolder(usual))
    const release = releaseBundle(usual.bundle, folder, keys, usual.now)
    const next = withRelease(usual, release.envelope)
    const { blobs } = handOut(next.bundle, folder, next.now)
    folder.close()
    const ids = usual.bundle.deposits.map((blob) => sha256(blob))
    const list = parseKeyBlobs(blobs)
    assert.equal(list.length, 2)
    const found = list.map((blob, i) => {
      const header = parseHeader(blob)
      const [, stanza] = header.stanzas
      assert.ok(stanza)
      assert.deepEqual(parseReleaseBody(stanza.body), { request: usual.subject, deposit: ids[i] })
      return toHex(unwrapFileKey(header, [RECIPIENT]))
    })
    assert.deepEqual(found.toSorted(), SESSION_KEYS.map(toHex).toSorted())
    const statement = openStatement(ACTS.release, release.envelope, {
      sha256,
      verify: (signer, message, signature) =>
        signer === keys.signer.signer && signature.length > 0 && message.length > 0,
    }).payload
    const results = ids.map((id, i) => ({ id, blob: list[i] ?? new Uint8Array(0) }))
    assert.deepEqual(statement.results, releaseListDigest(sha256, results))
    assert.deepEqual(statement.subject, usual.subject)
    assert.deepEqual(statement.checkpoint.size, usual.world.leaves.length - 1)
  })

  test('is made once: the same answer again, whatever the second bundle says (I6, M9)', () => {
    const usual = told()
    const path = newFolder(usual)
    const folder = CustodianFolder.open(path)
    const first = releaseBundle(usual.bundle, folder, keys, usual.now)
    const second = releaseBundle({ ...usual.bundle, deposits: [] }, folder, keys, usual.now + 30 * DAY)
    folder.close()
    const again = CustodianFolder.open(path)
    const third = releaseBundle(usual.bundle, again, keys, usual.now)
    again.close()
    assert.equal(first.again, false)
    assert.deepEqual(second, { ...first, again: true })
    assert.deepEqual(third, { ...first, again: true })
  })

  test('spends the code that it rests on (M9)', () => {
    const usual = told()
    const folder = CustodianFolder.open(newFolder(usual))
    releaseBundle(usual.bundle, folder, keys, usual.now)
    assert.ok(folder.knowledge().codes.has(CODE.signer))
    folder.close()
  })

  test('of a charter has no deposits, and nothing to hand out', () => {
    const usual = told()
    const folder = CustodianFolder.open(newFolder(usual))
    refuses('CUSTODIAN_RELEASE', () => handOut(usual.bundle, folder, usual.now))
    folder.close()
  })

  test('of a deposit that holds another key than was promised is none: nothing is spent (I8)', () => {
    const other = bytesOf(0xbad, 16)
    const usual = told({ wrongKey: other })
    const folder = CustodianFolder.open(newFolder(usual))
    assert.throws(
      () => releaseBundle(usual.bundle, folder, keys, usual.now),
      (error) =>
        error instanceof CustodianError && error.code === 'CUSTODIAN_DEPOSITS' && error.digests?.length === 1,
    )
    assert.equal(folder.knowledge().spent.size, 0)
    folder.close()
  })

  test('needs the keys of the custodian of the epoch', () => {
    const usual = told()
    const folder = CustodianFolder.open(newFolder(usual))
    const others = { ...keys, signer: STRANGER }
    refuses('CUSTODIAN_KEY', () => releaseBundle(usual.bundle, folder, others, usual.now))
    assert.equal(folder.knowledge().spent.size, 0)
    folder.close()
  })

  test('keeps bytes as they are, zeros in front too (M28)', () => {
    const zeros = new Uint8Array(16)
    const one = Uint8Array.of(0, 0, 0, ...bytesOf(7, 13))
    const usual = told({ sessionKeys: [zeros, one] })
    const folder = CustodianFolder.open(newFolder(usual))
    const release = releaseBundle(usual.bundle, folder, keys, usual.now)
    const next = withRelease(usual, release.envelope)
    const list = parseKeyBlobs(handOut(next.bundle, folder, next.now).blobs)
    folder.close()
    const found = list.map((blob) => toHex(unwrapFileKey(parseHeader(blob), [RECIPIENT])))
    assert.deepEqual(found.toSorted(), [toHex(zeros), toHex(one)].toSorted())
  })
})

describe('handing out', () => {
  test('needs the release in the log, and its receipt (I9)', () => {
    const usual = told()
    const folder = CustodianFolder.open(newFolder(usual))
    refuses('CUSTODIAN_RELEASE', () => handOut(usual.bundle, folder, usual.now))
    const { envelope } = releaseBundle(usual.bundle, folder, keys, usual.now)
    refuses('BUNDLE_NOT_LOGGED', () => handOut(usual.bundle, folder, usual.now))
    const next = withRelease(usual, envelope)
    const { releaseReceipt: _, ...none } = next.bundle
    refuses('BUNDLE_RECEIPT', () => handOut(none, folder, next.now))
    refuses('BUNDLE_RECEIPT', () =>
      handOut({ ...next.bundle, releaseReceipt: next.bundle.receipt }, folder, next.now),
    )
    const first = handOut(next.bundle, folder, next.now)
    assert.deepEqual(handOut(next.bundle, folder, next.now), first)
    folder.close()
  })

  test('is refused when the request was cancelled before its release was logged (I5)', () => {
    const usual = told()
    const folder = CustodianFolder.open(newFolder(usual))
    const { envelope } = releaseBundle(usual.bundle, folder, keys, usual.now)
    const cancellation = signed('cancellation', {
      identity: IDENTITY_PRINT,
      tenant: 'acme',
      subject: usual.subject,
      capacity: 'owner',
      by: OWNER.signer,
      created: JUDGED_AT,
    })
    const next = withRelease(usual, envelope, {
      before: () => usual.world.add('cancellation', cancellation),
    })
    refuses('BUNDLE_DECIDED', () => handOut(next.bundle, folder, next.now))
    folder.close()
  })

  test('is refused when the release was logged after the request had expired', () => {
    const usual = told()
    const folder = CustodianFolder.open(newFolder(usual))
    const { envelope } = releaseBundle(usual.bundle, folder, keys, usual.now)
    const next = withRelease(usual, envelope, { at: REQUESTED + 8 * DAY })
    refuses('BUNDLE_EXPIRED', () => handOut(next.bundle, folder, next.now))
    folder.close()
  })
})

describe('a folder', () => {
  test('of yesterday notices what it has forgotten, until it is told (M14, I10)', async () => {
    const usual = told({ start: 0 })
    const path = newFolder(usual)
    const yesterday = `${path}-copy`
    await cp(path, yesterday, { recursive: true })
    const folder = CustodianFolder.open(path)
    const { envelope } = releaseBundle(usual.bundle, folder, keys, usual.now)
    folder.close()
    const next = withRelease(usual, envelope)
    const restored = CustodianFolder.open(yesterday)
    refuses('BUNDLE_FORGOTTEN', () => releaseBundle(next.bundle, restored, keys, next.now))
    recoverReleases(next.bundle, restored, next.now)
    refuses('BUNDLE_CODE_SPENT', () => releaseBundle(next.bundle, restored, keys, next.now))
    assert.ok(restored.knowledge().codes.has(CODE.signer))
    restored.close()
    const reopened = CustodianFolder.open(yesterday)
    assert.ok(reopened.knowledge().spent.has(toHex(usual.subject)))
    reopened.close()
  })

  test('is one process’s at a time', () => {
    const path = newFolder(told())
    const folder = CustodianFolder.open(path)
    refuses('CUSTODIAN_BUSY', () => CustodianFolder.open(path))
    folder.close()
    CustodianFolder.open(path).close()
  })

  test('whose disk fails at any call goes on where it was, and releases once (M15, M16)', () => {
    const usual = told()
    let calls = 0
    for (let failing = 0; ; failing++) {
      const path = newFolder(usual)
      const faults = faultyCalls(failing)
      const broken = CustodianFolder.open(path, faults.calls)
      let first: Envelope | undefined
      try {
        first = releaseBundle(usual.bundle, broken, keys, usual.now).envelope
      } catch (error) {
        assert.match(String(error), /the disk is gone/)
      }
      broken.close()
      const folder = CustodianFolder.open(path)
      const second = releaseBundle(usual.bundle, folder, keys, usual.now)
      if (first) assert.deepEqual(second.envelope, first)
      const third = releaseBundle(usual.bundle, folder, keys, usual.now)
      assert.deepEqual(third, { ...second, again: true })
      const leftovers = readdirSync(path, { recursive: true }).filter((name) => String(name).includes('.tmp'))
      assert.deepEqual(leftovers, [])
      assert.equal(folder.all().length, 1)
      folder.close()
      calls = failing
      if (!faults.failed()) break
    }
    assert.ok(calls > 20, `${calls} calls`)
  })

  test('and what leaves it never hold a session key (M22, I13)', () => {
    const usual = told()
    const path = newFolder(usual)
    const folder = CustodianFolder.open(path)
    const { envelope } = releaseBundle(usual.bundle, folder, keys, usual.now)
    const next = withRelease(usual, envelope)
    const { blobs } = handOut(next.bundle, folder, next.now)
    folder.close()
    const files = readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
    const texts = [...files, Buffer.from(blobs), Buffer.from(JSON.stringify(envelope))]
    for (const key of SESSION_KEYS) {
      const forms = [Buffer.from(key), toHex(key), toBase64(key), Buffer.from(key).toString('base64url')]
      for (const form of forms) assert.ok(texts.every((text) => text.indexOf(form) < 0))
    }
    assert.ok(equalBytes(SESSION_KEYS[0], bytesOf(0x7e57, 16)))
  })
})
