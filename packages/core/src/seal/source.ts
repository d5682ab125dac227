import { basename } from 'node:path'
import type { Metadata } from '../keyblob/index.ts'
import type { FileState } from './file-state.ts'
import { type Conversion, inputChunks, leafReader } from './chunks.ts'
import { assertUnchanged, openInput, type Input, type OpenInput } from './input.ts'
import type { Side } from './leaf-work.ts'
import { runPayload, type RunOptions } from './payload-run.ts'
import { sealStream } from './seal-stream.ts'
import { readStream } from './stream-io.ts'

/** What an encryption made. */
export interface EncryptedPayload {
  readonly plaintextLength: number
  /** RFC 6962 leaf hashes of the ciphertext, in order. */
  readonly leafHashes: readonly Uint8Array[]
}

/** Plaintext to be sealed, wherever it comes from. */
export interface Source {
  /** Bytes; undefined for a stream. */
  readonly plaintextLength: number | undefined
  /** What a stream cannot exceed; undefined if nothing is known of it. */
  readonly atMost?: number | undefined
  /** What the file was that it was read from; undefined for a stream. */
  readonly state: FileState | undefined
  /** What it says of itself. */
  readonly facts: Pick<Metadata, 'name' | 'mode' | 'mtimeNs' | 'description'>
  /** Encrypts all of it. @throws SealError INPUT_CHANGED, IO, NOT_AUTHENTIC, CANCELLED */
  encrypt(output: Side, options: RunOptions): Promise<EncryptedPayload>
  close(): void
}

/**
 * A file or stream of plaintext, or of what becomes plaintext when it is converted.
 *
 * @throws SealError UNSUPPORTED, IO
 */
export async function plainSource(input: Input, convert?: Conversion): Promise<Source> {
  const open = await openInput(input)
  const { fd, file } = open
  const close = () => open.close()
  const facts = factsOf(open)
  if (convert) return convertedSource(open, convert)
  if (!file) {
    const encrypt = (output: Side, options: RunOptions) =>
      sealStream((buffer) => readStream(fd, buffer), output, options)
    return { plaintextLength: undefined, state: undefined, facts, encrypt, close }
  }
  const plaintextLength = Number(file.size)
  return {
    plaintextLength,
    state: file,
    facts,
    encrypt: async (output, options) => {
      const hashes = await runPayload({ plaintextLength, input: { fd, offset: 0 }, output }, options)
      assertUnchanged(open)
      return { plaintextLength, leafHashes: hashes.output }
    },
    close,
  }
}

/** What a conversion makes is sealed as a stream; nothing of it is released before its last byte came. */
function convertedSource(open: OpenInput, convert: Conversion): Source {
  const { file } = open
  return {
    plaintextLength: undefined,
    atMost: file === undefined ? undefined : Number(file.size),
    state: file,
    facts: factsOf(open),
    encrypt: async (output, options) => {
      const plaintext = leafReader(convert(inputChunks(open, options.signal)))
      try {
        const sealed = await sealStream(plaintext.read, output, options)
        // A conversion that has enough before the end is no reason to take a file that was written to meanwhile.
        assertUnchanged(open)
        return sealed
      } finally {
        await plaintext.end()
      }
    },
    close: () => open.close(),
  }
}

function factsOf({ path, file }: OpenInput): Source['facts'] {
  return {
    ...(path === undefined ? {} : { name: basename(path) }),
    ...(file === undefined ? {} : { mode: Number(file.mode & 0o777n), mtimeNs: file.mtimeNs }),
  }
}
