import { execSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Rival } from './rivals.ts'

/** The command as it is released, with keys of its own; a rival like the others, and what only it does. */
export interface Strongroom extends Rival {
  /** Seals every file of a folder into another folder in one call. */
  sealAll(folder: string, output: string): string
  openAll(folder: string, output: string): string
  /** Wraps the file's key anew, for its owner alone. */
  rewrap(sealed: string): string
}

export type Profile = 'pq' | 'classic'

/** The command as it is released: `npm run build` makes it. */
export const BUNDLE = fileURLToPath(new URL('../packages/cli/dist/strongroom.js', import.meta.url))

/** The names contestants have in every table. */
export const STRONGROOM = { pq: 'strongroom', classic: 'strongroom, classic' } as const

/**
 * Makes a container that no passphrase protects in a new home below `folder`.
 *
 * @throws Error if the release bundle is not built
 */
export function setUpStrongroom(folder: string, profile: Profile): Strongroom {
  if (!existsSync(BUNDLE)) throw new Error('there is no release bundle: npm run build')
  const run = `STRONGROOM_HOME=${join(folder, `home-${profile}`)} ${process.execPath} ${BUNDLE}`
  execSync(`${run} init --quiet --profile ${profile} --unprotected`, { stdio: 'ignore' })
  return {
    name: STRONGROOM[profile],
    besides: [],
    seal: (from, to) => `${run} seal --quiet -o ${to} ${from}`,
    open: (from, to) => `${run} open --quiet -o ${to} ${from}`,
    sealAll: (from, to) => `${run} seal --quiet -O ${to} ${from}/*`,
    openAll: (from, to) => `${run} open --quiet -O ${to} ${from}/*`,
    rewrap: (path) => `${run} rewrap --quiet --only-me ${path}`,
  }
}
