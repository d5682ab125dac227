import { fstatSync } from 'node:fs'
import type { FileState } from './file-state.ts'
import { assertUnchanged, openInput, type Input, type OpenInput } from './input.ts'
import type { Output } from './output.ts'
import { closeQuietly } from './positional-io.ts'
import { intoPrivateFile } from './private-file.ts'
import { SealError } from './seal-error.ts'
import { spoolStream } from './sealed-input.ts'
import type { LeafReader } from './seal-stream.ts'
import { readStream, writeStream } from './stream-io.ts'

// Large enough that calls do not count, small enough for the processor's cache.
const CHUNK_BYTES = 262_144
const PRIVATE_MODE = 0o600

/**
 * Makes the plaintext of what is read: the decryption of an older format, for example. It gets all bytes of an input, in
 * chunks that hold until the next is asked for, and gives such chunks, in all no more bytes than it got.
 */
export type Conversion = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

/** An input that is open. */
export interface ChunkInput {
  /** What a file was when it was opened; undefined for a stream. */
  readonly state: FileState | undefined
  /** How many there are; undefined for a stream that is read once. */
  readonly bytes: number | undefined
  /**
   * All bytes from the first to the last, in chunks that hold until the next is asked for. A stream can be read once,
   * unless it was opened to be read again.
   *
   * @throws SealError INPUT_CHANGED at the end of a file that somebody wrote to meanwhile; IO, CANCELLED
   */
  chunks(): AsyncGenerator<Uint8Array>
  close(): void
}

/**
 * Opens an input to be read in order.
 *
 * @param options with `again` it can be read more than once: a stream is copied first, into a file without a name, so
 *   that must be no plaintext
 * @throws SealError UNSUPPORTED for a folder, device or socket; IO
 */
export async function openChunks(
  input: Input,
  { again = false, signal }: { readonly again?: boolean; readonly signal?: AbortSignal } = {},
): Promise<ChunkInput> {
  const open = await openInput(input)
  const state = open.file
  if (state !== undefined || !again) {
    const bytes = state === undefined ? undefined : Number(state.size)
    return { state, bytes, chunks: () => inputChunks(open, signal), close: () => open.close() }
  }
  const copy = await spoolStream(open.fd).finally(() => open.close())
  const close = () => closeQuietly(copy)
  return { state, bytes: fstatSync(copy).size, chunks: () => chunksAt(copy, signal), close }
}

/**
 * Writes chunks to an output: to a file, which appears when all of them came and nothing was thrown, or to a stream, as
 * they come.
 *
 * @returns the bytes written
 * @throws SealError EXISTS, SYMLINK, UNSUPPORTED, before the first chunk is asked for; IO; whatever the chunks throw
 */
export async function writeChunks(output: Output, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const into = async (fd: number): Promise<number> => {
    let bytes = 0
    for await (const chunk of chunks) {
      await writeStream(fd, chunk)
      bytes += chunk.length
    }
    return bytes
  }
  if (!('path' in output)) return await into(output.fd)
  return await intoPrivateFile(output, PRIVATE_MODE, ({ fd }) => into(fd))
}

/** The bytes of an open input. A file is read from its start, and must not have changed when it ends. */
export async function* inputChunks(open: OpenInput, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if (open.file) yield* chunksAt(open.fd, signal)
  else yield* chunksOf((buffer) => readStream(open.fd, buffer), signal)
  assertUnchanged(open)
}

async function* chunksAt(fd: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  let position = 0
  const read: LeafReader = async (buffer) => {
    const count = await readStream(fd, buffer, position)
    position += count
    return count
  }
  yield* chunksOf(read, signal)
}

async function* chunksOf(read: LeafReader, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_BYTES)
  for (let full = true; full; ) {
    if (signal?.aborted) throw new SealError('CANCELLED', 'stopped on request')
    const count = await read(buffer)
    full = count === buffer.length
    if (count > 0) yield buffer.subarray(0, count)
  }
}

/** Chunks as something that fills buffers. `end` lets go of chunks that were not asked for. */
export function leafReader(chunks: AsyncIterable<Uint8Array>): { read: LeafReader; end(): Promise<void> } {
  const iterator = chunks[Symbol.asyncIterator]()
  let held: Uint8Array = new Uint8Array(0)
  const read: LeafReader = async (buffer) => {
    let filled = 0
    while (filled < buffer.length) {
      if (held.length === 0) {
        const next = await iterator.next()
        if (next.done === true) break
        held = next.value
      }
      const part = held.subarray(0, buffer.length - filled)
      buffer.set(part, filled)
      filled += part.length
      held = held.subarray(part.length)
    }
    return filled
  }
  return { read, end: async () => void (await iterator.return?.()) }
}
