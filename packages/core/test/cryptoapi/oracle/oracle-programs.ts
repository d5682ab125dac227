import { execFile, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A CryptoAPI provider that is not ours, ready to be asked: Wine, a prefix of our own, and our two programs built for it. */
export interface Oracle {
  /** Wine's loader. */
  readonly wine: string
  /** Windows programs of ours, by name. */
  readonly programs: Readonly<Record<ProgramName, string>>
  /** What Wine and the programs run with. */
  readonly environment: NodeJS.ProcessEnv
}

const PROGRAMS = ['capi-driver', 'peer'] as const
type ProgramName = (typeof PROGRAMS)[number]

const COMPILER = 'x86_64-w64-mingw32-gcc'
const COMPILER_OPTIONS = ['-O1', '-Wall', '-Werror', '-Wno-cast-function-type', '-s']
/** Debian's wine64 keeps its loader out of PATH. */
const WINE_LOADERS = ['wine64', '/usr/lib/wine/wine64']

const run = promisify(execFile)

/**
 * Builds the programs and the prefix on first use; later uses find them.
 *
 * They stay in a folder of the user's cache that is named by a hash of the sources, so that no build is ever stale; the
 * prefix takes about 690 MB. Answers a sentence, without building anything, where Wine or the compiler is missing.
 */
export async function prepareOracle(): Promise<Oracle | string> {
  const wine = process.env.WINE ?? WINE_LOADERS.find(isThere)
  if (wine === undefined) return 'needs Wine: tools/install-oracle.sh'
  if (!isThere(COMPILER)) return `needs ${COMPILER}: tools/install-oracle.sh`
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'strongroom-oracle')
  const programs = await buildPrograms(folder)
  const environment = {
    ...process.env,
    WINEPREFIX: join(folder, 'prefix'),
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree=;mshtml=', // no .NET and no browser: nothing asks to be downloaded
    DISPLAY: undefined,
  }
  await makePrefix(wine, environment)
  return { wine, programs, environment }
}

function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function buildPrograms(folder: string): Promise<Record<ProgramName, string>> {
  const sources = PROGRAMS.map((name) => readFileSync(sourceOf(name)))
  const digest = sources
    .reduce((hash, source) => hash.update(source), createHash('sha256').update(COMPILER_OPTIONS.join(' ')))
    .digest('hex')
  const bin = join(folder, `programs-${digest.slice(0, 16)}`)
  mkdirSync(bin, { recursive: true })
  const built = PROGRAMS.map((name) => [name, join(bin, `${name}.exe`)] as const)
  for (const [name, path] of built) if (!existsSync(path)) await compile(name, path)
  return Object.fromEntries(built) as Record<ProgramName, string> // one entry for each of PROGRAMS
}

const sourceOf = (name: ProgramName): string => join(import.meta.dirname, 'programs', `${name}.c`)

/** Under another name first: a build that is broken off leaves no program that looks whole. */
async function compile(name: ProgramName, path: string): Promise<void> {
  await run(COMPILER, [...COMPILER_OPTIONS, '-o', `${path}.part`, sourceOf(name), '-ladvapi32'])
  renameSync(`${path}.part`, path)
}

/** Wine writes system.reg last of what a prefix needs. */
async function makePrefix(wine: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const prefix = environment.WINEPREFIX ?? ''
  if (existsSync(join(prefix, 'system.reg'))) return
  mkdirSync(prefix, { recursive: true })
  // No pipes: Wine's services would keep them open.
  const child = spawn(wine, ['wineboot', '-i'], { env: environment, stdio: 'ignore', timeout: 120_000 })
  const [status] = await once(child, 'exit')
  if (status !== 0) throw new Error(`wineboot ended with ${status}; remove ${prefix} before the next try`)
}
