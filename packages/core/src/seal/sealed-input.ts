import { fstatSync } from 'node:fs'
import { dearmor, isArmored, NONCE_BYTES, readHeader, type Header } from '../age/index.ts'
import { overlayHeader } from './header-journal.ts'
import { openInput, type Input, type OpenInput } from './input.ts'
import { openNameless } from './output.ts'
import { closeQuietly, readAt, writeAllAt } from './positional-io.ts'
import { SealError } from './seal-error.ts'
import { readStream } from './stream-io.ts'

/** An age file that is open: its header is parsed, nothing in it is believed. */
export interface SealedInput {
  /** The file, or a copy of the stream: it can be read at any position. */
  readonly fd: number
  readonly path: string | undefined
  readonly header: Header
  /** 16 bytes. */
  readonly nonce: Uint8Array
  /** Where the first chunk stands. */
  readonly payloadOffset: number
  /** Ciphertext bytes behind the nonce. */
  readonly payloadLength: number
  /** Whether it was ASCII armor: the bytes at `fd` are then those inside. */
  readonly armored: boolean
  /** What the file was when it was opened; undefined for a stream. */
  readonly source: OpenInput
  close(): void
}

const SPOOL_BYTES = 1_048_576
// Enough for white space in front and the first line.
const ARMOR_PREFIX_BYTES = 1024
// Armor is for messages; it is read whole.
const MAX_ARMOR_BYTES = 16 * 1_048_576
const VERSION_PREFIX = new TextEncoder().encode('age-encryption.org/')

/**
 * Opens an age file, binary or armored. If a rewrap of it was interrupted after its point of no return, the header is the
 * new one, from the journal beside the file.
 *
 * @throws SealError NOT_AGE, HEADER, UNSUPPORTED, LIMIT, IO
 */
export async function openSealedInput(input: Input): Promise<SealedInput> {
  const source = await openInput(input)
  const spools: number[] = []
  const spooled = (fd: number) => {
    spools.push(fd)
    return fd
  }
  const close = () => {
    source.close()
    for (const fd of spools) closeQuietly(fd)
  }
  try {
    const seekable = source.file ? source.fd : spooled(await spoolStream(source.fd))
    const armored = startsWithArmor(seekable)
    const fd = armored ? spooled(spoolArmor(seekable)) : seekable
    return { ...readFront(fd, source), armored, source, close }
  } catch (error) {
    close()
    throw error
  }
}

function readFront(fd: number, source: OpenInput): Omit<SealedInput, 'armored' | 'source' | 'close'> {
  const overlay = source.path === undefined ? undefined : overlayHeader(source.path, fd)
  const header = overlay ?? readAgeHeader(fd)
  const nonce = new Uint8Array(NONCE_BYTES)
  const payloadOffset = header.length + NONCE_BYTES
  if (readAt(fd, nonce, header.length) < NONCE_BYTES) {
    throw new SealError('NOT_AUTHENTIC', 'the file ends before its payload', { path: source.path })
  }
  const payloadLength = fstatSync(fd).size - payloadOffset
  return { fd, path: source.path, header, nonce, payloadOffset, payloadLength }
}

/** The header at the start of a file, or why it is none. @throws SealError NOT_AGE; AgeError */
export function readAgeHeader(fd: number): Header {
  const start = new Uint8Array(VERSION_PREFIX.length)
  readAt(fd, start, 0)
  if (!start.every((byte, i) => byte === VERSION_PREFIX[i])) {
    throw new SealError('NOT_AGE', 'not an age file')
  }
  return readHeader((offset, length) => {
    const bytes = new Uint8Array(length)
    return bytes.subarray(0, readAt(fd, bytes, offset))
  })
}

function startsWithArmor(fd: number): boolean {
  const start = new Uint8Array(ARMOR_PREFIX_BYTES)
  return isArmored(start.subarray(0, readAt(fd, start, 0)))
}

/** The bytes inside armor, in a file without a name. @throws SealError LIMIT; AgeError ARMOR */
function spoolArmor(armored: number): number {
  const { size } = fstatSync(armored)
  if (size > MAX_ARMOR_BYTES) {
    throw new SealError('LIMIT', `armored files of more than ${MAX_ARMOR_BYTES} bytes are not read`)
  }
  const text = new Uint8Array(size)
  readAt(armored, text, 0)
  const bytes = dearmor(text)
  const fd = openNameless()
  try {
    writeAllAt(fd, [bytes], 0)
    return fd
  } catch (error) {
    closeQuietly(fd)
    throw error
  }
}

/** Copies a stream of ciphertext into a file without a name, to be read more than once. */
export async function spoolStream(stream: number): Promise<number> {
  const fd = openNameless()
  try {
    const buffer = new Uint8Array(SPOOL_BYTES)
    for (let at = 0; ; ) {
      const count = await readStream(stream, buffer)
      if (count === 0) return fd
      writeAllAt(fd, [buffer.subarray(0, count)], at)
      at += count
    }
  } catch (error) {
    closeQuietly(fd)
    throw error
  }
}
