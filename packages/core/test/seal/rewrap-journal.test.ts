import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join as joinPath } from 'node:path'
import { test, type TestContext } from 'node:test'
import {
  exportKeyBlob,
  inspectFile,
  journalPath,
  openFile,
  resealFile,
  rewrapFile,
  verifyFile,
} from '@strongroom/core/seal'
import { headerLengthOf, join, takeApart } from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf } from './support/files.ts'
import { person, readerOf, type Person } from './support/people.ts'
import { refusal } from './support/refusal.ts'
import { leafHash } from './support/rfc6962.ts'

// The journal of a header that is rewritten in place, docs/spec/sealed-file.md: once it has its name, its header counts.
// The journals here are written by hand.

const PLAINTEXT = noise(1_048_576 + 5_000)

interface Scene {
  readonly folder: string
  readonly owner: Person
  readonly heir: Person
  /** The file with the owner's header. */
  readonly path: string
  readonly file: Uint8Array
  /** A header of the same length, for the heir. */
  readonly newHeader: Uint8Array
  readonly nonce: Uint8Array
}

async function setScene(t: TestContext): Promise<Scene> {
  const folder = folderFor(t)
  const [owner, heir] = [person('owner', 'classic'), person('heir', 'classic')]
  const path = await sealBytes(folder, 'file', PLAINTEXT, sealerOf(owner))
  const file = bytesOf(path)
  const copy = put(folderFor(t), 'copy.age', file)
  const options = { ...readerOf(owner), recipients: [heir.identity.recipient()] }
  assert.equal((await rewrapFile(copy, options)).inPlace, true)
  const newHeader = bytesOf(copy).slice(0, headerLengthOf(file))
  assert.notDeepEqual(newHeader, file.slice(0, newHeader.length))
  return { folder, owner, heir, path, file, newHeader, nonce: takeApart(file).nonce }
}

/** The bytes of a journal, as the specification lays them out. */
function journalOf(header: Uint8Array, nonce: Uint8Array, place = header.length): Uint8Array {
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(place))
  const body = join('strongroom header journal v1\n', leafHash(join(nonce, length)), header)
  return join(body, leafHash(body))
}

function putJournal(path: string, bytes: Uint8Array, mode = 0o600): string {
  const journal = joinPath(dirname(path), `.${basename(path)}.strongroom-journal`)
  rmSync(journal, { force: true, recursive: true })
  writeFileSync(journal, bytes, { mode })
  chmodSync(journal, mode)
  return journal
}

/** Who can open the file now. */
async function readersOf({ owner, heir }: Scene, path: string): Promise<string[]> {
  const names: string[] = []
  for (const reader of [owner, heir]) {
    const output = { path: `${path}.out`, overwrite: true }
    const opening = openFile({ input: { path }, output }, { ...readerOf(reader, owner), threads: 1 })
    const found = await opening.then(
      () => 'opened',
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
    )
    if (found === 'opened') names.push(reader.name)
    else assert.equal(found, 'NO_KEY')
  }
  return names
}

test('the journal has the name and the bytes of the specification', async (t) => {
  const scene = await setScene(t)
  const journal = putJournal(scene.path, journalOf(scene.newHeader, scene.nonce))
  assert.equal(journalPath(scene.path), journal)
  assert.deepEqual(await readersOf(scene, scene.path), ['heir'])
})

test('a committed journal makes its header count, wherever the file’s own was left', async (t) => {
  const scene = await setScene(t)
  const { path, file, owner, heir, newHeader, nonce } = scene
  putJournal(path, journalOf(newHeader, nonce))
  for (const torn of [0, 1, 100, 4_096, newHeader.length - 1, newHeader.length].filter(
    (n) => n <= newHeader.length,
  )) {
    put(scene.folder, 'file.age', join(newHeader.slice(0, torn), file.slice(torn)))
    assert.deepEqual(await readersOf(scene, path), ['heir'], `torn after ${torn} bytes`)
    assert.equal((await verifyFile({ path }, readerOf(heir, owner))).signerName, 'owner')
    assert.equal((await inspectFile({ path }, readerOf(heir, owner))).verified?.signerName, 'owner')
    assert.deepEqual(await exportKeyBlob(path), newHeader)
  }
})

test('a committed journal counts through a symbolic link, too', async (t) => {
  const scene = await setScene(t)
  putJournal(scene.path, journalOf(scene.newHeader, scene.nonce))
  const link = joinPath(folderFor(t), 'link.age')
  symlinkSync(scene.path, link)
  assert.deepEqual(await readersOf(scene, link), ['heir'])
})

