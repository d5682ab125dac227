import { ByteReader, concat, copyOf, toPaddedBase64, utf8Encode } from '../bytes/index.ts'
import type { Sha256 } from '../merkle/index.ts'
import { checkLength, readBase64 } from './line-texts.ts'
import {
  SIGNATURE_TYPES,
  signatureTypeById,
  type SignatureType,
  type SignatureTypeName,
} from './signature-types.ts'
import { isKeyName, keyLabel } from './signed-note.ts'
import { TlogError } from './tlog-error.ts'

/** The public key of a log or witness: C2SP signed-note, "Verifier keys". */
export interface VerifierKey {
  readonly name: string
  /** The first four bytes of SHA-256(name || 0x0a || type || public key), as a number. */
  readonly keyHash: number
  readonly type: SignatureType
  /** As many bytes as the type says. */
  readonly publicKey: Uint8Array
}

/** Characters of a verifier key: a name, and 1,313 bytes in base64. */
const MAX_KEY_TEXT = 4096
const PARTS = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/

/**
 * Names a public key.
 *
 * @throws TlogError TLOG_KEY if the name is no key name or the key does not have the length of its type
 */
export function verifierKey(
  sha256: Sha256,
  name: string,
  typeName: SignatureTypeName,
  publicKey: Uint8Array,
): VerifierKey {
  return keyOfType(sha256, name, SIGNATURE_TYPES[typeName], publicKey)
}

/** The text of a verifier key (`vkey`): name, key hash and key. */
export function encodeVerifierKey(key: VerifierKey): string {
  return `${keyLabel(key)}+${toPaddedBase64(concat(Uint8Array.of(key.type.id), key.publicKey))}`
}

/**
 * Reads the text of a verifier key and recomputes its hash.
 *
 * @throws TlogError TLOG_KEY for another form, an unknown type, a key of another length or another hash; TLOG_LIMIT
 */
export function parseVerifierKey(sha256: Sha256, text: string): VerifierKey {
  checkLength('verifier key', text.length, MAX_KEY_TEXT)
  const [, name, hash, encoded] = PARTS.exec(text) ?? []
  if (name === undefined || hash === undefined || encoded === undefined) {
    throw new TlogError('TLOG_KEY', 'verifier key: expected a name, a hash and a key, joined by plus signs')
  }
  const reader = new ByteReader(readBase64('TLOG_KEY', encoded))
  const id = reader.u8()
  const type = signatureTypeById(id)
  if (type === undefined) throw new TlogError('TLOG_KEY', `verifier key: unknown signature type ${id}`)
  const key = keyOfType(sha256, name, type, reader.rest())
  if (key.keyHash !== Number.parseInt(hash, 16)) {
    throw new TlogError('TLOG_KEY', 'verifier key: its hash is of another key or name')
  }
  return key
}

function keyOfType(sha256: Sha256, name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new TlogError('TLOG_KEY', 'verifier key: not a key name')
  if (publicKey.length !== type.publicLength) {
    const expected = `expected ${type.publicLength} bytes of ${type.algorithm}`
    throw new TlogError('TLOG_KEY', `verifier key: ${expected}, got ${publicKey.length}`)
  }
  const digest = sha256(utf8Encode(`${name}\n`), Uint8Array.of(type.id), publicKey)
  return { name, keyHash: new ByteReader(digest).u32(), type, publicKey: copyOf(publicKey) }
}
