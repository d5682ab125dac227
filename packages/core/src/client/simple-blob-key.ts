import { createPrivateKey } from 'node:crypto'
import { copyOf, wipe } from '../bytes/index.ts'
import {
  CryptoApiError,
  exportKeyBlob,
  importKeyBlob,
  PROVIDERS,
  RsaKey,
  RsaPrivateKey,
  SessionKey,
  wincrypt,
} from '../cryptoapi/index.ts'

/** It has every session cipher that there is. */
const PROVIDER = PROVIDERS.find(({ id }) => id === 'enhanced-aes')

/**
 * The session key in a SIMPLEBLOB, as PLAINTEXTKEYBLOB, for the custodian whose RSA key it was made for: docs/spec/recovery.md, "Keys of
 * CryptoAPI".
 *
 * Nothing that is answered depends on the private key: what it does not open gives a key that fits nothing, the same each time, so
 * nobody learns from it whether a padding was right (Bleichenbacher). Whether there is an answer at all stands in the blob for
 * everybody to read.
 *
 * @param pkcs8 DER of the RSA key; stays the caller's
 * @returns undefined for what is no SIMPLEBLOB, or too short for the key; wipe it when it is done with
 */
export function openSimpleBlob(simpleBlob: Uint8Array, pkcs8: Uint8Array): Uint8Array | undefined {
  if (!PROVIDER) throw new TypeError('the provider with all ciphers is missing')
  const der = copyOf(pkcs8)
  try {
    const key = createPrivateKey({ key: Buffer.from(der.buffer), format: 'der', type: 'pkcs8' })
    const privateKey = RsaPrivateKey.fromKeyObject(key)
    const { publicKey } = privateKey
    const parts = { algorithm: wincrypt.CALG_RSA_KEYX, publicKey, privateKey, exportable: false }
    const options = { unwrapWith: new RsaKey(parts), implicitRejection: true, exportable: true }
    return plainOf(importKeyBlob(PROVIDER, simpleBlob, options))
  } catch (error) {
    // Of the form of the blob alone: behind the private key nothing is refused.
    if (error instanceof CryptoApiError) return undefined
    throw error
  } finally {
    wipe(der)
  }
}

function plainOf(key: SessionKey | RsaKey): Uint8Array | undefined {
  return key instanceof SessionKey ? exportKeyBlob(key, wincrypt.PLAINTEXTKEYBLOB, {}) : undefined
}
