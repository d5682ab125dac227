import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8Decode, utf8Encode } from '../../src/bytes/index.ts'
import { NODE_CALLS } from '../../src/container/atomic-write.ts'
import type { DiskCalls } from '../../src/container/atomic-write.ts'
import { VersionedFile } from '../../src/container/versioned-file.ts'
import { inFolder, isError } from './fixtures.ts'

/** What is done at the N-th of the calls that change the disk. */
type AtCall = (n: number, call: () => unknown) => unknown

test('a version is replaced by whoever has seen it, 0600 in a folder of 0700, and nothing stays beside it', () =>
  inFolder((parent) => {
    const folder = join(parent, 'a', 'b')
    const file = fileIn(folder)
    assert.equal(file.read(), undefined)
    assert.equal(file.replace(undefined, utf8Encode('one')), true)
    assert.equal(file.replace(undefined, utf8Encode('two')), false)
    assert.equal(file.replace(utf8Encode('none'), utf8Encode('two')), false)
    assert.equal(text(file), 'one')
    assert.equal(file.replace(utf8Encode('one'), utf8Encode('two')), true)
    assert.equal(text(file), 'two')
    assert.equal(fs.statSync(file.path).mode & 0o777, 0o600)
    assert.equal(fs.statSync(folder).mode & 0o777, 0o700)
    assert.deepEqual(fs.readdirSync(folder), ['file'])
  }))

test('symbolic links, folders, long files and foreign claims are refused', () =>
  inFolder((folder) => {
    const file = fileIn(folder)
    fs.writeFileSync(join(folder, 'target'), 'x')
    fs.symlinkSync('target', file.path)
    assert.throws(() => file.read(), isError('CONTAINER_PERMISSIONS'))
    assert.throws(() => file.replace(undefined, utf8Encode('y')), isError('CONTAINER_PERMISSIONS'))
    fs.rmSync(file.path)
    fs.mkdirSync(file.path)
    assert.throws(() => file.read(), isError('CONTAINER_PERMISSIONS'))
    fs.rmdirSync(file.path)
    fs.writeFileSync(file.path, 'x'.repeat(101))
    assert.throws(() => file.read(), isError('CONTAINER_FORMAT', /the file: longer than 100 bytes/))
    assert.equal(fs.readFileSync(join(folder, 'target'), 'utf8'), 'x')
  }))

for (const persisted of [false, true]) {
  test(`whatever call fails, one version or the other is there, whole (${persisted ? 'done' : 'not done'})`, () =>
    inFolder((folder) => {
      const sure = fileIn(folder)
      const left: string[] = []
      for (let failing = 1; ; failing++) {
        fs.rmSync(sure.path, { force: true })
        sure.replace(undefined, utf8Encode('old'))
        let fired = false
        const calls = hooked((n, call) => {
          if (n !== failing) return call()
          fired = true
          if (persisted) call()
          throw Object.assign(new Error('disk failure'), { code: 'EIO' })
        })
        const failed = attempt(() => fileIn(folder, calls).replace(utf8Encode('old'), utf8Encode('new')))
        if (!fired) {
          assert.ok(failing > 8, `only ${failing - 1} calls were tried`)
          // A claim stays only where it is not known whose it is, and costs the next one a second.
          assert.equal(left.length, persisted ? 2 : 1)
          return
        }
        left.push(...claimsIn(folder))
        assert.equal(failed, true, `call ${failing}: the error was swallowed`)
        assert.match(text(sure), /^(?:old|new)$/)
        // Whatever was left behind, the next one gets through.
        add(sure, 'next')
        assert.match(text(sure), /^(?:old|new),next$/)
        assert.deepEqual(claimsIn(folder), [], `call ${failing}`)
      }
    }))
}

test('killed at any call, a program leaves one version or the other, and nothing that stops the next', () =>
  inFolder((folder) => {
    const sure = fileIn(folder)
    for (let last = 0; ; last++) {
      fs.rmSync(sure.path, { force: true })
      sure.replace(undefined, utf8Encode('old'))
      let killed = false
      const calls = hooked((n, call) => {
        if (n <= last) return call()
        killed = true
        // A killed program clears nothing up: this and every later call is not made.
        throw Object.assign(new Error('killed'), { code: 'KILLED' })
      })
      attempt(() => fileIn(folder, calls).replace(utf8Encode('old'), utf8Encode('new')))
      if (!killed) return
      assert.match(text(sure), /^(?:old|new)$/, `after call ${last}`)
      add(sure, 'next')
      assert.match(text(sure), /^(?:old|new),next$/, `after call ${last}`)
      assert.deepEqual(claimsIn(folder), [], `after call ${last}`)
    }
  }))

