import type { Chunks } from '@strongroom/core/cryptoapi'

/** The chunks, and after each of them how many bytes there were. */
export async function* countedChunks(
  chunks: Chunks,
  onBytes: (doneBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    yield chunk
    bytes += chunk.length
    onBytes(bytes)
  }
}