test('whoever writes next finishes the work: a rewrap, or a reseal', async (t) => {
  const scene = await setScene(t)
  const { owner, heir, path, file, newHeader, nonce } = scene
  const byHeir = readerOf(heir, owner)
  const write = {
    rewrap: () => rewrapFile(path, { ...byHeir, recipients: [heir.identity.recipient()] }),
    reseal: () => resealFile(path, { ...byHeir, ...sealerOf(heir) }),
    refused: () =>
      refusal(rewrapFile(path, { ...readerOf(owner), recipients: [owner.identity.recipient()] })),
  }
  for (const [name, run] of Object.entries(write)) {
    await t.test(name, async () => {
      put(scene.folder, 'file.age', join(newHeader.slice(0, 300), file.slice(300)))
      const journal = putJournal(path, journalOf(newHeader, nonce))
      await run()
      // Who cannot verify the header that the journal brings, changes nothing.
      assert.equal(existsSync(journal), name === 'refused')
      // Finished or not, the header that counts is the new one.
      const output = { path: joinPath(scene.folder, 'out'), overwrite: true }
      await openFile({ input: { path }, output }, readerOf(heir, owner))
      assert.equal(Buffer.compare(bytesOf(output.path), PLAINTEXT), 0)
    })
  }
})

test('a journal that is not one is ignored', async (t) => {
  const scene = await setScene(t)
  const { path, newHeader, nonce } = scene
  const sound = journalOf(newHeader, nonce)
  const journals: Readonly<Record<string, Uint8Array>> = {
    empty: new Uint8Array(0),
    'cut short': sound.slice(0, -1),
    'a byte more': join(sound, Uint8Array.of(0)),
    'one bit in the header': sound.with(200, (sound[200] ?? 0) ^ 1),
    'one bit in the last hash': sound.with(sound.length - 1, (sound.at(-1) ?? 0) ^ 1),
    'another label': join('strongroom header journal v2\n', sound.slice(29)),
    'only a label': sound.slice(0, 29),
    'for another nonce': journalOf(newHeader, noise(16)),
    'for another place': journalOf(newHeader, nonce, newHeader.length + 1),
    'for a shorter header': journalOf(newHeader.slice(0, -1), nonce),
    'for no header at all': journalOf(new Uint8Array(0), nonce),
  }
  for (const [name, bytes] of Object.entries(journals)) {
    await t.test(name, async () => {
      putJournal(path, bytes)
      assert.deepEqual(await readersOf(scene, path), ['owner'])
    })
  }
})

test('a journal that somebody else could have written is ignored', async (t) => {
  const scene = await setScene(t)
  const { path, newHeader, nonce } = scene
  const sound = journalOf(newHeader, nonce)
  for (const mode of [0o640, 0o604, 0o660, 0o602]) {
    putJournal(path, sound, mode)
    assert.deepEqual(await readersOf(scene, path), ['owner'], mode.toString(8))
  }
  putJournal(path, sound)
  assert.deepEqual(await readersOf(scene, path), ['heir'])
})

test('a journal of another user is ignored', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('needs root')
  const scene = await setScene(t)
  const journal = putJournal(scene.path, journalOf(scene.newHeader, scene.nonce))
  chownSync(journal, 12_345, 12_345)
  assert.deepEqual(await readersOf(scene, scene.path), ['owner'])
})

test('what stands where a journal would and is no regular file is ignored, and nobody waits for it', async (t) => {
  const scene = await setScene(t)
  const elsewhere = put(scene.folder, 'elsewhere', journalOf(scene.newHeader, scene.nonce))
  chmodSync(elsewhere, 0o600)
  const journal = journalPath(scene.path)
  symlinkSync(elsewhere, journal)
  assert.deepEqual(await readersOf(scene, scene.path), ['owner'])
  rmSync(journal)
  mkdirSync(journal)
  assert.deepEqual(await readersOf(scene, scene.path), ['owner'])
  rmSync(journal, { recursive: true })
  if (spawnSync('mkfifo', [journal]).status !== 0) return t.skip('needs mkfifo')
  assert.deepEqual(await readersOf(scene, scene.path), ['owner'])
})

test('a journal brings a header, not trust: what it holds is verified like any other', async (t) => {
  const scene = await setScene(t)
  const { owner, path, newHeader, nonce, file } = scene
  const mac = Buffer.from(newHeader).indexOf('\n--- ') + 10
  putJournal(path, journalOf(newHeader.with(mac, newHeader[mac] === 65 ? 66 : 65), nonce))
  const error = await refusal(verifyFile({ path }, readerOf(scene.heir, owner)))
  assert.equal(error.code, 'NOT_AUTHENTIC')
  const fd = openSync(path, 'r+')
  writeSync(fd, newHeader, 0, newHeader.length, 0)
  closeSync(fd)
  putJournal(path, journalOf(file.slice(0, newHeader.length), nonce))
  assert.deepEqual(await readersOf(scene, path), ['owner'])
})
