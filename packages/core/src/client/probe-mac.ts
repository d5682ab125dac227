import { createHmac } from 'node:crypto'
import { hkdfSha256 } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'

/** What a custodian proves that it has a session key with, to whoever has it too: HKDF's `info`. */
const INFO = 'strongroom probe v1'

/**
 * What shows that a deposit opened: HMAC-SHA-256 under a key of its own that follows from the session key, over the probe and the
 * deposit. docs/spec/probe.md, "The MAC".
 *
 * @param sessionKey age's file key, 16 bytes; stays the caller's
 * @param probe its statement digest, 32 bytes
 * @param deposit its id, 32 bytes
 * @returns 32 bytes
 */
export function probeMac(sessionKey: Uint8Array, probe: Uint8Array, deposit: Uint8Array): Uint8Array {
  const key = hkdfSha256(sessionKey, new Uint8Array(0), INFO)
  const mac = createHmac('sha256', key).update(probe).update(deposit).digest()
  wipe(key)
  return Uint8Array.from(mac)
}
