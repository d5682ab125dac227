import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readlinkSync, unlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Where a process number means something: this machine and, in a container of processes, that container. */
const HOST = createHash('sha256').update(`${hostname()} ${processNamespace()}`).digest('hex').slice(0, 8)
const NAME = /^\.strongroom-([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.tmp$/

const unfinished = new Set<string>()
const swept = new Set<string>()

/**
 * A name for a file under construction in `folder`; tells which process is at work on it.
 *
 * What a killed process left in the folder is removed the first time that this process writes there.
 */
export function temporaryName(folder: string): string {
  if (!swept.has(folder)) {
    swept.add(folder)
    removeAbandoned(folder)
  }
  return `.strongroom-${HOST}-${process.pid}-${randomBytes(8).toString('hex')}.tmp`
}

/** Whether a name is that of a file under construction, of this process or another. */
export function isTemporaryName(name: string): boolean {
  return NAME.test(name)
}

/** Remembers a file under construction, so that it can be removed when the process is told to stop. */
export function trackTemporary(path: string): void {
  unfinished.add(path)
}

/** The file got its name. */
export function forgetTemporary(path: string): void {
  unfinished.delete(path)
}

/** Removes a file that is not wanted any more. Never fails. */
export function removeTemporary(path: string): void {
  removeQuietly(path)
  unfinished.delete(path)
}

/** Removes every file under construction: for a process that must end now. */
export function removeUnfinished(): void {
  for (const path of unfinished) removeQuietly(path)
  unfinished.clear()
}

/** Only files of processes of this machine that are no more: another's may still be written. */
function removeAbandoned(folder: string): void {
  for (const name of listQuietly(folder)) {
    const [, host, pid] = NAME.exec(name) ?? []
    if (host === HOST && !isAlive(Number(pid))) removeQuietly(join(folder, name))
  }
}

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    // Only Linux has them.
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

function listQuietly(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Somebody else removed it, or may not let us: it holds nothing that anybody can read.
  }
}
