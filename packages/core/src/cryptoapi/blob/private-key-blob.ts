import { concat, wipe } from '../../bytes/index.ts'
import { PAIRS } from '../algorithm-table.ts'
import { PRIVATEKEYBLOB } from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { RsaPrivateKey } from '../rsa/rsa-private-key.ts'
import { type RecoveryOption, RsaPublicKey } from '../rsa/rsa-public-key.ts'
import {
  BLOB_HEADER_BYTES,
  encodeBlobHeader,
  expectAlgorithm,
  expectBlobHeader,
  type Supports,
} from './blob-header.ts'
import {
  checkRsaBits,
  encodeRsaFields,
  MAGIC_PRIVATE,
  parseRsaFields,
  RSA_FIELDS_BYTES,
} from './rsa-fields.ts'

/** How to read a PRIVATEKEYBLOB. */
export interface PrivateKeyBlobOptions extends RecoveryOption {
  /** Undoes what `encrypt` did to everything after the header: a new array, which is wiped. */
  readonly decrypt?: ((body: Uint8Array) => Uint8Array) | undefined
}

/** A key and its ALG_ID: CALG_RSA_KEYX or CALG_RSA_SIGN. */
export interface PrivateKeyFromBlob {
  readonly algorithm: number
  readonly key: RsaPrivateKey
}

/**
 * Reads a PRIVATEKEYBLOB, all little-endian, with n = bits / 8 and h = n / 2 rounded up: `header (8) | "RSA2" (4) |
 * bits (4) | exponent (4) | modulus (n) | p (h) | q (h) | d mod (p-1) (h) | d mod (q-1) (h) | q^-1 mod p (h) | d (n)`.
 *
 * The last field may be cut off or missing, as on Windows: the others say what it is. Bytes after it are ignored.
 * Source: Microsoft, "RSA/Schannel Key BLOBs"; the order of the checks is that of `docs/cryptoapi.md`, import.
 *
 * @param supports whether the provider has CALG_RSA_KEYX or CALG_RSA_SIGN
 * @throws CryptoApiError NTE_BAD_VER, NTE_BAD_TYPE, NTE_BAD_ALGID; NTE_BAD_DATA for anything else, with one text for
 *   whatever is found behind `decrypt`
 */
export function parsePrivateKeyBlob(
  blob: Uint8Array,
  supports: Supports,
  options: PrivateKeyBlobOptions = {},
): PrivateKeyFromBlob {
  const { algorithm } = expectBlobHeader(blob, PRIVATEKEYBLOB)
  const expectPair = (): void => expectAlgorithm(algorithm, PAIRS, supports)
  const body = blob.subarray(BLOB_HEADER_BYTES)
  const { decrypt } = options
  if (decrypt === undefined) return { algorithm, key: parseBody(body, expectPair, options) }
  expectPair()
  return { algorithm, key: parseEncryptedBody(body, decrypt, options) }
}

/**
 * Writes a PRIVATEKEYBLOB with every field at its full width.
 *
 * @param algorithm CALG_RSA_KEYX or CALG_RSA_SIGN
 * @param encrypt what is done to everything after the header, which is wiped afterwards
 */
export function encodePrivateKeyBlob(
  algorithm: number,
  key: RsaPrivateKey,
  encrypt?: (body: Uint8Array) => Uint8Array,
): Uint8Array {
  const parts = key.parts()
  const { prime1, prime2, exponent1, exponent2, coefficient, privateExponent } = parts
  const secrets = [prime1, prime2, exponent1, exponent2, coefficient, privateExponent]
  for (const secret of secrets) secret.reverse()
  const { publicKey } = key
  const body = concat(encodeRsaFields(MAGIC_PRIVATE, publicKey), publicKey.modulus.toReversed(), ...secrets)
  const blob = concat(encodeBlobHeader({ type: PRIVATEKEYBLOB, algorithm }), encrypt?.(body) ?? body)
  wipe(body, ...secrets)
  return blob
}

/**
 * Which byte of a wrongly decrypted body is wrong says something about the key stream or the block that made it, and a
 * padding fault said apart is a padding oracle: all of it is one answer.
 */
function parseEncryptedBody(
  body: Uint8Array,
  decrypt: (body: Uint8Array) => Uint8Array,
  options: RecoveryOption,
): RsaPrivateKey {
  let plain: Uint8Array = new Uint8Array(0)
  try {
    plain = decrypt(body)
    return parseBody(plain, () => {}, options)
  } catch (error) {
    if (!(error instanceof CryptoApiError)) throw error
    throw new CryptoApiError('NTE_BAD_DATA', 'this does not decrypt to a private key')
  } finally {
    wipe(plain)
  }
}

function parseBody(body: Uint8Array, expectPair: () => void, options: RecoveryOption): RsaPrivateKey {
  const { bits, exponent } = parseRsaFields(body, MAGIC_PRIVATE, (n) => n + 5 * Math.ceil(n / 2))
  expectPair()
  checkRsaBits(bits)
  const [n, h] = [bits / 8, Math.ceil(bits / 16)]
  let at = RSA_FIELDS_BYTES
  // Only the last field can be shorter than asked for.
  const take = (length: number): Uint8Array => body.subarray(at, (at += length)).toReversed()
  const publicKey = RsaPublicKey.fromParts(take(n), exponent, options)
  const secrets = [take(h), take(h), take(h), take(h), take(h), take(n)] as const
  const [prime1, prime2, exponent1, exponent2, coefficient, privateExponent] = secrets
  try {
    return RsaPrivateKey.fromParts(publicKey, {
      prime1,
      prime2,
      exponent1,
      exponent2,
      coefficient,
      privateExponent,
    })
  } finally {
    wipe(...secrets)
  }
}
