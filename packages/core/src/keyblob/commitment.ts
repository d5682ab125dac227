import { hkdfSha256 } from '../age/index.ts'
import type { Serial } from './serial.ts'

/**
 * The key commitment: 32 bytes that fix a session key without telling it.
 *
 * HKDF-SHA-256(session key, salt = serial number, "strongroom commit v1"). Unlike age's header MAC it
 * stays the same when the key is wrapped for other recipients, so a signature over it outlives a
 * rewrap; and no second key can be found that matches it.
 *
 * @param sessionKey age's file key, 16 bytes
 */
export function keyCommitment(sessionKey: Uint8Array, serial: Serial): Uint8Array {
  return hkdfSha256(sessionKey, serial, 'strongroom commit v1')
}
