import assert from 'node:assert/strict'
import { cpSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rewrapFile } from '../../src/seal/index.ts'
import { inFolder, runChild, startChild, type Child } from './support-crash/children.ts'
import { interruptRewrap } from './support-crash/journal.ts'
import { leftovers, opensFor, sealedContent } from './support-crash/look.ts'
import { alice, bob, carol, reader } from './support-crash/people.ts'
import { PLAIN, SEALED, seal } from './support-crash/scene.ts'
import { sceneOf } from './support-crash/scenes.ts'
import type { Report } from './support-crash/victim.ts'

const SCENE = sceneOf('rewrap in place')
// Whoever rewraps next.
const forCarol = { ...reader, recipients: [carol.recipient()] }

/** The numbers of the calls around the point of no return: the journal has its name, the header is written. */
async function placesOf(prepared: string, root: string) {
  const folder = copy(prepared, join(root, 'alive'))
  const names = (await runChild<Report>('./victim.ts', SCENE.name, folder)).calls.map(({ name }) => name)
  const named = names.indexOf('linkSync')
  const written = names.indexOf('writevSync', named)
  assert.ok(named > 0 && written > named)
  return {
    beforeWriting: names.indexOf('fsyncSync', named) + 1,
    writing: written + 1,
    afterWriting: names.indexOf('fsyncSync', written) + 1,
  }
}

function copy(prepared: string, folder: string): string {
  cpSync(prepared, folder, { recursive: true })
  return folder
}

/** A process that rewraps for Bob and waits at one of its calls. */
async function waitingAt(folder: string, call: number, how: 'wait' | 'wait-torn' = 'wait'): Promise<Child> {
  const child = startChild('./victim.ts', SCENE.name, folder, how, String(call))
  await child.waiting
  return child
}

async function codeOf(child: Child): Promise<string | null> {
  child.goOn()
  const { stdout, status, stderr } = await child.ended
  assert.equal(status, 0, stderr)
  return (JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Report).codes[0] ?? null
}

async function prepare(root: string): Promise<string> {
  const folder = join(root, 'template')
  mkdirSync(folder)
  await SCENE.prepare(folder, SCENE.bytes)
  return folder
}

async function whoOpens(path: string): Promise<string[]> {
  assert.equal(await sealedContent(path, [alice, bob, carol]), 'new')
  const names: string[] = []
  for (const [name, identity] of Object.entries({ alice, bob, carol })) {
    if (await opensFor(path, identity)) names.push(name)
  }
  return names
}

test('a rewrap that another one overtook does not write its header over the later one', () =>
  inFolder(async (root) => {
    const prepared = await prepare(root)
    const places = await placesOf(prepared, root)
    for (const place of ['beforeWriting', 'afterWriting'] as const) {
      const folder = copy(prepared, join(root, place))
      const path = join(folder, SEALED)
      const child = await waitingAt(folder, places[place])
      assert.deepEqual(await whoOpens(path), ['bob'], 'the journal counts')
      await rewrapFile(path, forCarol)
      assert.deepEqual(await whoOpens(path), ['carol'])
      assert.equal(await codeOf(child), place === 'beforeWriting' ? 'BUSY' : null)
      assert.deepEqual(await whoOpens(path), ['carol'])
      assert.deepEqual(leftovers(folder), [])
    }
  }))

test('a rewrap does not remove the journal of a later one, which may need it', () =>
  inFolder(async (root) => {
    const folder = await prepare(root)
    const places = await placesOf(folder, root)
    const path = join(folder, SEALED)
    const first = await waitingAt(folder, places.afterWriting)
    // The second one has its own calls: it finishes for the first one before.
    const again = await runChild<Report>('./victim.ts', SCENE.name, copy(folder, join(root, 'again')))
    const names = again.calls.map(({ name }) => name)
    const second = await waitingAt(folder, names.lastIndexOf('writevSync') + 1, 'wait-torn')
    assert.equal(await codeOf(first), null)
    second.goOn()
    assert.equal((await second.ended).signal, 'SIGKILL')
    assert.deepEqual(await whoOpens(path), ['bob'])
    await rewrapFile(path, forCarol)
    assert.deepEqual(await whoOpens(path), ['carol'])
    assert.deepEqual(leftovers(folder), [])
  }))

test('a journal of a file that had the name before does not keep the next one from being rewrapped', () =>
  inFolder(async (folder) => {
    const path = join(folder, SEALED)
    await seal(folder, PLAIN, SEALED, SCENE.bytes)
    await seal(folder, PLAIN, 'next.age', SCENE.bytes)
    await interruptRewrap(path)
    renameSync(join(folder, 'next.age'), path)
    assert.equal(await sealedContent(path), 'new')
    assert.ok((await rewrapFile(path, forCarol)).inPlace)
    assert.deepEqual(await whoOpens(path), ['carol'])
    assert.deepEqual(leftovers(folder), [])
  }))
