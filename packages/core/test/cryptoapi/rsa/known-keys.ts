import { fromHex } from '@strongroom/core/bytes'
import { parsePrivateKeyBlob } from '../../../src/cryptoapi/blob/private-key-blob.ts'
import { CALG_RSA_KEYX, CALG_RSA_SIGN } from '../../../src/cryptoapi/constants.ts'
import type { RsaPrivateKey } from '../../../src/cryptoapi/rsa/rsa-private-key.ts'
import file from '../vectors/keys.json' with { type: 'json' }

/** A key whose blobs were written by another program. */
export interface KnownKey {
  readonly name: string
  readonly bits: number
  readonly algorithm: number
  /** PKCS #1, in PEM. */
  readonly pem: string
  readonly privateBlob: Uint8Array
  readonly publicBlob: Uint8Array
}

/** The keys of vectors/keys.json. @throws Error if there are none */
export const KNOWN_KEYS: readonly KnownKey[] = Object.entries(file.keys).map(([name, key]) => ({
  name,
  bits: key.bits,
  algorithm: key.alg === 'CALG_RSA_KEYX' ? CALG_RSA_KEYX : CALG_RSA_SIGN,
  pem: key.pem,
  privateBlob: fromHex(key.privateKeyBlob),
  publicBlob: fromHex(key.publicKeyBlob),
}))
if (KNOWN_KEYS.length === 0) throw new Error('vectors/keys.json has no keys')

/** The key of this name. @throws Error if there is none */
export function knownKey(name: string): KnownKey {
  const found = KNOWN_KEYS.find((key) => key.name === name)
  if (found === undefined) throw new Error(`vectors/keys.json has no key ${name}`)
  return found
}

/** The key of this name, parsed. */
export function privateKey(name: string): RsaPrivateKey {
  return parsePrivateKeyBlob(knownKey(name).privateBlob, () => true).key
}
