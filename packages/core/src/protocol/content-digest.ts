import { toPaddedBase64 } from '../bytes/index.ts'
import type { Sha256 } from '../merkle/index.ts'
import { ProtocolError } from './protocol-error.ts'

/** The `Content-Digest` of a body: RFC 9530 §2, with SHA-256 alone. */
export function contentDigest(sha256: Sha256, body: Uint8Array): string {
  return `sha-256=:${toPaddedBase64(sha256(body))}:`
}

/**
 * Refuses a body that is not the one that the field names; and of all spellings that RFC 9530 allows, any but ours.
 *
 * @throws ProtocolError CONTENT_DIGEST
 */
export function checkContentDigest(sha256: Sha256, field: string | undefined, body: Uint8Array): void {
  if (field === contentDigest(sha256, body)) return
  const what =
    field === undefined ? 'the body has no Content-Digest' : 'the body is not that of its Content-Digest'
  throw new ProtocolError('CONTENT_DIGEST', what)
}
