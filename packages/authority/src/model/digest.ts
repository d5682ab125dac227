import { createHash } from 'node:crypto'

/** SHA-256 over the concatenation of the parts, as the layers below take it: 32 bytes. */
export function sha256(...parts: Uint8Array[]): Uint8Array {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return new Uint8Array(digest.digest())
}
