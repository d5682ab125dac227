/** The store between programs: several at once, and one that is killed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ContainerStore, createContainer, encodeContainer } from '../../src/container/index.ts'
import { CryptoApiStore } from '../../src/container/crypto-api.ts'
import { NOW, inFolder } from './fixtures.ts'

const WRITER = fileURLToPath(new URL('./crypto-api-writer.ts', import.meta.url))
const KILLS = process.env['SLOW'] ? 60 : 3
const EACH = process.env['SLOW'] ? 100 : 10

test('programs that write at the same time keep what the others wrote', () =>
  withOwner(async (folder, open) => {
    const printed = await Promise.all(['a', 'b', 'c'].map((prefix) => linesOf(writer(folder, prefix, EACH))))
    assert.deepEqual(open().names('user').toSorted(), printed.flat().toSorted())
    assert.equal(printed.flat().length, 3 * EACH)
    for (const prefix of ['a', 'b', 'c']) {
      const own = open()
        .names('user')
        .filter((name) => name.startsWith(prefix))
      assert.deepEqual(
        own,
        printed.find(([first]) => first?.startsWith(prefix)),
      )
    }
    assert.deepEqual(readdirSync(folder).toSorted(), ['owner.container', 'owner.cryptoapi'])
  }))

test('a killed program leaves all that it was told is stored, and nothing that stops the next', () =>
  withOwner(async (folder, open) => {
    const stored: string[] = []
    for (let round = 0; round < KILLS; round++) {
      const printed = await linesOf(writer(folder, `${round}-`, 9_000), (lines) => lines.length > round)
      stored.push(...printed)
      const names = open().names('user')
      // One may have been stored, and the program killed before it could say so.
      for (const name of stored) assert.ok(names.includes(name), name)
      assert.ok(names.length <= stored.length + round + 1)
      open().update('user', `after ${round}`, () => ({}))
      stored.push(`after ${round}`)
      assert.ok(open().names('user').includes(`after ${round}`))
    }
  }))

/** Calls `work` with a folder in which an unprotected container lies. */
function withOwner(work: (folder: string, open: () => CryptoApiStore) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    const owner = createContainer({ name: 'owner', profile: 'classic', now: NOW })
    new ContainerStore(folder).save(encodeContainer(owner, { kind: 'none' }))
    await work(folder, () => new CryptoApiStore(folder, owner))
  })
}

function writer(folder: string, prefix: string, count: number) {
  const args = ['-C', 'source', WRITER, folder, prefix, `${count}`]
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** All that a program prints, which is killed as soon as it is `enough`. */
async function linesOf(
  child: ReturnType<typeof writer>,
  enough?: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    if (enough?.(lines)) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'close')
  assert.deepEqual([code, signal], enough === undefined ? [0, null] : [null, 'SIGKILL'])
  return lines
}
