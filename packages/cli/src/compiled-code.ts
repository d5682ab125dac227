import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import type { Environment } from './folders.ts'

/**
 * Keeps compiled code for the next start, in a folder of the user's own: in a shared one, Node's default,
 * somebody else could put code of theirs in its place.
 */
export function keepCompiledCode(environment: Environment): void {
  const { STRONGROOM_HOME: own, XDG_CACHE_HOME: caches, HOME: home, LOCALAPPDATA: local } = environment
  if (own) enableCompileCache(join(own, 'cache'))
  else if (caches) enableCompileCache(join(caches, 'strongroom'))
  else if (home) enableCompileCache(join(home, '.cache', 'strongroom'))
  else if (local) enableCompileCache(join(local, 'strongroom', 'cache'))
}