test('whenever another comes in between, nobody’s change is lost', () =>
  inFolder((folder) => {
    const sure = fileIn(folder)
    for (let between = 1; ; between++) {
      fs.rmSync(sure.path, { force: true })
      sure.replace(undefined, utf8Encode('old'))
      let came = false
      const calls = hooked((n, call) => {
        if (n === between && !came) {
          came = true
          // One stands still, perhaps with a claim, for as long as the other needs.
          add(sure, 'b')
        }
        return call()
      })
      add(fileIn(folder, calls), 'a')
      if (!came) return
      assert.deepEqual(new Set(text(sure).split(',')), new Set(['old', 'a', 'b']), `before call ${between}`)
      assert.deepEqual(claimsIn(folder), [])
    }
  }))

test('a claim that was lost and taken by another is not mistaken for one’s own', () =>
  inFolder((folder) => {
    fileIn(folder).replace(undefined, utf8Encode('old'))
    const slow = beforeFirstRename(() => {
      const [claim = ''] = claimsIn(folder)
      fs.rmSync(join(folder, claim))
      fs.writeFileSync(join(folder, claim), 'old,b')
    })
    add(fileIn(folder, slow, 0), 'a')
    assert.equal(text(fileIn(folder)), 'old,b,a')
  }))

test('a claim that another has renamed has done its work', () =>
  inFolder((folder) => {
    fileIn(folder).replace(undefined, utf8Encode('old'))
    const slow = beforeFirstRename(() => {
      const [claim = ''] = claimsIn(folder)
      fs.renameSync(join(folder, claim), join(folder, 'file'))
    })
    add(fileIn(folder, slow), 'a')
    assert.equal(text(fileIn(folder)), 'old,a')
    const late = beforeFirstRename(() => {
      const [claim = ''] = claimsIn(folder)
      fs.renameSync(join(folder, claim), join(folder, 'file'))
      add(fileIn(folder), 'c')
    })
    add(fileIn(folder, late), 'b')
    assert.equal(text(fileIn(folder)), 'old,a,b,c')
  }))

test('something else with the name of a claim is an error, not endless waiting', () =>
  inFolder((folder) => {
    const file = fileIn(folder)
    file.replace(undefined, utf8Encode('old'))
    const spy = beforeFirstRename(() => {
      const [claim = ''] = claimsIn(folder)
      fs.rmSync(join(folder, claim))
      fs.mkdirSync(join(folder, claim))
    })
    assert.throws(() => add(fileIn(folder, spy), 'a'), /EISDIR|ENOTDIR|EPERM/)
    assert.throws(() => add(file, 'a'), /EISDIR|EPERM/)
    assert.equal(text(file), 'old')
  }))

/** A file of names with commas between them; a claim does not last long, with 0 no time at all. */
function fileIn(folder: string, calls: DiskCalls = NODE_CALLS, lease = 10): VersionedFile {
  return new VersionedFile({ path: join(folder, 'file'), maxBytes: 100, what: 'the file', lease }, calls)
}

function text(file: VersionedFile): string {
  return utf8Decode(file.read() ?? new Uint8Array(0))
}

/** Adds a name unless it is there, as a store does: whatever is there by then is kept. */
function add(file: VersionedFile, name: string): void {
  for (;;) {
    const seen = file.read()
    const names = utf8Decode(seen ?? new Uint8Array(0)).split(',')
    if (names.includes(name)) return
    if (file.replace(seen, utf8Encode([...names, name].join(',')))) return
  }
}

function claimsIn(folder: string): string[] {
  return fs.readdirSync(folder).filter((name) => name.endsWith('.next'))
}

/** The real calls, each of which goes through `atCall` first. */
function hooked(atCall: AtCall): DiskCalls {
  let count = 0
  const wrap =
    (call: (...args: never[]) => unknown) =>
    (...args: never[]) => {
      count += 1
      return atCall(count, () => call(...args))
    }
  const calls = Object.entries(NODE_CALLS).map(([name, call]) => [
    name,
    wrap(call as (...args: never[]) => unknown),
  ])
  return Object.fromEntries(calls) as DiskCalls
}

/** The real calls; before the first renaming, others get their turn. */
function beforeFirstRename(work: () => void): DiskCalls {
  let first = true
  return {
    ...NODE_CALLS,
    renameSync: (from, to) => {
      if (first) {
        first = false
        work()
      }
      fs.renameSync(from, to)
    },
  }
}

function attempt(work: () => void): boolean {
  try {
    work()
    return false
  } catch {
    return true
  }
}
