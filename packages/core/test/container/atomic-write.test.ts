import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8Encode } from '../../src/bytes/index.ts'
import { writeFileAtomically } from '../../src/container/atomic-write.ts'
import type { DiskCalls } from '../../src/container/atomic-write.ts'
import { inFolder, isError } from './fixtures.ts'

const OLD = utf8Encode('old')
const NEW = utf8Encode('a longer new text')

const REAL: DiskCalls = {
  openSync: fs.openSync,
  fchmodSync: fs.fchmodSync,
  writeFileSync: fs.writeFileSync,
  fsyncSync: fs.fsyncSync,
  closeSync: fs.closeSync,
  linkSync: fs.linkSync,
  renameSync: fs.renameSync,
  unlinkSync: fs.unlinkSync,
}

test('writes 0600 whatever the umask, and leaves nothing beside it', () =>
  inFolder((folder) => {
    const path = join(folder, 'file')
    const umask = process.umask(0)
    try {
      writeFileAtomically(path, NEW)
    } finally {
      process.umask(umask)
    }
    assert.equal(read(path), 'a longer new text')
    assert.equal(fs.statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(fs.readdirSync(folder), ['file'])
    writeFileAtomically(path, OLD, { overwrite: true, mode: 0o644 })
    assert.equal(read(path), 'old')
    assert.equal(fs.statSync(path).mode & 0o777, 0o644)
  }))

test('refuses to replace unless told', () =>
  inFolder((folder) => {
    const path = join(folder, 'file')
    writeFileAtomically(path, OLD)
    assert.throws(() => writeFileAtomically(path, NEW), isError('CONTAINER_EXISTS'))
    assert.equal(read(path), 'old')
    assert.deepEqual(fs.readdirSync(folder), ['file'])
  }))

test('a name taken between check and write is not replaced, with hard links and without', () =>
  inFolder((folder) => {
    for (const [name, code] of Object.entries({ linked: undefined, reserved: 'EPERM' })) {
      const path = join(folder, name)
      const linkSync: DiskCalls['linkSync'] = (from, to) => {
        fs.writeFileSync(path, OLD)
        if (code) throw Object.assign(new Error('refused'), { code })
        fs.linkSync(from, to)
      }
      assert.throws(
        () => writeFileAtomically(path, NEW, {}, { ...REAL, linkSync }),
        isError('CONTAINER_EXISTS', /already exists/),
      )
      assert.equal(read(path), 'old', name)
    }
    assert.deepEqual(fs.readdirSync(folder).sort(), ['linked', 'reserved'])
  }))

test('without hard links the file is written all the same', () =>
  inFolder((folder) => {
    const path = join(folder, 'file')
    const linkSync = () => {
      throw Object.assign(new Error('refused'), { code: 'EPERM' })
    }
    writeFileAtomically(path, NEW, {}, { ...REAL, linkSync })
    assert.equal(read(path), 'a longer new text')
    assert.deepEqual(fs.readdirSync(folder), ['file'])
  }))

test('refuses symbolic links and folders, told or not', () =>
  inFolder((folder) => {
    const target = join(folder, 'target')
    fs.writeFileSync(target, OLD)
    fs.symlinkSync(target, join(folder, 'link'))
    fs.symlinkSync(join(folder, 'nothing'), join(folder, 'dangling'))
    fs.mkdirSync(join(folder, 'folder'))
    for (const name of ['link', 'dangling', 'folder']) {
      for (const overwrite of [true, false]) {
        const write = () => writeFileAtomically(join(folder, name), NEW, { overwrite })
        assert.throws(write, isError('CONTAINER_PERMISSIONS'), name)
      }
    }
    assert.equal(read(target), 'old')
    assert.deepEqual(fs.readdirSync(folder).sort(), ['dangling', 'folder', 'link', 'target'])
  }))

for (const overwrite of [false, true]) {
  for (const persisted of [false, true]) {
    const how = `${overwrite ? 'replacing' : 'new'}, ${persisted ? 'failed but persisted' : 'failed and lost'}`
    test(`whatever call fails, the old file or the new one is there, whole (${how})`, () =>
      inFolder((folder) => {
        const path = join(folder, 'file')
        for (let failing = 1; ; failing++) {
          fs.rmSync(path, { force: true })
          if (overwrite) fs.writeFileSync(path, OLD)
          const faults = failNth(failing, persisted)
          const failed = attempt(() => writeFileAtomically(path, NEW, { overwrite }, faults.calls))
          if (!faults.fired()) {
            assert.equal(failed, false)
            assert.ok(failing > 8, `only ${failing - 1} calls were tried`)
            return
          }
          assert.equal(failed, true, `call ${failing}: the error was swallowed`)
          const now = fs.existsSync(path) ? read(path) : undefined
          assert.ok(now === (overwrite ? 'old' : undefined) || now === 'a longer new text', `call ${failing}`)
        }
      }))
  }
}

/** The real calls, of which the N-th throws, after doing its work or instead of it. */
function failNth(n: number, persisted: boolean): { calls: DiskCalls; fired: () => boolean } {
  let count = 0
  const wrap =
    (call: (...args: never[]) => unknown) =>
    (...args: never[]) => {
      count += 1
      if (count !== n) return call(...args)
      if (persisted) call(...args)
      throw Object.assign(new Error('disk failure'), { code: 'EIO' })
    }
  const calls = Object.fromEntries(
    Object.entries(REAL).map(([name, call]) => [name, wrap(call as (...args: never[]) => unknown)]),
  ) as DiskCalls
  return { calls, fired: () => count >= n }
}

function attempt(work: () => void): boolean {
  try {
    work()
    return false
  } catch {
    return true
  }
}

function read(path: string): string {
  return fs.readFileSync(path, 'utf8')
}
