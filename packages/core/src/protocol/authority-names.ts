import { concat, toHex, utf8Encode } from '../bytes/index.ts'
import type { Sha256 } from '../merkle/index.ts'
import { checkedText, type JsonField } from './json-fields.ts'
import { malformed, quote } from './protocol-error.ts'
import { signerIdOf } from './signer-text.ts'

const NAME = /^[a-z0-9-]{1,64}$/
const CLIENT_LABEL = utf8Encode('strongroom client v1\n')
const OBJECT_LABEL = utf8Encode('strongroom object v1\n')
const CLIENT_ID_DIGITS = 24

/** Accepts the id of a tenant, client or retention class: 1 to 64 of `a-z`, `0-9` and `-`. @throws ProtocolError PROTOCOL_FORMAT */
export function checkName(text: string, path = 'name'): string {
  if (NAME.test(text)) return text
  throw malformed(path, `expected 1 to 64 of a-z, 0-9 and "-", got ${quote(text)}`)
}

/** Such a name in JSON. */
export const nameText: JsonField<string> = checkedText(64, checkName)

/**
 * The id of a client: `c-` and 24 hexadecimal digits, from its tenant and the key that it enrolled with. It stays the same when the
 * client later gets another key.
 *
 * @throws ProtocolError PROTOCOL_FORMAT if `tenant` is no name or `signer` no signer
 */
export function clientIdOf(sha256: Sha256, tenant: string, signer: string): string {
  const tenantBytes = utf8Encode(checkName(tenant, 'tenant'))
  const length = Uint8Array.of(tenantBytes.length)
  const digest = sha256(concat(CLIENT_LABEL, length, tenantBytes, signerIdOf(sha256, signer)))
  return `c-${toHex(digest).slice(0, CLIENT_ID_DIGITS)}`
}

/**
 * As whom a key signs requests that is no client's: `k-` and the first 24 hexadecimal digits of its key id. Of officers, codes,
 * requesters and the custodian.
 *
 * @throws ProtocolError PROTOCOL_FORMAT if `signer` is no signer
 */
export function keyNameOf(sha256: Sha256, signer: string): string {
  return `k-${toHex(signerIdOf(sha256, signer)).slice(0, CLIENT_ID_DIGITS)}`
}

/**
 * What stands for an object's name in a deposit: 32 bytes. Whoever guesses the name can compare; a client with telling names
 * leaves the object out.
 */
export function objectNameDigest(sha256: Sha256, objectName: string): Uint8Array {
  return sha256(OBJECT_LABEL, utf8Encode(objectName))
}
