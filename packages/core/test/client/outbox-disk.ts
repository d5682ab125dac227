import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** The calls that change the disk, of those that the client makes. */
const CALLS = [
  'appendFileSync',
  'closeSync',
  'fchmodSync',
  'fsync',
  'fsyncSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'unlinkSync',
  'writeFileSync',
] as const
type CallName = (typeof CALLS)[number]
type Call = (...args: unknown[]) => unknown

/** What becomes of a call: `persisted` if it is carried out and reported as failed all the same. */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail'; readonly code: string; readonly persisted: boolean }
  /** The process dies here, killed, with half of a write carried out. */
  | { readonly kind: 'kill' }
  /** As the disk sees it, the process dies here: nothing is carried out any more. Cheaper than a process. */
  | { readonly kind: 'dead'; readonly first: boolean }

export const PASS: Verdict = { kind: 'pass' }

const real = { ...fs } as unknown as Record<CallName, Call>
let judge: ((index: number, name: CallName) => Verdict) | undefined
let count = 0

/** Runs `work` while `decide` decides about each of its calls, counted from 1. Import this module before node:fs. */
export async function withDisk(
  decide: (index: number, name: CallName) => Verdict,
  work: () => Promise<unknown>,
): Promise<void> {
  judge = decide
  count = 0
  try {
    await work()
  } finally {
    judge = undefined
  }
}

/** How many calls the last `withDisk` had. */
export const countCalls = (): number => count

function replaced(name: CallName): Call {
  return (...args) => {
    if (!judge || !changes(name, args)) return real[name](...args)
    count += 1
    const verdict = judge(count, name)
    if (verdict.kind === 'pass') return real[name](...args)
    if (name === 'fsync') return failLater(args, verdict)
    if (verdict.kind === 'kill') return die(name, args)
    if (verdict.kind === 'dead') return playDead(name, args, verdict.first)
    // A descriptor that is not closed is of no interest here, one that is closed twice is.
    if (verdict.persisted || name === 'closeSync') undo(name, real[name](...args))
    throw Object.assign(new Error(`${verdict.code}: injected, ${name}`), { code: verdict.code })
  }
}

/** The one call that answers later. */
function failLater([fd, callback]: readonly unknown[], verdict: Verdict): void {
  if (verdict.kind === 'kill') die('fsync', [])
  if (verdict.kind === 'fail' && verdict.persisted) real.fsyncSync(fd)
  const code = verdict.kind === 'fail' ? verdict.code : 'EIO'
  setImmediate(
    callback as (error: Error) => void,
    Object.assign(new Error(`${code}: injected, fsync`), { code }),
  )
}

function changes(name: CallName, args: readonly unknown[]): boolean {
  if (name !== 'openSync') return true
  const [, flags] = args
  return typeof flags === 'number' ? (flags & fs.constants.O_CREAT) !== 0 : flags !== 'r'
}

function tear(name: CallName, args: readonly unknown[]): void {
  const [target, content] = args
  if (name !== 'writeFileSync' && name !== 'appendFileSync') return
  const bytes = typeof content === 'string' ? Buffer.from(content) : (content as Uint8Array)
  real[name](target, bytes.subarray(0, Math.ceil(bytes.length / 2)))
}

function playDead(name: CallName, args: readonly unknown[], first: boolean): never {
  if (first) tear(name, args)
  if (name === 'closeSync') real.closeSync(...args)
  throw Object.assign(new Error(`dead at ${name}`), { code: 'EIO' })
}

function die(name: CallName, args: readonly unknown[]): never {
  tear(name, args)
  process.kill(process.pid, 'SIGKILL')
  throw new Error('still alive')
}

function undo(name: CallName, result: unknown): void {
  if (name === 'openSync') real.closeSync(result)
}

Object.assign(fs, Object.fromEntries(CALLS.map((name) => [name, replaced(name)])))
syncBuiltinESMExports()
