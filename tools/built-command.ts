import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PACKAGE = join(ROOT, 'packages/cli')
/** Below the packages that the command needs beside it, as where it is installed. */
const PLACE = join(ROOT, 'node_modules/.cache')

/** The command as it is published. */
export interface BuiltCommand {
  /** What starts it. */
  readonly bin: string
  readonly remove: () => void
}

/** Builds the command, unless it was for a run around this one: from its sources every start takes three times as long. @throws Error */
export async function builtCommand(): Promise<BuiltCommand> {
  const { STRONGROOM_TEST_COMMAND: built } = process.env
  if (built !== undefined) return { bin: built, remove: () => {} }
  mkdirSync(PLACE, { recursive: true })
  const folder = mkdtempSync(join(PLACE, 'strongroom-'))
  const words = ['-C', 'source', join(ROOT, 'tools/build.ts'), join(folder, 'dist')]
  const [status] = (await once(spawn(process.execPath, words, { cwd: ROOT, stdio: 'inherit' }), 'exit')) as [
    number,
  ]
  if (status !== 0) throw new Error('the command was not built')
  for (const name of ['bin', 'package.json'])
    cpSync(join(PACKAGE, name), join(folder, name), { recursive: true })
  const remove = () => rmSync(folder, { recursive: true, force: true })
  return { bin: join(folder, 'bin/strongroom.js'), remove }
}
