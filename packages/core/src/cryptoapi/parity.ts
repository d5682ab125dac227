/**
 * Sets the lowest bit of every byte so that the byte has an odd number of ones, in place.
 *
 * The DES ciphers do not look at these bits, but who exports such a key, or feeds it to a hash, sees them.
 * Source: FIPS 46-3; `docs/cryptoapi.md`, parity.
 */
export function setOddParity(key: Uint8Array): Uint8Array {
  for (let i = 0; i < key.length; i++) {
    const bits = (key[i] ?? 0) & 0xfe
    let ones = bits ^ (bits >> 4)
    ones ^= ones >> 2
    ones ^= ones >> 1
    key[i] = bits | ((ones & 1) ^ 1)
  }
  return key
}
