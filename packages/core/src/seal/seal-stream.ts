import { LEAF_PLAINTEXT_BYTES, LeafWorker, type Side } from './leaf-work.ts'
import type { RunOptions } from './payload-run.ts'
import { SealError } from './seal-error.ts'
import { readStream } from './stream-io.ts'

/** What a stream turned out to be. */
export interface SealedStream {
  readonly plaintextLength: number
  readonly leafHashes: readonly Uint8Array[]
}

/**
 * Encrypts a stream to a place in a file, leaf by leaf, until it ends.
 *
 * @throws SealError IO, CANCELLED
 */
export async function sealStream(fd: number, output: Side, options: RunOptions): Promise<SealedStream> {
  const worker = new LeafWorker({ plaintextLength: Infinity, input: { fd, offset: 0 }, output })
  const leafHashes: Uint8Array[] = []
  let plaintextLength = 0
  // One leaf ahead: a leaf must know whether it is the last.
  for (let bytes = await readLeaf(fd); ; ) {
    if (options.signal?.aborted) throw new SealError('CANCELLED', 'stopped on request')
    const next = bytes.length < LEAF_PLAINTEXT_BYTES ? undefined : await readLeaf(fd)
    const last = next === undefined || next.length === 0
    const { output: hash } = worker.run(leafHashes.length, { bytes, last })
    if (hash) leafHashes.push(hash)
    plaintextLength += bytes.length
    options.onBytes?.(plaintextLength)
    if (last) return { plaintextLength, leafHashes }
    bytes = next
  }
}

async function readLeaf(fd: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(LEAF_PLAINTEXT_BYTES)
  return buffer.subarray(0, await readStream(fd, buffer))
}
