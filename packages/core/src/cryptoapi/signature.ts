import { concat, fromHex } from '../bytes/index.ts'
import { CALG_HMAC, CALG_MAC } from './constants.ts'
import { CryptoApiError } from './crypto-api-error.ts'
import type { HashObject } from './hash-object.ts'
import { signBlock, signX931Block, verifyBlock, verifyX931Block } from './rsa/signature-block.ts'
import type { RsaKey } from './rsa-key.ts'

/** What stands before the hash value in the signed block. */
export type SignatureForm =
  /** The algorithm of the hash, as PKCS #1 v1.5 asks for. */
  | 'oid'
  /** Nothing: CRYPT_NOHASHOID. */
  | 'bare'
  /** CRYPT_X931_FORMAT. */
  | 'x931'

/** How a hash is signed. */
export interface SignatureOptions {
  /** The default is `oid`. Verification of it also takes the bare form, as Windows does, unless `strict`. */
  readonly form?: SignatureForm
  /** A legacy text whose UTF-16LE bytes are hashed after the data. Both sides have to give the same. */
  readonly description?: string
}

/**
 * CryptSignHash: finishes the hash and signs its value.
 *
 * @returns as many bytes as the modulus, little-endian
 * @throws CryptoApiError NTE_BAD_KEY: no private key; NTE_BAD_ALGID: a keyed hash; NTE_BAD_LEN: the key is too short for
 *   the hash; NTE_BAD_HASH_STATE: a description for a finished hash
 */
export function signHash(key: RsaKey, hash: HashObject, options: SignatureOptions = {}): Uint8Array {
  const privateKey = key.expectPrivate()
  expectUnkeyed(hash)
  describe(hash, options.description)
  const value = hash.value()
  const form = options.form ?? 'oid'
  return form === 'x931'
    ? signX931Block(privateKey, value)
    : signBlock(privateKey, encoded(hash, value, form))
}

/**
 * CryptVerifySignature: finishes the hash and compares the whole signed block, never parts of it.
 *
 * @param options with `strict` the bare form is refused unless it is asked for
 * @returns whether it is the signature of this hash by this key; a length other than that of the modulus is a "no"
 * @throws CryptoApiError NTE_BAD_ALGID: a keyed hash; NTE_BAD_HASH_STATE: a description for a finished hash
 */
export function verifyHash(
  key: RsaKey,
  hash: HashObject,
  signature: Uint8Array,
  options: SignatureOptions & { readonly strict?: boolean } = {},
): boolean {
  expectUnkeyed(hash)
  describe(hash, options.description)
  const value = hash.value()
  const form = options.form ?? 'oid'
  if (form === 'x931') return verifyX931Block(key.publicKey, signature, value)
  const forms: SignatureForm[] = form === 'oid' && options.strict !== true ? ['oid', 'bare'] : [form]
  return forms.some((each) => verifyBlock(key.publicKey, signature, encoded(hash, value, each)))
}

function encoded(hash: HashObject, value: Uint8Array, form: SignatureForm): Uint8Array {
  return form === 'oid' ? concat(fromHex(hash.row.digestInfo), value) : value
}

function describe(hash: HashObject, description = ''): void {
  if (description !== '') hash.update(new Uint8Array(Buffer.from(description, 'utf16le')))
}

function expectUnkeyed(hash: HashObject): void {
  if (hash.algorithm !== CALG_HMAC && hash.algorithm !== CALG_MAC) return
  throw new CryptoApiError('NTE_BAD_ALGID', `a signature is not made over ${hash.row.name}`)
}
