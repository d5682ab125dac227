import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspectFile, resealFile, rewrapFile, verifyFile } from '../../src/seal/index.ts'
import { inFolder } from './support-crash/children.ts'
import { modeOf, plainContent, sealedContent } from './support-crash/look.ts'
import { bob, bytesOf, reader, sealer } from './support-crash/people.ts'
import { at, CONVERTERS, namesIn, openOne, refuses, sealOne } from './support-crash/refusals.ts'
import { seal, write } from './support-crash/scene.ts'

test('folders, devices and sockets are no input; what is not there is an error of the system', () =>
  inFolder(async (folder) => {
    mkdirSync(join(folder, 'folder'))
    symlinkSync('nothing', join(folder, 'dangling'))
    const server = createServer().listen(join(folder, 'socket'))
    await once(server, 'listening')
    const before = namesIn(folder)
    for (const { name, convert } of CONVERTERS) {
      const from = (input: string) => () => convert({ path: input }, at(folder, 'out'))
      for (const input of [join(folder, 'folder'), join(folder, 'socket'), '/dev/null', '/dev/zero']) {
        const error = await refuses('UNSUPPORTED', from(input))
        assert.equal(error.path, input, name)
      }
      await refuses('IO', from(join(folder, 'dangling')), 'ENOENT')
      await refuses('IO', from(join(folder, 'nothing')), 'ENOENT')
    }
    assert.deepEqual(namesIn(folder), before)
    server.close()
  }))

test('a symbolic link is followed, and a file with two names is sealed under either', () =>
  inFolder(async (folder) => {
    write(folder, 'plain', 'new', 1000)
    symlinkSync('plain', join(folder, 'link'))
    linkSync(join(folder, 'plain'), join(folder, 'second'))
    for (const name of ['link', 'second']) {
      await sealOne(at(folder, name), at(folder, `${name}.age`))
      const verified = await verifyFile(at(folder, `${name}.age`), reader)
      assert.equal(verified.metadata.name, name)
      assert.equal(verified.metadata.mode, 0o640)
      assert.equal(await sealedContent(join(folder, `${name}.age`)), 'new')
    }
    symlinkSync('second.age', join(folder, 'link.age.link'))
    await openOne(at(folder, 'link.age.link'), at(folder, 'out'))
    assert.equal(plainContent(join(folder, 'out')), 'new')
    assert.equal(lstatSync(join(folder, 'plain')).nlink, 2)
  }))

test('an empty file is a file', () =>
  inFolder(async (folder) => {
    await seal(folder, 'empty', 'empty.age', 0)
    await rewrapFile(join(folder, 'empty.age'), { ...reader, recipients: [bob.recipient()] })
    await resealFile(join(folder, 'empty.age'), { ...reader, ...sealer })
    assert.equal((await verifyFile(at(folder, 'empty.age'), reader)).metadata.version, 2)
    const { plaintextBytes } = await openOne(at(folder, 'empty.age'), at(folder, 'out'))
    assert.equal(plaintextBytes, 0)
    assert.equal(readFileSync(join(folder, 'out')).length, 0)
    assert.equal(modeOf(join(folder, 'out')), 0o600)
  }))

test('an empty file is not an age file', () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'empty'), '')
    await refuses('NOT_AGE', () => openOne(at(folder, 'empty'), at(folder, 'out')))
    await refuses('NOT_AGE', () => verifyFile(at(folder, 'empty'), reader))
    await refuses('NOT_AGE', () => inspectFile(at(folder, 'empty')))
    assert.deepEqual(namesIn(folder), ['empty'])
  }))

test('a pipe with a name is sealed and opened as a stream, and waiting for its writer stops nobody', () =>
  inFolder(async (folder) => {
    assert.equal(spawnSync('mkfifo', [join(folder, 'pipe')]).status, 0)
    writeFileSync(join(folder, 'plain'), bytesOf('new', 3_000_000))
    const sealing = sealOne(at(folder, 'pipe'), at(folder, 'pipe.age'))
    // Something else is done meanwhile.
    await sealOne(at(folder, 'plain'), at(folder, 'plain.age'))
    await feed(join(folder, 'plain'), join(folder, 'pipe'))
    assert.equal((await sealing).plaintextBytes, 3_000_000)
    const verified = await verifyFile(at(folder, 'pipe.age'), reader)
    assert.equal(verified.metadata.name, 'pipe')
    assert.equal(verified.metadata.mtimeNs, undefined)
    const opening = openOne(at(folder, 'pipe'), at(folder, 'out'))
    await feed(join(folder, 'pipe.age'), join(folder, 'pipe'))
    await opening
    assert.equal(plainContent(join(folder, 'out')), 'new')
  }))

/** Another process writes a file into a pipe. */
async function feed(file: string, pipe: string): Promise<void> {
  const cat = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', file, pipe], { stdio: 'inherit' })
  const [status] = (await once(cat, 'close')) as [number | null]
  assert.equal(status, 0)
}
