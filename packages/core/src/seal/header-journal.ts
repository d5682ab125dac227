import { constants, fstatSync, fsyncSync, openSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { NONCE_BYTES, parseHeader, type Header } from '../age/index.ts'
import { ByteReader, ByteWriter, concat, equalBytes, utf8Encode } from '../bytes/index.ts'
import { syncFolder } from '../container/index.ts'
import { tree } from '../keyblob/index.ts'
import { attempt, closeQuietly, readAt, systemError, writeAllAt } from './positional-io.ts'
import { PrivateFile } from './private-file.ts'
import { SealError } from './seal-error.ts'

const LABEL = utf8Encode('strongroom header journal v1\n')
const DIGEST_BYTES = 32
const MAX_JOURNAL_BYTES = 1_048_576 + 256
const OWNER_ONLY = 0o600
const MAX_NAME_BYTES = 255
/** What a file of the journal's name, or something else, is refused with. */
const TAKEN: ReadonlySet<string> = new Set(['EXISTS', 'SYMLINK', 'UNSUPPORTED'])

/**
 * A header that replaces another of the same length, in place.
 *
 * The journal is written whole and made durable before a byte of the file changes: from then on the
 * new header counts, and whoever touches the file next finishes the work. Before, the old one counts.
 *
 * Bytes: label | SHA-256 leaf hash of the payload nonce and its place | header | leaf hash of all before.
 */
export interface HeaderReplacement {
  /** A whole header and nothing else. */
  readonly header: Uint8Array
  /** The payload nonce, which the new header must stand in front of. */
  readonly nonce: Uint8Array
}

/** Where a file's journal stands: beside it. */
export function journalPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.strongroom-journal`)
}

/** Whether a journal's name is not too long for common file systems: a file's own name may be as long as they allow. */
export function canHaveJournal(path: string): boolean {
  return utf8Encode(basename(journalPath(path))).length <= MAX_NAME_BYTES
}

/**
 * Replaces the header of a file in place.
 *
 * If the process dies before the journal has its name, the file is as it was; after that, it opens with
 * the new header, from the journal, until somebody finishes.
 *
 * @returns false if something that is no journal of this file has the journal's name: the file is as it was
 * @throws SealError BUSY if there is a journal of this file, or another rewrap came in between; IO
 */
export async function replaceHeader(
  path: string,
  fd: number,
  replacement: HeaderReplacement,
): Promise<boolean> {
  const journal = await writeJournal(path, fd, replacement)
  if (journal === undefined) return false
  // Whoever finished the work meanwhile may have done the next, which must not be undone.
  if (!stands(journal)) throw new SealError('BUSY', 'another rewrap of the file came in between', { path })
  applyHeader(fd, replacement.header)
  removeJournal(journal)
  return true
}

/** Whether a journal of the owner's stands beside a file, fitting or not. */
export function hasJournal(path: string): boolean {
  return readOwn(journalPath(path)) !== undefined
}

/**
 * Finishes an interrupted replacement, if there is one. The caller has verified the header that it brings.
 *
 * @returns whether there was one
 */
export function finishInterrupted(path: string): boolean {
  const journal = journalPath(path)
  const fd = attempt('open', () => openSync(path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)), path)
  try {
    const bytes = readOwn(journal)
    if (!bytes) return false
    const replacement = replacementFor(fd, bytes)
    if (replacement) applyHeader(fd, replacement.header)
    // One that does not fit was left by a file that had the name before: it is of no more use.
    removeJournal({ path: journal, bytes })
    return replacement !== undefined
  } finally {
    closeQuietly(fd)
  }
}

/** The header that an interrupted replacement has made valid; undefined if there is none. */
export function overlayHeader(path: string, fd: number): Header | undefined {
  // The journal stands beside the file, not beside a symbolic link to it.
  const replacement = replacementIn(journalPath(realPath(path)), fd)
  return replacement && parseHeader(replacement.header)
}

function replacementIn(journal: string, fd: number): HeaderReplacement | undefined {
  const bytes = readOwn(journal)
  return bytes && replacementFor(fd, bytes)
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch (cause) {
    // A descriptor's own name, or a file that was removed since it was opened: nothing stands beside it.
    if (isNone(cause)) return path
    throw cause
  }
}

/** A journal as it was written or read. */
interface Journal {
  readonly path: string
  readonly bytes: Uint8Array
}

async function writeJournal(
  path: string,
  fd: number,
  replacement: HeaderReplacement,
): Promise<Journal | undefined> {
  const journal = journalPath(path)
  const bytes = encodeJournal(replacement)
  let file: PrivateFile | undefined
  try {
    file = PrivateFile.create({ path: journal })
    writeAllAt(file.fd, [bytes], 0)
    await file.commit(OWNER_ONLY)
  } catch (error) {
    file?.discard()
    if (!(error instanceof SealError) || !TAKEN.has(error.code)) throw error
    if (!replacementIn(journal, fd)) return undefined
    throw new SealError('BUSY', 'another rewrap of the file is under way', { cause: error, path })
  }
  try {
    syncFolder(dirname(journal))
    return { path: journal, bytes }
  } catch (error) {
    // No byte of the file has changed: without the journal it is as it was.
    rmSync(journal, { force: true })
    throw error
  }
}

function encodeJournal({ header, nonce }: HeaderReplacement): Uint8Array {
  const body = concat(LABEL, placeOf(nonce, header.length), header)
  return concat(body, tree.leafHash(body))
}

function applyHeader(fd: number, header: Uint8Array): void {
  writeAllAt(fd, [header], 0)
  attempt('synchronise', () => fsyncSync(fd))
}

/** Whether a journal is still there, and no other in its place: no two are alike, since every header has fresh shares. */
function stands({ path, bytes }: Journal): boolean {
  const found = readOwn(path)
  return found !== undefined && equalBytes(found, bytes)
}

function removeJournal(journal: Journal): void {
  // Whoever finished the same work meanwhile has removed it, and may have written another.
  if (!stands(journal)) return
  rmSync(journal.path, { force: true })
  syncFolder(dirname(journal.path))
}

/** What a journal replaces in a file; undefined if it is not whole or does not fit. */
function replacementFor(fd: number, journal: Uint8Array): HeaderReplacement | undefined {
  if (journal.length < LABEL.length + 2 * DIGEST_BYTES) return undefined
  const body = journal.subarray(0, -DIGEST_BYTES)
  if (!equalBytes(tree.leafHash(body), journal.subarray(-DIGEST_BYTES))) return undefined
  const reader = new ByteReader(body)
  if (!equalBytes(reader.take(LABEL.length), LABEL)) return undefined
  const place = reader.take(DIGEST_BYTES)
  const header = reader.rest().slice()
  if (!isHeader(header)) return undefined
  const nonce = new Uint8Array(NONCE_BYTES)
  readAt(fd, nonce, header.length)
  return equalBytes(place, placeOf(nonce, header.length)) ? { header, nonce } : undefined
}

/** Anything else would be written over the start of the file, whatever that is. */
function isHeader(bytes: Uint8Array): boolean {
  try {
    return parseHeader(bytes).length === bytes.length
  } catch {
    return false
  }
}

function placeOf(nonce: Uint8Array, offset: number): Uint8Array {
  return tree.leafHash(new ByteWriter(32).bytes(nonce).u64(offset).toBytes())
}

/**
 * The bytes of a journal; undefined if there is none.
 *
 * Whoever can write in the folder can put one there. It is used only if it is whole, belongs to the owner of this
 * process alone, holds a header, and was made for a file with this nonce at this place. The header that it brings is
 * verified like any other, before a byte of the file is changed.
 */
function readOwn(journal: string): Uint8Array | undefined {
  const fd = openJournal(journal)
  if (fd === undefined) return undefined
  try {
    const found = fstatSync(fd)
    const own = process.getuid === undefined || found.uid === process.getuid()
    const mine = found.isFile() && own && (found.mode & 0o077) === 0
    return mine && found.size <= MAX_JOURNAL_BYTES ? new Uint8Array(readFileSync(fd)) : undefined
  } finally {
    closeQuietly(fd)
  }
}

/** How it is said that there is no file, or one that is somebody else's. */
const NONE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EACCES', 'EPERM', 'ELOOP', 'ENXIO'])

function isNone(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && NONE.has(String(cause.code))
}

/** @throws SealError IO if it is not known whether there is one: the file must not be read without it */
function openJournal(path: string): number | undefined {
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  try {
    return openSync(path, flags)
  } catch (cause) {
    if (isNone(cause)) return undefined
    throw systemError('open', cause, path)
  }
}
