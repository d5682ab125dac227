import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { after, test } from 'node:test'
import { parseHeader, unwrapFileKey } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import { parseKeyBlobs, type RecoveryBundle } from '@strongroom/core/protocol'
import {
  CustodianError,
  CustodianFolder,
  handOut,
  lastSeen,
  recoverReleases,
  releaseBundle,
} from '../../src/custodian/index.ts'
import { folderOf, keys, removeFolders } from '../custodian/connected.ts'
import { faultyCalls } from '../custodian/faulty-calls.ts'
import { SESSION_KEYS, story, withRelease, type Story } from '../custodian/story.ts'
import { CODE, RECIPIENT } from '../custodian/world.ts'

after(removeFolders)

/** More than any of these works does. */
const MOST_CALLS = 200

const told = (): Story => story({ custodian: keys.signer, start: 0 })

function newFolder(name: string, of: Story): string {
  const folder = folderOf(name, of)
  folder.close()
  return folder.path
}

/** Lets a work fail at each call of the disk in turn, and looks at what is there then. @returns how many calls there are */
function failingAt(work: (failing: number, folder: (path: string) => CustodianFolder) => void): number {
  for (let failing = 0; failing < MOST_CALLS; failing++) {
    const faults = faultyCalls(failing)
    work(failing, (path) => CustodianFolder.open(path, faults.calls))
    if (!faults.failed()) return failing
  }
  throw new Error(`more than ${MOST_CALLS} calls`)
}

/** Does something, unless the disk is gone. */
function unlessGone<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    assert.match(String(error), /the disk is gone/)
    return undefined
  }
}

function keysIn(blobs: Uint8Array): string[] {
  return parseKeyBlobs(blobs)
    .map((blob) => toHex(unwrapFileKey(parseHeader(blob), [RECIPIENT])))
    .toSorted()
}

/** What a folder remembers is what it was told, whole: a code is spent with its subject, what was seen stays seen. */
function checkMemory(path: string, { subject }: Story, seen: number): void {
  const folder = CustodianFolder.open(path)
  const { spent, codes, read } = folder.knowledge()
  assert.equal(codes.has(CODE.signer), spent.has(toHex(subject)))
  assert.ok((lastSeen(folder.memory)?.size ?? 0) >= seen && read >= seen)
  folder.close()
}

const sizeOf = ({ range }: RecoveryBundle): number => range.start + range.entries.length / 33

test('a disk that fails at any call from the release to the hand-out: the same release, and all keys in the end', () => {
  const calls = failingAt((failing, open) => {
    const usual = told()
    const path = newFolder(`life-${failing}`, usual)
    const broken = open(path)
    const first = unlessGone(() => releaseBundle(usual.bundle, broken, keys, usual.now))
    let next = first && withRelease(usual, first.envelope)
    const early = next && unlessGone(() => handOut(next?.bundle ?? usual.bundle, broken, next?.now ?? 0))
    broken.close()
    checkMemory(path, usual, early && next ? sizeOf(next.bundle) : first ? sizeOf(usual.bundle) : 0)

    const folder = CustodianFolder.open(path)
    const again = releaseBundle(usual.bundle, folder, keys, usual.now)
    if (first) assert.deepEqual(again.envelope, first.envelope)
    next ??= withRelease(usual, again.envelope)
    const { blobs } = handOut(next.bundle, folder, next.now)
    assert.deepEqual(keysIn(blobs), SESSION_KEYS.map(toHex).toSorted())
    if (early) assert.deepEqual(blobs, early.blobs)
    assert.ok(folder.releases.receipt(usual.subject))
    assert.equal(folder.all().length, 1)
    folder.close()
    checkMemory(path, usual, sizeOf(next.bundle))
  })
  assert.ok(calls > 35, `${calls} calls`)
})

test('a disk that fails while a restored folder is told what it forgot: it knows all of it, or refuses still', () => {
  const calls = failingAt((failing, open) => {
    const usual = told()
    const path = newFolder(`told-${failing}`, usual)
    cpSync(path, `${path}-copy`, { recursive: true })
    const folder = CustodianFolder.open(path)
    const { envelope } = releaseBundle(usual.bundle, folder, keys, usual.now)
    folder.close()
    const next = withRelease(usual, envelope)
    const broken = open(`${path}-copy`)
    const recovered = unlessGone(() => recoverReleases(next.bundle, broken, next.now))
    broken.close()
    const restored = CustodianFolder.open(`${path}-copy`)
    const { spent, codes } = restored.knowledge()
    assert.equal(codes.has(CODE.signer), spent.has(toHex(usual.subject)))
    if (recovered) assert.ok(spent.has(toHex(usual.subject)))
    const expected = spent.size > 0 ? 'BUNDLE_CODE_SPENT' : 'BUNDLE_FORGOTTEN'
    assert.throws(
      () => releaseBundle(next.bundle, restored, keys, next.now),
      (error) => error instanceof CustodianError && error.code === expected,
    )
    assert.equal(restored.all().length, 0)
    restored.close()
  })
  assert.ok(calls > 5, `${calls} calls`)
})
