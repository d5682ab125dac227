import { CryptoApiError } from './crypto-api-error.ts'

/** `data` with PKCS #5 padding: k bytes of the value k, at least one, up to a whole number of blocks. RFC 8018, 6.1.1. */
export function pad(data: Uint8Array, blockLength: number): Uint8Array {
  const count = blockLength - (data.length % blockLength)
  const padded = new Uint8Array(data.length + count)
  padded.set(data)
  padded.fill(count, data.length)
  return padded
}

/**
 * `padded` without its padding, as a view.
 *
 * All bytes of the last block are looked at before anything is decided, and every fault is the same fault: what tells
 * one from another decrypts messages (Vaudenay 2002). That does not save a caller who answers strangers: a message
 * without authentication has to be authenticated by other means first.
 *
 * @param padded at least one block, a whole number of them
 * @throws CryptoApiError NTE_BAD_DATA
 */
export function unpad(padded: Uint8Array, blockLength: number): Uint8Array {
  const count = padded.at(-1) ?? 0
  const start = padded.length - blockLength
  let faults = Number(count === 0) | Number(count > blockLength)
  for (let i = 0; i < blockLength; i++) {
    const isPadding = Number(blockLength - i <= count)
    faults |= isPadding & Number(padded[start + i] !== count)
  }
  if (faults !== 0)
    throw new CryptoApiError('NTE_BAD_DATA', 'the data are damaged, or the key is another one')
  return padded.subarray(0, padded.length - count)
}
