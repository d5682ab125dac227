/* Old archives are larger than memory: what is opened, written and migrated is never there as a whole. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { closeSync, createReadStream, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { test } from 'node:test'
import { setInterval as every } from 'node:timers'
import { putKey } from './cryptoapi-vectors.ts'
import { initialised } from './fixtures.ts'
import type { Home } from './program.ts'

const MIB = 2 ** 20
const SMALL_BYTES = MIB
const LARGE_BYTES = 256 * MIB
/** More than a start of Node and some garbage differ by, and far less than the large file. */
const MOST_MORE_KIB = 160 * 1024
const LOOK_MS = 5

/** A file of so many bytes, the same in every run; its digest. */
function putLarge(home: Home, name: string, bytes: number): string {
  const piece = createHash('shake256', { outputLength: MIB }).update('large').digest()
  const hash = createHash('sha256')
  const fd = openSync(home.path(name), 'w')
  for (let at = 0; at < bytes; at += MIB) {
    piece.writeUInt32LE(at)
    writeSync(fd, piece)
    hash.update(piece)
  }
  closeSync(fd)
  return hash.digest('hex')
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Runs a command that must succeed; the most memory that it held, in KiB, as far as it was looked at. */
async function peakOf(home: Home, words: readonly string[]): Promise<number> {
  let most = 0
  let timer: NodeJS.Timeout | undefined
  await home.ok(words, {
    onStart: ({ pid }) => {
      timer = every(() => {
        most = Math.max(most, peakOfProcess(pid))
      }, LOOK_MS)
    },
  })
  clearInterval(timer)
  return most
}

/** The high-water mark that Linux keeps; 0 once the process is gone. */
function peakOfProcess(pid: number | undefined): number {
  try {
    const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(peak ?? 0)
  } catch {
    return 0
  }
}

for (const algorithm of ['aes-256', 'rc4']) {
  test(`256 MiB under ${algorithm} take no more memory than 1 MiB`, async (t) => {
    if (!existsSync('/proc/self/status')) return t.skip('needs /proc')
    const home = initialised(t, { profile: 'classic' })
    const key = ['--key', putKey(home, 'kx2048.private')]
    const peaks: number[][] = []
    for (const [name, bytes] of [
      ['small', SMALL_BYTES],
      ['large', LARGE_BYTES],
    ] as const) {
      const digest = putLarge(home, name, bytes)
      const encrypted = await peakOf(home, [
        'cryptoapi',
        'encrypt-file',
        name,
        '--algorithm',
        algorithm,
        ...key,
      ])
      const opened = await peakOf(home, ['cryptoapi', 'open', `${name}.enc`, ...key])
      assert.equal(await digestOf(home.path(`${name}.enc.opened`)), digest)
      const migrated = await peakOf(home, ['cryptoapi', 'migrate', `${name}.enc`, ...key])
      peaks.push([encrypted, opened, migrated])
      const [verified] = (await home.json(['verify', `${name}.enc.age`])) as { verified: boolean }[]
      assert.equal(verified?.verified, true)
    }
    const [small = [], large = []] = peaks
    for (const [i, peak] of large.entries()) {
      const before = small[i] ?? 0
      assert.ok(before > 0, 'nothing was measured')
      assert.ok(peak - before < MOST_MORE_KIB, `${peak} KiB instead of ${before} KiB`)
    }
  })
}
