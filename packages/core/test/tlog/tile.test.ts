import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  edgeTiles,
  parseTilePath,
  tilePath,
  TlogError,
  touchedBundles,
  touchedTiles,
  widthIn,
  type Tile,
} from '@strongroom/core/tlog'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'

const encoder = new TextEncoder()

suite('tile paths', () => {
  const paths: readonly [string, Tile][] = [
    // C2SP tlog-tiles, "Merkle Tree": index 1234067
    ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
    ['tile/63/000', { level: 63, index: 0, width: 256 }],
    ['tile/10/999', { level: 10, index: 999, width: 256 }],
    ['tile/0/x001/000.p/1', { level: 0, index: 1000, width: 1 }],
    ['tile/2/000.p/255', { level: 2, index: 0, width: 255 }],
    ['tile/entries/x001/x234/067.p/10', { level: 'entries', index: 1_234_067, width: 10 }],
    ['tile/entries/007', { level: 'entries', index: 7, width: 256 }],
    ['tile/0/x009/x007/x199/x254/x740/991', { level: 0, index: 2 ** 53 - 1, width: 256 }],
  ]
  for (const [path, tile] of paths) {
    test(path, () => {
      assert.equal(tilePath(tile), path)
      assert.deepEqual(parseTilePath(path), tile)
    })
  }

  test('what is no path of a tile', () => {
    const bad = [
      '',
      'tile',
      'tile/0',
      'tile/0/',
      'tile/0/0',
      'tile/0/0000',
      'tile/00/000',
      'tile/01/000',
      'tile/64/000',
      'tile/-1/000',
      'tile/data/000',
      'tile/Entries/000',
      'tile/0/x000/000',
      'tile/0/001/000',
      'tile/0/x001',
      'tile/0/x001/x000',
      'tile/0/x001/00',
      'tile/0/X001/000',
      'tile/0/000.p',
      'tile/0/000.p/',
      'tile/0/000.p/0',
      'tile/0/000.p/01',
      'tile/0/000.p/256',
      'tile/0/000.p/-1',
      'tile/0/x001.p/1/000',
      'tile/0/000/',
      '/tile/0/000',
      'tile/0/000\n',
      'tile/8/0/000',
      'tile/0/٠٠٠',
      'tile/0/x009/x007/x199/x254/x740/992',
      'tile/0/x001/x000/x000/x000/x000/x000/000',
    ]
    for (const path of bad) throwsCode(TlogError, 'TLOG_TILE', () => parseTilePath(path))
    for (const tile of [
      { level: 0, index: 0, width: 0 },
      { level: 0, index: 0, width: 257 },
      { level: 64, index: 0, width: 1 },
      { level: 0, index: 2 ** 53, width: 1 },
      { level: 0.5, index: 0, width: 1 },
    ]) {
      throwsCode(TlogError, 'TLOG_RANGE', () => tilePath(tile))
    }
  })

  test('whatever is read is written again', () => {
    const near = fc.constantFrom(...paths).chain(([path]) => mutationsOf(encoder.encode(path)))
    const exact = fc.property(near, (bytes) => {
      const path = Buffer.from(bytes).toString('latin1')
      try {
        assert.equal(tilePath(parseTilePath(path)), path)
      } catch (error) {
        assert.ok(error instanceof TlogError, String(error))
      }
    })
    fc.assert(exact, PROPERTY)
  })
})

suite('which tiles a tree has', () => {
  const paths = (tiles: Iterable<Tile>) => Array.from(tiles, tilePath)

  test('70,000 leaves, as the specification counts them', () => {
    const tiles = [...touchedTiles(0, 70_000)]
    const at = (level: number) => tiles.filter((tile) => tile.level === level)
    assert.deepEqual(
      [0, 1, 2, 3].map((level) => [
        at(level).filter(({ width }) => width === 256).length,
        at(level)
          .filter(({ width }) => width < 256)
          .map(({ width }) => width),
      ]),
      [
        [273, [112]],
        [1, [17]],
        [0, [1]],
        [0, []],
      ],
    )
    assert.deepEqual(paths(edgeTiles(70_000)), ['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1'])
  })

  test('256 leaves: a full tile and one of width 1 above it', () => {
    assert.deepEqual(paths(touchedTiles(0, 256)), ['tile/0/000', 'tile/1/000.p/1'])
    assert.deepEqual(paths(edgeTiles(256)), ['tile/1/000.p/1'])
    assert.deepEqual(paths(touchedTiles(255, 256)), ['tile/0/000', 'tile/1/000.p/1'])
    assert.deepEqual(paths(touchedTiles(256, 257)), ['tile/0/001.p/1'])
  })

  test('the empty tree has none, and a tree that did not grow no new ones', () => {
    assert.deepEqual(paths(touchedTiles(0, 0)), [])
    assert.deepEqual(paths(touchedTiles(300, 300)), [])
    assert.deepEqual(edgeTiles(0), [])
  })

  test('the bundles are those of level 0', () => {
    assert.deepEqual(paths(touchedBundles(250, 520)), [
      'tile/entries/000',
      'tile/entries/001',
      'tile/entries/002.p/8',
    ])
    assert.deepEqual(paths(touchedBundles(256, 256)), [])
  })

  test('after any number of appends there are the tiles that the specification names', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 6 })
    const complete = fc.property(sizes, (unordered) => {
      const ordered = unordered.toSorted((a, b) => a - b)
      const stored = new Set<string>()
      let before = 0
      for (const size of ordered) {
        for (const tile of touchedTiles(before, size)) stored.add(tilePath(tile))
        before = size
      }
      for (const path of tilesByDefinition(before)) assert.ok(stored.has(path), `${before}: ${path}`)
      assert.deepEqual(paths(touchedTiles(0, before)), tilesByDefinition(before))
    })
    fc.assert(complete, { numRuns: 20 })
  })

  test('sizes up to 2^53 - 1 are counted exactly', () => {
    assert.deepEqual(
      edgeTiles(2 ** 53 - 1).map(({ level, index, width }) => [level, index, width]),
      [0, 1, 2, 3, 4, 5, 6].map((level) => [
        level,
        level < 6 ? 2 ** (45 - 8 * level) - 1 : 0,
        level < 6 ? 255 : 31,
      ]),
    )
    assert.equal(widthIn(2 ** 53 - 1, 6, 0), 31)
    assert.equal(widthIn(2 ** 53 - 1, 7, 0), 0)
    assert.equal(widthIn(1000, 0, 4), 0)
    assert.deepEqual(paths(touchedTiles(2 ** 52, 2 ** 52 + 1)), ['tile/0/x017/x592/x186/x044/416.p/1'])
  })

  test('a tree does not shrink', () => {
    throwsCode(TlogError, 'TLOG_RANGE', () => [...touchedTiles(2, 1)])
    throwsCode(TlogError, 'TLOG_RANGE', () => [...touchedBundles(2, 1)])
    throwsCode(TlogError, 'TLOG_RANGE', () => edgeTiles(-1))
  })
})

/** C2SP tlog-tiles, "Partial Tiles": floor(s / 256**l) hashes at level l, in tiles of 256 and a rest. */
function tilesByDefinition(size: number): string[] {
  const paths: string[] = []
  for (let level = 0, left = BigInt(size); left > 0n; level++, left /= 256n) {
    const count = Number(left)
    const path = (index: number) => `tile/${level}/${String(index).padStart(3, '0')}`
    for (let index = 0; index < Math.floor(count / 256); index++) paths.push(path(index))
    if (count % 256 > 0) paths.push(`${path(Math.floor(count / 256))}.p/${count % 256}`)
  }
  return paths
}
