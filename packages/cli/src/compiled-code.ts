import { lstatSync, mkdirSync, type Stats } from 'node:fs'
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { isAbsolute, join } from 'node:path'
import type { Environment } from './folders.ts'

/**
 * Keeps compiled code for the next start, in a folder that nobody but its user can write to: whoever can
 * put code there runs it in our place. Where there is no such folder nothing is kept.
 *
 * Never in `STRONGROOM_HOME`: what lies there, on a shared or removable disk perhaps, needs no trust but
 * for the lists of whom to trust.
 */
export function keepCompiledCode(environment: Environment, platform: string): void {
  // Whoever set NODE_COMPILE_CACHE chose a folder already.
  if (getCompileCacheDir() !== undefined) return
  const folder = cacheFolder(environment, platform)
  if (folder !== undefined && isOurs(folder)) enableCompileCache(folder)
}

/**
 * The folder for what can be made again: `strongroom` in that of the XDG base directory specification 0.8, in
 * which a relative path counts as not set, or in that of Windows.
 */
export function cacheFolder(environment: Environment, platform: string): string | undefined {
  const { XDG_CACHE_HOME: caches, HOME: home, LOCALAPPDATA: local } = environment
  const roots =
    platform === 'win32' ? [local && join(local, 'strongroom')] : [caches, home && join(home, '.cache')]
  const root = roots.find((path) => path && isAbsolute(path))
  return root && join(root, platform === 'win32' ? 'cache' : 'strongroom')
}

/** Makes the folder 0700 if it is not there; what was there before must be just that. */
function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return isPrivate(lstatSync(folder))
  } catch {
    return false
  }
}

function isPrivate(found: Stats): boolean {
  if (!found.isDirectory()) return false
  // On Windows the folder is inside the user's profile, which has their access rights.
  return process.getuid === undefined || (found.uid === process.getuid() && (found.mode & 0o077) === 0)
}
