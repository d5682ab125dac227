import {
  closeSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Identity } from '../../../src/age/index.ts'
import { inspectFile, openFile, verifyFile } from '../../../src/seal/index.ts'
import { contentOf, reader, signers, type Content } from './people.ts'

/** What a file holds; undefined if there is none. */
export function plainContent(path: string): Content | undefined {
  return existsSync(path) ? contentOf(readFileSync(path)) : undefined
}

/**
 * What a sealed file opens to, verified both ways; undefined if there is none.
 *
 * @throws SealError if it does not open
 */
export async function sealedContent(
  path: string,
  identities: readonly Identity[] = reader.identities,
): Promise<Content | undefined> {
  if (!existsSync(path)) return undefined
  await verifyFile({ path }, { identities, signers })
  return contentOf(await plaintextOf(path, identities))
}

/** The plaintext of an age file that may have no seal. */
export async function plaintextOf(path: string, identities: readonly Identity[]): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'look-'))
  const fd = openSync(join(folder, 'plain'), 'wx+')
  try {
    await openFile({ input: { path }, output: { fd } }, { identities, signers })
    return new Uint8Array(readFileSync(join(folder, 'plain')))
  } finally {
    closeSync(fd)
    rmSync(folder, { recursive: true })
  }
}

/** Whether an identity opens a file's header. */
export async function opensFor(path: string, identity: Identity): Promise<boolean> {
  return (await inspectFile({ path }, { identities: [identity] })).opened
}

/** The names of files under construction and of journals in a folder. */
export function leftovers(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('.'))
}

/** The names of files under construction. */
export function temporaries(folder: string): string[] {
  return leftovers(folder).filter((name) => name.endsWith('.tmp'))
}

/** The names of files under construction that somebody may read. */
export function readableTemporaries(folder: string): string[] {
  return temporaries(folder).filter((name) => modeOf(join(folder, name)) !== 0)
}

/** Permission bits. */
export function modeOf(path: string): number {
  return lstatSync(path).mode & 0o777
}
