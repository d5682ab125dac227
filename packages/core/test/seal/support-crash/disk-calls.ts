import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** The functions of node:fs through which files are sealed, opened and rewritten. */
const SYNC_CALLS = [
  'appendFileSync',
  'closeSync',
  'fchmodSync',
  'fchownSync',
  'fstatSync',
  'fsyncSync',
  'linkSync',
  'lstatSync',
  'mkdirSync',
  'openSync',
  'readdirSync',
  'readFileSync',
  'readSync',
  'realpathSync',
  'renameSync',
  'rmSync',
  'statSync',
  'unlinkSync',
  'writevSync',
] as const
const CALLBACK_CALLS = ['fsync', 'read', 'write'] as const

const CHANGING: ReadonlySet<string> = new Set([
  'appendFileSync',
  'fchmodSync',
  'fchownSync',
  'fsync',
  'linkSync',
  'mkdirSync',
  'renameSync',
  'rmSync',
  'unlinkSync',
  'write',
  'writevSync',
])

export type CallName = (typeof SYNC_CALLS)[number] | (typeof CALLBACK_CALLS)[number]

/** One call, counted from 1. */
export interface DiskCall {
  readonly index: number
  readonly name: CallName
  readonly args: readonly unknown[]
}

/** What becomes of a call. */
export type Verdict =
  | { readonly kind: 'pass' }
  /** Reported as failed; `persisted` if it was carried out all the same. */
  | { readonly kind: 'fail'; readonly code: string; readonly persisted: boolean }
  /** A write that takes only a part of its bytes. */
  | { readonly kind: 'part' }
  /** The process dies here, killed; `torn` if half of a write was carried out before. */
  | { readonly kind: 'kill'; readonly torn: boolean }

export const PASS: Verdict = { kind: 'pass' }

type Call = (...args: unknown[]) => unknown
const real = { ...fs } as unknown as Record<CallName, Call>

let judge: ((call: DiskCall) => Verdict) | undefined
let count = 0

/**
 * Runs `work` while `decide` decides about each of its calls to node:fs; returns how many there were.
 *
 * Import this module before any that imports node:fs by name and keeps what it got. Only for a process
 * of its own: it replaces the functions for all of it. Worker threads have functions of their own.
 */
export async function withDisk(
  decide: (call: DiskCall) => Verdict,
  work: () => Promise<unknown>,
): Promise<number> {
  judge = decide
  count = 0
  try {
    await work()
  } finally {
    judge = undefined
  }
  return count
}

/** Whether a call changes what a folder or file holds, or waits until that is durable. */
export function changesDisk({ name, args }: DiskCall): boolean {
  if (name !== 'openSync') return CHANGING.has(name)
  const flags = args[1]
  return typeof flags === 'number' ? (flags & fs.constants.O_CREAT) !== 0 : flags !== 'r'
}

/** Says so and waits, with all threads that share the files of this one, until the parent lets it go on. */
export function waitForParent(): void {
  fs.writeSync(1, 'waiting\n')
  real.readSync(0, new Uint8Array(1))
}

function verdictOn(name: CallName, args: readonly unknown[]): Verdict {
  if (!judge) return PASS
  count += 1
  return judge({ index: count, name, args })
}

function syncCall(name: CallName): Call {
  return (...args) => {
    const verdict = verdictOn(name, args)
    if (verdict.kind === 'pass') return real[name](...args)
    if (verdict.kind === 'part') return real[name](...partOf(name, args))
    if (verdict.kind === 'kill') return die(() => verdict.torn && real[name](...partOf(name, args)))
    if (verdict.persisted) undoDescriptor(name, real[name](...args))
    throw systemError(verdict.code, name)
  }
}

function callbackCall(name: CallName): Call {
  return (...all) => {
    const args = all.slice(0, -1)
    const callback = all.at(-1) as Call
    const verdict = verdictOn(name, args)
    if (verdict.kind === 'pass') return real[name](...args, callback)
    if (verdict.kind === 'part') return real[name](...partOf(name, args), callback)
    if (verdict.kind === 'kill') return die(() => undefined)
    const fail = () => callback(systemError(verdict.code, name))
    return verdict.persisted ? real[name](...args, fail) : setImmediate(fail)
  }
}

/** A write of half of its first part; other calls are whole or not at all. */
function partOf(name: CallName, args: readonly unknown[]): unknown[] {
  if (name === 'writevSync') {
    const [fd, [first], position] = args as [number, Uint8Array[], number]
    return [fd, first ? [half(first)] : [], position]
  }
  if (name !== 'write') return [...args]
  const [fd, bytes, offset, length, position] = args as [number, Uint8Array, number, number, null]
  return [fd, bytes, offset, Math.ceil(length / 2), position]
}

function half(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, Math.ceil(bytes.length / 2))
}

function die(last: () => unknown): never {
  last()
  process.kill(process.pid, 'SIGKILL')
  throw new Error('still alive')
}

/** A failed open gives no descriptor, even if the file was made. */
function undoDescriptor(name: CallName, result: unknown): void {
  if (name === 'openSync') real.closeSync(result)
}

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall}`), { code, syscall, errno: -1 })
}

const replaced = [
  ...SYNC_CALLS.map((name) => [name, syncCall(name)] as const),
  ...CALLBACK_CALLS.map((name) => [name, callbackCall(name)] as const),
]
Object.assign(fs, Object.fromEntries(replaced))
syncBuiltinESMExports()
