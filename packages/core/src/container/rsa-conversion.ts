import { createPrivateKey } from 'node:crypto'
import { toBase64, wipe } from '../bytes/index.ts'
import { CryptoApiError, RsaKey, RsaPrivateKey, type RsaPublicKey, wincrypt } from '../cryptoapi/index.ts'
import { ContainerError } from './container-error.ts'
import { fingerprintOf } from './container-info.ts'
import { KEY_KINDS, rsaPair } from './key-pair.ts'
import type { KeyUse, RsaPair } from './key-pair.ts'

const ALGORITHM_OF_USE: Readonly<Record<KeyUse, number>> = {
  exchange: wincrypt.CALG_RSA_KEYX,
  signature: wincrypt.CALG_RSA_SIGN,
}

/**
 * The pair of a CryptoAPI key, to be added to a container for `key.use`.
 *
 * Whether the key is exportable is not asked: it stays with its owner, and a container keeps no such bit.
 *
 * @throws ContainerError CONTAINER_KEY if the private part is not there, or is one that OpenSSL does not take
 *   (an exponent of one, which only recovery reads)
 */
export function rsaPairFromCryptoApi(key: RsaKey): RsaPair {
  const pkcs8 = asContainerKeys(() => {
    const privateKey = key.expectPrivate()
    return privateKey.toKeyObject().export({ format: 'der', type: 'pkcs8' })
  })
  try {
    return rsaPair(pkcs8)
  } finally {
    wipe(pkcs8)
  }
}

/**
 * The CryptoAPI key of a container's RSA pair: what AT_KEYEXCHANGE and AT_SIGNATURE are.
 *
 * @param pkcs8 DER as `KeyContainer.rsaKey` gives it, not kept: the caller wipes it
 * @param options whether CryptExportKey may write the private part; not unless told
 * @throws ContainerError CONTAINER_KEY if its numbers do not belong together, or CryptoAPI has no room for them (more
 *   than two primes, a public exponent above 32 bits, less than 384 bits or more than 16384)
 */
export function rsaKeyToCryptoApi(
  pkcs8: Uint8Array,
  use: KeyUse,
  { exportable = false }: { readonly exportable?: boolean } = {},
): RsaKey {
  const der = Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.byteLength)
  const privateKey = asContainerKeys(() =>
    RsaPrivateKey.fromKeyObject(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })),
  )
  return new RsaKey({
    algorithm: ALGORITHM_OF_USE[use],
    publicKey: privateKey.publicKey,
    privateKey,
    exportable,
  })
}

/** By what a container shows and knows an RSA key, wherever it came from: `SHA256:` and base64. */
export function rsaFingerprint(key: RsaPublicKey): string {
  const spki = key.toKeyObject().export({ format: 'der', type: 'spki' })
  return fingerprintOf(KEY_KINDS.rsa.keyIdOf(toBase64(spki)))
}

/** What is wrong with a key is this layer's error, whoever found it. */
function asContainerKeys<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const reason = cause instanceof CryptoApiError ? cause.message : 'not readable'
    throw new ContainerError('CONTAINER_KEY', `RSA key: ${reason}`, { cause })
  }
}
