import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseHeader, type Header } from '../age/index.ts'
import { ByteReader, ByteWriter, equalBytes, utf8Encode } from '../bytes/index.ts'
import { syncFolder } from '../container/index.ts'
import { tree } from '../keyblob/index.ts'
import { attempt, readAt, writeAllAt } from './positional-io.ts'
import { PrivateFile } from './private-file.ts'
import { SealError } from './seal-error.ts'

const LABEL = utf8Encode('strongroom header journal v1\n')
const DIGEST_BYTES = 32
const MAX_JOURNAL_BYTES = 1_048_576 + 256
const OWNER_ONLY = 0o600

/**
 * A header that replaces another of the same length, in place.
 *
 * The journal is written whole and made durable before a byte of the file changes: from then on the
 * new header counts, and whoever touches the file next finishes the work. Before, the old one counts.
 *
 * Bytes: label | SHA-256 leaf hash of the payload nonce and its place | header | leaf hash of all before.
 */
export interface HeaderReplacement {
  readonly header: Uint8Array
  /** The payload nonce, which the new header must stand in front of. */
  readonly nonce: Uint8Array
}

/** Where a file's journal stands: beside it. */
export function journalPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.strongroom-journal`)
}

/**
 * Replaces the header of a file in place.
 *
 * If the process dies before the journal has its name, the file is as it was; after that, it opens with
 * the new header, from the journal, until somebody finishes.
 *
 * @throws SealError BUSY if a journal is there; IO
 */
export async function replaceHeader(path: string, fd: number, replacement: HeaderReplacement): Promise<void> {
  const journal = await writeJournal(path, replacement)
  applyHeader(fd, replacement.header)
  removeJournal(journal)
}

/**
 * Finishes an interrupted replacement, if there is one.
 *
 * @returns whether there was one
 */
export function finishInterrupted(path: string): boolean {
  const journal = journalPath(path)
  const fd = attempt('open', () => openSync(path, constants.O_RDWR), path)
  try {
    const replacement = readJournal(journal, fd)
    if (!replacement) return false
    applyHeader(fd, replacement.header)
    removeJournal(journal)
    return true
  } finally {
    closeSync(fd)
  }
}

/** The header that an interrupted replacement has made valid; undefined if there is none. */
export function overlayHeader(path: string, fd: number): Header | undefined {
  const replacement = readJournal(journalPath(path), fd)
  return replacement && parseHeader(replacement.header)
}

async function writeJournal(path: string, { header, nonce }: HeaderReplacement): Promise<string> {
  const journal = journalPath(path)
  let file: PrivateFile | undefined
  try {
    file = PrivateFile.create({ path: journal })
    const body = new ByteWriter(header.length + 128)
      .bytes(LABEL)
      .bytes(placeOf(nonce, header.length))
      .bytes(header)
    const bytes = body.toBytes()
    writeAllAt(file.fd, [bytes, tree.leafHash(bytes)], 0)
    await file.commit(OWNER_ONLY)
  } catch (error) {
    file?.discard()
    if (!(error instanceof SealError) || error.code !== 'EXISTS') throw error
    throw new SealError('BUSY', 'another rewrap of the file is under way', { cause: error, path })
  }
  syncFolder(dirname(journal))
  return journal
}

function applyHeader(fd: number, header: Uint8Array): void {
  writeAllAt(fd, [header], 0)
  attempt('synchronise', () => fsyncSync(fd))
}

function removeJournal(journal: string): void {
  // Whoever finished the same work meanwhile has removed it.
  rmSync(journal, { force: true })
  syncFolder(dirname(journal))
}

/**
 * A journal that fits the file; undefined if there is none.
 *
 * Whoever can write in the folder can put one there. It is used only if it is whole, belongs to the owner of this
 * process alone, and was made for a file with this nonce at this place: it can then do no more than its author
 * could do to the file, and the header it brings is verified like any other.
 */
function readJournal(journal: string, fd: number): HeaderReplacement | undefined {
  const bytes = readOwn(journal)
  if (!bytes || bytes.length < LABEL.length + 2 * DIGEST_BYTES) return undefined
  const body = bytes.subarray(0, -DIGEST_BYTES)
  if (!equalBytes(tree.leafHash(body), bytes.subarray(-DIGEST_BYTES))) return undefined
  const reader = new ByteReader(body)
  if (!equalBytes(reader.take(LABEL.length), LABEL)) return undefined
  const place = reader.take(DIGEST_BYTES)
  const header = reader.rest().slice()
  const nonce = new Uint8Array(16)
  readAt(fd, nonce, header.length)
  return equalBytes(place, placeOf(nonce, header.length)) ? { header, nonce } : undefined
}

function placeOf(nonce: Uint8Array, offset: number): Uint8Array {
  return tree.leafHash(new ByteWriter(32).bytes(nonce).u64(offset).toBytes())
}

function readOwn(journal: string): Uint8Array | undefined {
  const fd = openQuietly(journal)
  if (fd === undefined) return undefined
  try {
    const found = fstatSync(fd)
    const own = process.getuid === undefined || found.uid === process.getuid()
    const mine = found.isFile() && own && (found.mode & 0o077) === 0
    return mine && found.size <= MAX_JOURNAL_BYTES ? new Uint8Array(readFileSync(fd)) : undefined
  } finally {
    closeSync(fd)
  }
}

function openQuietly(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch {
    // None, or one that is somebody else's.
    return undefined
  }
}
