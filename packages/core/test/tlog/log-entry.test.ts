import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { concat, toHex, utf8Encode } from '@strongroom/core/bytes'
import {
  encodeBundle,
  encodeLogEntry,
  ENTRY_BYTES,
  ENTRY_KINDS,
  joinTile,
  logOrigin,
  MAX_ENTRY_BYTES,
  parseBundle,
  parseLogEntry,
  TlogError,
  verifyBundle,
} from '@strongroom/core/tlog'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { sha256 } from './node-keys.ts'
import { tree } from './tile-store.ts'

suite('entries', () => {
  const digest = sha256(utf8Encode('statement'))

  test('a kind and a digest', () => {
    const entry = encodeLogEntry({ kind: ENTRY_KINDS.epoch, digest })
    assert.equal(entry.length, ENTRY_BYTES)
    assert.equal(toHex(entry), `02${toHex(digest)}`)
    assert.deepEqual(parseLogEntry(entry), { kind: 2, digest })
    // A later version may log more kinds; a monitor still reads them.
    assert.equal(parseLogEntry(concat(Uint8Array.of(255), digest)).kind, 255)
  })

  test('every truncation, a byte more and no kind', () => {
    const entry = encodeLogEntry({ kind: 1, digest })
    for (let length = 0; length < entry.length; length++) {
      throwsCode(TlogError, 'TLOG_ENTRY', () => parseLogEntry(entry.slice(0, length)))
    }
    throwsCode(TlogError, 'TLOG_ENTRY', () => parseLogEntry(concat(entry, Uint8Array.of(0))))
    throwsCode(TlogError, 'TLOG_ENTRY', () => parseLogEntry(entry.with(0, 0)))
    for (const kind of [0, 256, 1.5]) {
      throwsCode(TlogError, 'TLOG_ENTRY', () => encodeLogEntry({ kind, digest }))
    }
    throwsCode(TlogError, 'TLOG_ENTRY', () => encodeLogEntry({ kind: 1, digest: digest.slice(1) }))
  })

  test('the origin of an authority', () => {
    const id = toHex(digest)
    assert.equal(logOrigin('vault.example', id), `vault.example/strongroom/${id.slice(0, 16)}`)
    const refused: [string, string][] = [
      ['', id],
      ['a b', id],
      ['a+b', id],
      ['a\nb', id],
      ['a', id.slice(0, 15)],
      ['a', id.toUpperCase()],
      ['é'.repeat(115), id],
    ]
    for (const [name, key] of refused) throwsCode(TlogError, 'TLOG_KEY', () => logOrigin(name, key))
    assert.equal(utf8Encode(logOrigin('é'.repeat(113), id)).length, 254)
  })
})

suite('bundles', () => {
  const entries = ['', 'a', 'entry'].map(utf8Encode)

  test('lengths of two bytes, the greater first', () => {
    const bundle = encodeBundle(entries)
    assert.equal(toHex(bundle), `00000001610005${toHex(utf8Encode('entry'))}`)
    assert.deepEqual(parseBundle(3, bundle), entries)
    const longest = new Uint8Array(MAX_ENTRY_BYTES).fill(7)
    assert.deepEqual(parseBundle(1, encodeBundle([longest])), [longest])
  })

  test('another number of entries, every truncation and a byte more', () => {
    const bundle = encodeBundle(entries)
    for (const width of [2, 4, 256]) throwsCode(TlogError, 'TLOG_ENTRY', () => parseBundle(width, bundle))
    for (const width of [0, 257, -1, 1.5])
      throwsCode(TlogError, 'TLOG_ENTRY', () => parseBundle(width, bundle))
    for (let length = 0; length < bundle.length; length++) {
      throwsCode(TlogError, 'TLOG_ENTRY', () => parseBundle(3, bundle.slice(0, length)))
    }
    throwsCode(TlogError, 'TLOG_ENTRY', () => parseBundle(3, concat(bundle, Uint8Array.of(0))))
    throwsCode(TlogError, 'TLOG_ENTRY', () => encodeBundle([]))
    throwsCode(TlogError, 'TLOG_ENTRY', () =>
      encodeBundle(Array.from({ length: 257 }, () => entries[0] ?? tree.emptyRoot())),
    )
    throwsCode(TlogError, 'TLOG_ENTRY', () => encodeBundle([new Uint8Array(MAX_ENTRY_BYTES + 1)]))
  })

  test('whatever is read is written again byte for byte', () => {
    const exact = fc.property(mutationsOf(encodeBundle(entries)), (bytes) => {
      try {
        assert.deepEqual(encodeBundle(parseBundle(3, bytes)), bytes)
      } catch (error) {
        assert.ok(error instanceof TlogError, String(error))
      }
    })
    fc.assert(exact, PROPERTY)
  })

  test('entries are compared with the tile of their leaves', () => {
    const tile = { level: 0, index: 2, width: 3 }
    const bytes = joinTile(entries.map((entry) => tree.leafHash(entry)))
    assert.deepEqual(verifyBundle(sha256, { tile, bytes }, encodeBundle(entries)), entries)
    const changed = encodeBundle(entries.with(1, utf8Encode('b')))
    const error = throwsCode(TlogError, 'TLOG_MISMATCH', () => verifyBundle(sha256, { tile, bytes }, changed))
    assert.equal(error.message, 'entry 513 is not the one in the tree')
    const moved = encodeBundle(entries.toReversed())
    throwsCode(TlogError, 'TLOG_MISMATCH', () => verifyBundle(sha256, { tile, bytes }, moved))
    throwsCode(TlogError, 'TLOG_TILE', () =>
      verifyBundle(sha256, { tile, bytes: bytes.slice(1) }, encodeBundle(entries)),
    )
    throwsCode(TlogError, 'TLOG_ENTRY', () =>
      verifyBundle(sha256, { tile, bytes }, encodeBundle(entries.slice(1))),
    )
  })
})
