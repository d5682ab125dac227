import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How a child ended. */
export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A program of this folder in a process of its own. */
export interface Child {
  readonly process: ChildProcess
  /** Resolves when it said its first word; never if it ends before. */
  readonly started: Promise<void>
  /** Resolves when it waits. */
  readonly waiting: Promise<void>
  /** Lets it go on. */
  readonly goOn: () => void
  readonly ended: Promise<Ended>
}

/** How many children run at once: as many as a small machine has processors. */
const AT_ONCE = 2

// Compiled code is kept between children, which then start three times as fast; nobody else may write there.
const CACHE = mkdtempSync(join(tmpdir(), 'strongroom-cache-'))
process.once('exit', () => rmSync(CACHE, { recursive: true, force: true }))

/** What children find in their environment. */
export const CHILD_ENVIRONMENT = {
  ...process.env,
  NODE_COMPILE_CACHE: CACHE,
}

/** How a program of this folder is started. */
export function childArguments(program: string): [node: string, args: readonly string[]] {
  return [process.execPath, ['-C', 'source', fileURLToPath(new URL(program, import.meta.url))]]
}

/** Starts a program of this folder. */
export function startChild(program: string, ...args: readonly string[]): Child {
  const [node, first] = childArguments(program)
  const child = spawn(node, [...first, ...args], {
    stdio: 'pipe',
    env: CHILD_ENVIRONMENT,
  })
  const started = Promise.withResolvers<void>()
  const waiting = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<Ended>()
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    started.resolve()
    if (stdout.includes('waiting\n')) waiting.resolve()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.once('error', ended.reject)
  child.once('close', (status, signal) => ended.resolve({ status, signal, stdout, stderr }))
  return {
    process: child,
    started: started.promise,
    waiting: waiting.promise,
    goOn: () => child.stdin.write('.'),
    ended: ended.promise,
  }
}

/** Runs a program of this folder to its end; what it printed on its last line, as JSON. @throws if it fails */
export async function runChild<T>(program: string, ...args: readonly string[]): Promise<T> {
  const { status, signal, stdout, stderr } = await startChild(program, ...args).ended
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${signal ?? status}: ${stderr}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as T
}

/** Does `work` for every item, a few at a time. */
export async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of rest) await work(item)
    }),
  )
}

/** Runs `work` with a folder of its own, which is removed afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'seal-test-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
