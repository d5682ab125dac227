import { createHmac } from 'node:crypto'
import { wipe } from '../../bytes/index.ts'
import type { RsaPrivateKey } from './rsa-private-key.ts'
import { type ExpectedLengths, type Padding, recoverBlock, select } from './unpadding.ts'

/**
 * Unwraps a key, or makes one up: for services that answer strangers.
 *
 * A ciphertext that the private key does not open gives a key that no one else can foresee, and the same one every
 * time, so that the failure shows only later, where data fail to authenticate. The oracle of Bleichenbacher and Manger is
 * gone, as long as that later failure looks the same for every wrong key.
 *
 * @param ciphertext little-endian, as long as the modulus
 * @param padding `PKCS1` or `oaep(label)`
 * @param expectedLength of the key, in bytes: what a made-up key has
 * @param expected which lengths are right besides; a key of another length than `expectedLength` shows that it is no
 *   made-up one, so leave it out wherever the algorithm fixes the length
 * @throws CryptoApiError NTE_BAD_DATA only if the ciphertext is not as long as the modulus
 */
export function unwrapOrSubstitute(
  key: RsaPrivateKey,
  ciphertext: Uint8Array,
  padding: Padding,
  expectedLength: number,
  expected: ExpectedLengths = (length) => length === expectedLength,
): Uint8Array {
  const { block, good, start } = recoverBlock(key, ciphertext, padding, expected)
  const substitute = substituteKey(key, ciphertext, expectedLength)
  const result = new Uint8Array(select(good, block.length - start, expectedLength))
  for (let i = 0; i < result.length; i++) {
    result[i] = select(good, block[start + i] ?? 0, substitute[i] ?? 0)
  }
  wipe(block, substitute)
  return result
}

/** HMAC-SHA-256 of a counter (4 bytes, big-endian, from 0) and the ciphertext, under the secret of the private key. */
function substituteKey(key: RsaPrivateKey, ciphertext: Uint8Array, length: number): Uint8Array {
  const secret = key.substituteSecret()
  const substitute = new Uint8Array(length)
  for (let at = 0, counter = 0; at < length; at += 32, counter++) {
    const position = Uint8Array.of(counter >> 24, counter >> 16, counter >> 8, counter)
    const stream = createHmac('sha256', secret).update(position).update(ciphertext).digest()
    substitute.set(stream.subarray(0, length - at), at)
    wipe(stream)
  }
  wipe(secret)
  return substitute
}
