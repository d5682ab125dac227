import { closeSync, fstatSync } from 'node:fs'
import { NONCE_BYTES, readHeader, type Header } from '../age/index.ts'
import { overlayHeader } from './header-journal.ts'
import { openInput, type Input, type OpenInput } from './input.ts'
import { openNameless } from './output.ts'
import { readAt, writeAllAt } from './positional-io.ts'
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
  /** What the file was when it was opened; undefined for a stream. */
  readonly source: OpenInput
  close(): void
}

const SPOOL_BYTES = 1_048_576
const VERSION_PREFIX = new TextEncoder().encode('age-encryption.org/')

/**
 * Opens an age file. If a rewrap of it was interrupted after its point of no return, the header is the
 * new one, from the journal beside the file.
 *
 * @throws SealError NOT_AGE, HEADER, UNSUPPORTED, IO
 */
export async function openSealedInput(input: Input): Promise<SealedInput> {
  const source = openInput(input)
  let spool: number | undefined
  const close = () => {
    source.close()
    if (spool !== undefined) closeSync(spool)
  }
  try {
    if (!source.file) spool = await spoolStream(source.fd)
    return { ...(await readFront(spool ?? source.fd, source)), source, close }
  } catch (error) {
    close()
    throw error
  }
}

async function readFront(fd: number, source: OpenInput): Promise<Omit<SealedInput, 'source' | 'close'>> {
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

/** Copies a stream of ciphertext into a file without a name, to be read more than once. */
async function spoolStream(stream: number): Promise<number> {
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
    closeSync(fd)
    throw error
  }
}
