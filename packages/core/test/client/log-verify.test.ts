import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ClientError, logInFolder, verifyLog, type LogSource } from '../../src/client/index.ts'
import { TlogError, tilePath, touchedBundles, touchedTiles, type Tile } from '../../src/tlog/index.ts'
import { folderOf, LogAuthority } from './log-authority.ts'

const trust = (authority: LogAuthority) => ({ epochs: authority.test.chain })

/** A log of so many entries. */
function logOf(size: number): LogAuthority {
  const authority = new LogAuthority()
  if (size < authority.size) authority.rewind(size)
  authority.appendOthers(size - authority.size)
  return authority
}

for (const size of [0, 1, 2, 255, 256, 257, 511, 512, 513, 3_000]) {
  test(`a log of ${size} entries is derived again`, async () => {
    const authority = logOf(size)
    const steps: number[] = []
    const { head, entries } = await verifyLog(authority, {
      ...trust(authority),
      onProgress: (done, total) => {
        assert.equal(total, size)
        steps.push(done)
      },
    })
    assert.equal(head.size, size)
    assert.equal(
      Object.values(entries).reduce((sum, count) => sum + count, 0),
      size,
    )
    assert.equal(steps.at(-1) ?? 0, size)
    if (size > 2) assert.deepEqual(entries, { epoch: 1, enrolment: 1, deposit: size - 2 })
  })
}

test('each bundle and each tile is read once', async () => {
  const authority = logOf(3_000)
  await verifyLog(authority, trust(authority))
  const tiles = [...touchedTiles(0, 3_000)].length + [...touchedBundles(0, 3_000)].length
  assert.equal(authority.requests.filter((what) => what === 'tile').length, tiles)
})

/** A source in which one tile is another. */
function changed(
  authority: LogAuthority,
  path: string,
  change: (bytes: Uint8Array) => Uint8Array,
): LogSource {
  return {
    checkpoint: () => authority.checkpoint(),
    tile: async (tile) => {
      const bytes = await authority.tile(tile)
      return tilePath(tile) === path ? change(bytes) : bytes
    },
  }
}

const flipped = (at: number) => (bytes: Uint8Array) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
const paths = (tiles: Iterable<Tile>) => [...tiles].map((tile) => tilePath(tile))

test('any tile or bundle that is changed or cut is found', async () => {
  const size = 700
  const authority = logOf(size)
  for (const path of [...paths(touchedTiles(0, size)), ...paths(touchedBundles(0, size))]) {
    for (const change of [
      flipped(40),
      flipped(3),
      (bytes: Uint8Array) => bytes.subarray(0, -1),
      () => new Uint8Array(0),
    ]) {
      await assert.rejects(
        verifyLog(changed(authority, path, change), trust(authority)),
        { code: 'CLIENT_ALARM' },
        path,
      )
    }
  }
})

test('entries and tiles that fit together, and not the signed root (M13)', async () => {
  const authority = logOf(700)
  const note = authority.sign()
  for (const change of [() => authority.rewind(600), () => authority.appendOthers(100, 7)]) {
    change()
    const source = { checkpoint: () => note, tile: (tile: Tile) => authority.tile(tile) }
    await assert.rejects(
      verifyLog(source, trust(authority)),
      (error: unknown) => error instanceof ClientError || error instanceof RangeError,
    )
  }
})

test('a checkpoint of another authority', async () => {
  const authority = logOf(5)
  const note = new TextDecoder().decode(authority.sign()).replace('\n5\n', '\n4\n')
  const source = {
    checkpoint: () => new TextEncoder().encode(note),
    tile: (tile: Tile) => authority.tile(tile),
  }
  await assert.rejects(verifyLog(source, trust(authority)), TlogError)
})

test('a copy in a folder, also with wider tiles than the checkpoint names', async (t) => {
  const folder = folderOf(t)
  const authority = logOf(700)
  const write = (path: string, bytes: Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes, { mode: 0o644 })
  }
  const copy = async () => {
    for (const tile of [...touchedTiles(0, authority.size), ...touchedBundles(0, authority.size)]) {
      write(tilePath(tile), await authority.tile(tile))
    }
  }
  write('checkpoint', authority.sign())
  await copy()
  assert.equal((await verifyLog(logInFolder(folder), trust(authority))).head.size, 700)
  // The log grew, its partial tiles were deleted, and the checkpoint of before is still there.
  rmSync(join(folder, 'tile'), { recursive: true })
  authority.appendOthers(50)
  await copy()
  assert.equal((await verifyLog(logInFolder(folder), trust(authority))).head.size, 700)
  rmSync(join(folder, 'tile/entries/000'))
  await assert.rejects(verifyLog(logInFolder(folder), trust(authority)), { code: 'CLIENT_STATE' })
})
