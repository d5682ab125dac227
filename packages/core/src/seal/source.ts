import { basename } from 'node:path'
import type { Metadata } from '../keyblob/index.ts'
import type { FileState } from './file-state.ts'
import { assertUnchanged, openInput, type Input } from './input.ts'
import type { Side } from './leaf-work.ts'
import { runPayload, type RunOptions } from './payload-run.ts'
import { sealStream } from './seal-stream.ts'

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
  /** What the file was that it was read from; undefined for a stream. */
  readonly state: FileState | undefined
  /** What it says of itself. */
  readonly facts: Pick<Metadata, 'name' | 'mode' | 'mtimeNs' | 'description'>
  /** Encrypts all of it. @throws SealError INPUT_CHANGED, IO, NOT_AUTHENTIC, CANCELLED */
  encrypt(output: Side, options: RunOptions): Promise<EncryptedPayload>
  close(): void
}

/** A file or stream of plaintext. @throws SealError UNSUPPORTED, IO */
export async function plainSource(input: Input): Promise<Source> {
  const open = await openInput(input)
  const { fd, file, path } = open
  const close = () => open.close()
  const name = path === undefined ? {} : { name: basename(path) }
  if (!file) {
    const encrypt = (output: Side, options: RunOptions) => sealStream(fd, output, options)
    return { plaintextLength: undefined, state: undefined, facts: name, encrypt, close }
  }
  const plaintextLength = Number(file.size)
  return {
    plaintextLength,
    state: file,
    facts: { ...name, mode: Number(file.mode & 0o777n), mtimeNs: file.mtimeNs },
    encrypt: async (output, options) => {
      const hashes = await runPayload({ plaintextLength, input: { fd, offset: 0 }, output }, options)
      assertUnchanged(open)
      return { plaintextLength, leafHashes: hashes.output }
    },
    close,
  }
}
