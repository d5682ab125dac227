import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { resealFile, rewrapFile } from '../../src/seal/index.ts'
import { sealedContent } from './support-crash/look.ts'
import { bob, crowd, reader, sealer } from './support-crash/people.ts'
import { at, CONVERTERS, namesIn, openOne, refuses, sealOne } from './support-crash/refusals.ts'
import { OUT, PLAIN, SEALED, seal } from './support-crash/scene.ts'
import { onSmallDisk } from './support-crash/small-disk.ts'

const MIB = 1_048_576

for (const threads of [1, 4]) {
  test(`a disk that is full: what was to be made is not there, threads ${threads}`, async (t) =>
    onSmallDisk(t, 10, async (small, roomy) => {
      await seal(roomy, PLAIN, SEALED, 12 * MIB)
      for (const { name, convert } of CONVERTERS) {
        const input = at(roomy, name === 'open' ? SEALED : PLAIN)
        await refuses('IO', () => convert(input, at(small, OUT), { threads }), 'ENOSPC')
        assert.deepEqual(namesIn(small), [], name)
      }
      // There is nothing that holds room without a name: the next file fits.
      await seal(small, PLAIN, SEALED, 4 * MIB)
      assert.equal(await sealedContent(join(small, SEALED)), 'new')
    }))
}

test('a disk that is full: what was to be replaced stays as it is, until there is room', async (t) =>
  onSmallDisk(t, 2, async (small) => {
    const path = join(small, SEALED)
    await seal(small, PLAIN, SEALED, 500_000, 'old')
    writeFileSync(join(small, 'filler'), new Uint8Array(900_000))
    const before = [namesIn(small), readFileSync(path)]
    const recipients = [bob.recipient(), ...crowd]
    const rewrites = {
      rewrap: () => rewrapFile(path, { ...reader, recipients }),
      reseal: () => resealFile(path, { ...reader, ...sealer }),
    }
    for (const rewrite of Object.values(rewrites)) {
      await refuses('IO', rewrite, 'ENOSPC')
      assert.deepEqual([namesIn(small), readFileSync(path)], before)
    }
    rmSync(join(small, 'filler'))
    for (const rewrite of Object.values(rewrites)) {
      await rewrite()
      assert.equal(await sealedContent(path), 'old')
    }
    assert.deepEqual(namesIn(small), [PLAIN, SEALED])
  }))

test('a disk that is full where a stream waits for its header: not a byte comes out', async (t) =>
  onSmallDisk(t, 1, async (small, roomy) => {
    await seal(roomy, PLAIN, SEALED, 3 * MIB)
    const out = openSync(join(roomy, OUT), 'wx')
    const { TMPDIR } = process.env
    process.env['TMPDIR'] = small
    try {
      await refuses('IO', () => sealOne(at(roomy, PLAIN), { fd: out }), 'ENOSPC')
      const stream = openSync(join(roomy, SEALED), 'r')
      await refuses('IO', () => openOne({ fd: stream }, at(roomy, 'out too')), 'ENOSPC')
      closeSync(stream)
    } finally {
      if (TMPDIR === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = TMPDIR
    }
    closeSync(out)
    assert.equal(statSync(join(roomy, OUT)).size, 0)
    assert.deepEqual(namesIn(roomy), [OUT, PLAIN, SEALED])
    assert.deepEqual(namesIn(small), [])
  }))
