/**
 * How long does a custodian take to check a bundle, by how many deposits are asked for, and how much the log has grown since it looked
 * last?
 *
 * Run: node -C source bench/custodian-bundle.ts [--quick] [--rounds N]
 *
 * Reading and all checks, with nothing opened; each bundle in a process of its own, with the memory that it had before and its peak. The
 * bundles of deposits are made by the log of a real database, each deposit proved to a tree that the custodian had not seen. The ranges
 * are one such bundle from the first leaf on, with deposits of nobody behind it.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  encodeRecoveryBundle,
  parseRecoveryBundle,
  type RecoveryBundle,
} from '../packages/core/src/protocol/index.ts'
import {
  encodeCheckpoint,
  encodeLogEntry,
  ENTRY_BYTES,
  ENTRY_KINDS,
  Frontier,
  signNote,
} from '../packages/core/src/tlog/index.ts'
import { merkleTree } from '../packages/core/src/merkle/index.ts'
import { sha256 } from '../packages/authority/src/model/index.ts'
import { milliseconds, quantile } from './authority-rates.ts'
import { bytesOf } from './authority-scene.ts'
import { CustodianScene } from './custodian-scene.ts'
import { publish, row } from './report.ts'
import { withWorkbench } from './workbench.ts'

const CHECKING = fileURLToPath(new URL('custodian-checking.ts', import.meta.url))
const DEPOSITS = { quick: [1, 100], full: [1, 100, 10_000] }
const RANGES = { quick: [100, 10_000], full: [100, 10_000, 1_000_000] }
const ROUNDS = { quick: 2, full: 5 }
const MIB = 2 ** 20

/** What was found about one bundle. */
interface Checked {
  readonly what: string
  readonly bytes: number
  readonly runs: readonly { readonly readMs: number; readonly checkMs: number }[]
  readonly beforeMiB: number
  readonly peakMiB: number
}

await withWorkbench(async ({ disk, quick, rounds }) => {
  const [kind, scene] = [quick ? 'quick' : 'full', await CustodianScene.make(join(disk, 'scene'))] as const
  const most = Math.min(rounds, ROUNDS[kind])
  const found: Checked[] = []
  const check = (what: string, bundle: Uint8Array) =>
    found.push(checked(scene, { what, bundle, rounds: most }))
  const base = parseRecoveryBundle(await bundleOf(scene, 1, 0))
  for (const count of RANGES[kind]) {
    check(`1 deposit, ${shown(count)} more entries`, encodeRecoveryBundle(grown(base, count, scene)))
  }
  // Behind the ranges: what the custodian sees for them would be more than the ranges have.
  for (const count of DEPOSITS[kind]) check(`${shown(count)} deposits`, await bundleOf(scene, count))
  await scene.close()
  publish('custodian-bundle', { found }, () => print(found))
})

/** A request for so many new deposits, which waited long enough. @param seen leaves from which entries are shown; all that the custodian saw unless told */
async function bundleOf(scene: CustodianScene, count: number, seen?: number): Promise<Uint8Array> {
  const ids = await scene.deposits(count)
  const folder = scene.custodian()
  const size = scene.look(folder)
  folder.close()
  const request = await scene.request(ids)
  scene.waitOut()
  return scene.bundle(request, seen ?? size)
}

/** The same bundle when the log has grown by so many entries. Its range begins with the first leaf, so no proof changes. */
function grown(bundle: RecoveryBundle, count: number, scene: CustodianScene): RecoveryBundle {
  const { range } = bundle
  if (range.start > 0) throw new RangeError('entries before the range')
  const entries = new Uint8Array(range.entries.length + count * ENTRY_BYTES)
  entries.set(range.entries)
  for (let i = 0; i < count; i++) {
    const entry = encodeLogEntry({ kind: ENTRY_KINDS.deposit, digest: sha256(bytesOf(i, 8)) })
    entries.set(entry, range.entries.length + i * ENTRY_BYTES)
  }
  const [tree, frontier] = [merkleTree(sha256), new Frontier(sha256)]
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    frontier.append(tree.leafHash(entries.subarray(at, at + ENTRY_BYTES)))
  }
  const { origin } = scene.chain.latest.payload.log
  const head = { origin, size: frontier.size, root: frontier.root(), extensions: [] }
  const checkpoint = signNote(encodeCheckpoint(head), scene.logSigners())
  return { ...bundle, checkpoint, range: { ...range, entries } }
}

function checked(
  scene: CustodianScene,
  { what, bundle, rounds }: { readonly what: string; readonly bundle: Uint8Array; readonly rounds: number },
): Checked {
  const path = join(scene.folder, 'bundle')
  writeFileSync(path, bundle)
  const words = ['-C', 'source', CHECKING, scene.custody, path, String(scene.now), String(rounds + 1)]
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the check ended with ${status}: ${stderr}`)
  const { runs, ...memory } = JSON.parse(stdout) as Omit<Checked, 'what' | 'bytes'>
  return { what, bytes: bundle.length, runs, ...memory }
}

function shown(count: number): string {
  return count.toLocaleString('en')
}

function print(found: readonly Checked[]): void {
  const heads = ['bundle', 'size', 'read', 'checked', 'the first time', 'memory before', 'peak']
  console.log(`\n${row(heads)}\n${row(heads.map(() => '---'))}`)
  for (const { what, bytes, runs, beforeMiB, peakMiB } of found) {
    const [first, ...others] = runs
    const middle = (of: (run: Checked['runs'][number]) => number) =>
      milliseconds(quantile(others.map(of), 0.5))
    const cells = [
      `${(bytes / MIB).toFixed(bytes < MIB ? 2 : 1)} MiB`,
      middle(({ readMs }) => readMs),
      middle(({ checkMs }) => checkMs),
      milliseconds((first?.readMs ?? 0) + (first?.checkMs ?? 0)),
      `${beforeMiB.toFixed(0)} MiB`,
      `${peakMiB.toFixed(0)} MiB`,
    ]
    console.log(row([what, ...cells]))
  }
}
