import { encodePlaintextKeyBlob } from './blob/plaintext-key-blob.ts'
import { encodePrivateKeyBlob } from './blob/private-key-blob.ts'
import { encodePublicKeyBlob } from './blob/public-key-blob.ts'
import { encodeSimpleBlob } from './blob/simple-blob.ts'
import { PLAINTEXTKEYBLOB, PRIVATEKEYBLOB, PUBLICKEYBLOB, SIMPLEBLOB } from './constants.ts'
import { CryptoApiError } from './crypto-api-error.ts'
import { RsaKey } from './rsa-key.ts'
import { SessionKey } from './session-key.ts'

/** What belongs to the export of a key. */
export interface ExportOptions {
  /** The exchange key that a SIMPLEBLOB is made for, or the session key that hides a PRIVATEKEYBLOB. */
  readonly wrapWith?: RsaKey | SessionKey | undefined
  /** CRYPT_OAEP: pads a SIMPLEBLOB with OAEP instead of PKCS #1 v1.5. */
  readonly oaep?: boolean
}

type Exporter = (key: RsaKey | SessionKey, options: ExportOptions) => Uint8Array

const EXPORTERS: ReadonlyMap<number, Exporter> = new Map<number, Exporter>([
  [SIMPLEBLOB, exportSimple],
  [PUBLICKEYBLOB, exportPublic],
  [PRIVATEKEYBLOB, exportPrivate],
  [PLAINTEXTKEYBLOB, exportPlaintext],
])

/**
 * CryptExportKey: a key as a blob of this type.
 *
 * The public part of a key pair always leaves; everything else only if the key is exportable.
 *
 * @param type SIMPLEBLOB, PUBLICKEYBLOB, PRIVATEKEYBLOB or PLAINTEXTKEYBLOB
 * @throws CryptoApiError NTE_BAD_TYPE: no such blob, or not of such a key; NTE_BAD_KEY_STATE: not exportable;
 *   NTE_BAD_KEY, NTE_BAD_PUBLIC_KEY: not under that key; NTE_BAD_LEN: the exchange key is too short
 */
export function exportKeyBlob(
  key: RsaKey | SessionKey,
  type: number,
  options: ExportOptions = {},
): Uint8Array {
  const exporter = EXPORTERS.get(type)
  if (exporter === undefined)
    throw new CryptoApiError('NTE_BAD_TYPE', `no key is exported as a blob of type ${type}`)
  return exporter(key, options)
}

function exportPublic(key: RsaKey | SessionKey, { wrapWith }: ExportOptions): Uint8Array {
  if (wrapWith !== undefined)
    throw new CryptoApiError('NTE_BAD_KEY', 'a public key is exported under no other')
  const { algorithm, publicKey } = expectRsa(key)
  return encodePublicKeyBlob(algorithm, publicKey)
}

function exportPrivate(key: RsaKey | SessionKey, { wrapWith }: ExportOptions): Uint8Array {
  const pair = expectRsa(key)
  expectExportable(pair)
  const privateKey = pair.expectPrivate()
  if (wrapWith instanceof RsaKey)
    throw new CryptoApiError('NTE_BAD_KEY', 'a private key leaves under a session key')
  if (wrapWith === undefined) return encodePrivateKeyBlob(pair.algorithm, privateKey)
  // A message that the session key is in the middle of is not disturbed, by a mere size query least of all.
  const hider = wrapWith.duplicate()
  try {
    return encodePrivateKeyBlob(pair.algorithm, privateKey, (body) => hider.encrypt(body))
  } finally {
    hider.wipe()
  }
}

function exportPlaintext(key: RsaKey | SessionKey): Uint8Array {
  const { algorithm, key: bytes } = expectSession(key)
  return encodePlaintextKeyBlob(algorithm, bytes)
}

function exportSimple(key: RsaKey | SessionKey, { wrapWith, oaep = false }: ExportOptions): Uint8Array {
  const { algorithm, key: bytes } = expectSession(key)
  if (wrapWith === undefined)
    throw new CryptoApiError('NTE_BAD_PUBLIC_KEY', 'a SIMPLEBLOB is made for an exchange key')
  if (!(wrapWith instanceof RsaKey))
    throw new CryptoApiError('NTE_BAD_KEY', 'a SIMPLEBLOB is not made for a session key')
  return encodeSimpleBlob(algorithm, wrapWith.encrypt(bytes, { oaep }))
}

function expectRsa(key: RsaKey | SessionKey): RsaKey {
  if (key instanceof RsaKey) return key
  throw new CryptoApiError('NTE_BAD_KEY', 'a session key has no public and no private part')
}

function expectSession(key: RsaKey | SessionKey): SessionKey {
  if (!(key instanceof SessionKey)) throw new CryptoApiError('NTE_BAD_TYPE', 'a key pair is no session key')
  expectExportable(key)
  key.expectLive()
  return key
}

function expectExportable({ exportable }: RsaKey | SessionKey): void {
  if (!exportable) throw new CryptoApiError('NTE_BAD_KEY_STATE', 'this key is not exportable')
}
