import { CIPHERS, PAIRS } from './algorithm-table.ts'
import { parseBlobHeader } from './blob/blob-header.ts'
import { parsePlaintextKeyBlob } from './blob/plaintext-key-blob.ts'
import { parsePrivateKeyBlob } from './blob/private-key-blob.ts'
import { parsePublicKeyBlob } from './blob/public-key-blob.ts'
import { parseSimpleBlob } from './blob/simple-blob.ts'
import { CALG_RC2, PLAINTEXTKEYBLOB, PRIVATEKEYBLOB, PUBLICKEYBLOB, SIMPLEBLOB } from './constants.ts'
import { CryptoApiError } from './crypto-api-error.ts'
import { isKeyLength } from './key-lengths.ts'
import type { ProviderRow } from './provider-table.ts'
import { unwrapOrSubstitute } from './rsa/implicit-rejection.ts'
import { decryptOaep, oaep } from './rsa/oaep.ts'
import { decryptPkcs1, PKCS1 } from './rsa/pkcs1.ts'
import { RsaKey } from './rsa-key.ts'
import { saltOf } from './salt.ts'
import { SessionKey } from './session-key.ts'

/** What belongs to the import of a key blob. */
export interface ImportOptions {
  /** The private key that a SIMPLEBLOB was made for, or the session key that hides a PRIVATEKEYBLOB. */
  readonly unwrapWith?: RsaKey | SessionKey | undefined
  /** CRYPT_EXPORTABLE: whether the key may be exported again. */
  readonly exportable?: boolean
  /** CRYPT_OAEP: the SIMPLEBLOB is padded with OAEP. */
  readonly oaep?: boolean
  /** CRYPT_NO_SALT: a key of 40 bits gets no salt of zeros. */
  readonly noSalt?: boolean
  /** CRYPT_IPSEC_HMAC_KEY: an RC2 key of any length, for HMAC only. */
  readonly hmacKey?: boolean
  /** Takes key pairs that no provider should have made, such as those with an exponent of one. */
  readonly recovery?: boolean
  /**
   * For services that answer strangers: a SIMPLEBLOB that does not unwrap gives a key that fits nothing, the same each
   * time, instead of an error that tells whether its padding was right. It has the default length of its cipher, so a
   * shorter or longer RC2 or RC4 key shows that it is a real one.
   */
  readonly implicitRejection?: boolean
}

type Importer = (provider: ProviderRow, blob: Uint8Array, options: ImportOptions) => SessionKey | RsaKey

const IMPORTERS: ReadonlyMap<number, Importer> = new Map<number, Importer>([
  [SIMPLEBLOB, importSimple],
  [PUBLICKEYBLOB, importPublic],
  [PRIVATEKEYBLOB, importPrivate],
  [PLAINTEXTKEYBLOB, importPlaintext],
])

/** The same for every fault behind the private key. */
const NOT_UNWRAPPED = 'the key blob is damaged, or made for another key'

/**
 * CryptImportKey without the container: what is in a key blob, checked in the documented order.
 *
 * A SIMPLEBLOB says nothing about who made it. Where there is a signature over it, verify that first: see
 * `openSignedKeyBlob`.
 *
 * @throws CryptoApiError NTE_BAD_VER, NTE_BAD_TYPE, NTE_BAD_ALGID, NTE_BAD_DATA (also whatever depends on the private
 *   key), NTE_BAD_KEY: the unwrapping key is of the wrong kind; NTE_NO_KEY: there is none
 */
export function importKeyBlob(
  provider: ProviderRow,
  blob: Uint8Array,
  options: ImportOptions = {},
): SessionKey | RsaKey {
  const { type } = parseBlobHeader(blob)
  const importer = IMPORTERS.get(type)
  if (importer === undefined)
    throw new CryptoApiError('NTE_BAD_TYPE', `no key blob of type ${type} can be imported`)
  return importer(provider, blob, options)
}

function importPublic(provider: ProviderRow, blob: Uint8Array, { recovery = false }: ImportOptions): RsaKey {
  const { algorithm, key } = parsePublicKeyBlob(blob, pairsOf(provider), { recovery })
  return new RsaKey({ algorithm, publicKey: key, exportable: false })
}

function importPrivate(provider: ProviderRow, blob: Uint8Array, options: ImportOptions): RsaKey {
  const { unwrapWith, recovery = false, exportable = false } = options
  const { algorithm, key } = parsePrivateKeyBlob(blob, pairsOf(provider), {
    recovery,
    ...(unwrapWith instanceof SessionKey && { decrypt: (body: Uint8Array) => unwrapWith.decrypt(body) }),
  })
  return new RsaKey({ algorithm, publicKey: key.publicKey, privateKey: key, exportable })
}

function importPlaintext(provider: ProviderRow, blob: Uint8Array, options: ImportOptions): SessionKey {
  const { algorithm, key } = parsePlaintextKeyBlob(blob, ciphersOf(provider))
  const forHmac = options.hmacKey === true && algorithm === CALG_RC2 && key.length > 0
  if (!forHmac && !isKeyLength(provider, algorithm, key.length)) {
    throw new CryptoApiError('NTE_BAD_DATA', `a key of ${key.length} bytes does not fit its algorithm`)
  }
  return sessionKey(provider, algorithm, key, options)
}

function importSimple(provider: ProviderRow, blob: Uint8Array, options: ImportOptions): SessionKey {
  const { algorithm, payload } = parseSimpleBlob(blob, ciphersOf(provider))
  const { unwrapWith, oaep: useOaep = false } = options
  if (unwrapWith === undefined)
    throw new CryptoApiError('NTE_NO_KEY', 'there is no exchange key pair to unwrap with')
  if (!(unwrapWith instanceof RsaKey))
    throw new CryptoApiError('NTE_BAD_KEY', 'a SIMPLEBLOB is unwrapped with RSA')
  unwrapWith.expectExchange()
  const privateKey = unwrapWith.expectPrivate()
  const length = unwrapWith.publicKey.length
  if (payload.length < length) throw new CryptoApiError('NTE_BAD_DATA', NOT_UNWRAPPED)
  const ciphertext = payload.subarray(0, length)
  const fits = (bytes: number): boolean => isKeyLength(provider, algorithm, bytes)
  if (options.implicitRejection === true) {
    const expected =
      CIPHERS.get(algorithm)?.keyLength ?? (provider.algorithms.get(algorithm)?.default ?? 0) / 8
    const padding = useOaep ? oaep(unwrapWith.oaepLabel) : PKCS1
    const key = unwrapOrSubstitute(privateKey, ciphertext, padding, expected, fits)
    return sessionKey(provider, algorithm, key, options)
  }
  const key = useOaep
    ? decryptOaep(privateKey, ciphertext, fits, unwrapWith.oaepLabel)
    : decryptPkcs1(privateKey, ciphertext, fits)
  return sessionKey(provider, algorithm, key, options)
}

function sessionKey(
  provider: ProviderRow,
  algorithm: number,
  key: Uint8Array,
  options: ImportOptions,
): SessionKey {
  const choice = options.noSalt === true ? 'none' : 'default'
  const salt = saltOf(provider, algorithm, key.length, choice, () => new Uint8Array(0))
  return new SessionKey({ provider, algorithm, key, salt, exportable: options.exportable ?? false })
}

function ciphersOf(provider: ProviderRow): (algorithm: number) => boolean {
  return (algorithm) => CIPHERS.has(algorithm) && provider.algorithms.has(algorithm)
}

function pairsOf(provider: ProviderRow): (algorithm: number) => boolean {
  return (algorithm) => PAIRS.has(algorithm) && provider.algorithms.has(algorithm)
}
