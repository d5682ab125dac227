import { type CryptoApiErrorCode, wincrypt } from '../../../src/cryptoapi/index.ts'
import {
  blobType,
  calls,
  failedWith,
  hashAlgorithm,
  isSessionKey,
  KEYED_HASHES,
  keyOrigin,
  type Situation,
} from './situation.ts'
import type { KnownDifference } from './difference.ts'
import { textOf } from './step.ts'

/** Where both providers refuse, and which code says so is not settled, or two faults come together. */
export const EITHER_CODES: readonly KnownDifference[] = [
  eitherCode(
    'key-length-code',
    'which of two codes refuses a key length is not settled',
    ['NTE_BAD_DATA', 'NTE_BAD_FLAGS'],
    (at) => calls(at, 'CryptDeriveKey', 'CryptGenKey', 'CryptImportKey'),
  ),
  eitherCode(
    'verify-with-session-key',
    'a session key verifies nothing; either code is accepted',
    ['NTE_BAD_KEY', 'NTE_BAD_SIGNATURE'],
    (at) => calls(at, 'CryptVerifySignature') && isSessionKey(at, 'pubKey'),
  ),
  eitherCode(
    'signature-over-keyed-hash',
    'nothing is signed over an HMAC or a MAC; either code is accepted',
    ['NTE_BAD_ALGID', 'NTE_BAD_SIGNATURE', 'NTE_FAIL', 'NTE_BAD_HASH_STATE'],
    (at) => calls(at, 'CryptSignHash', 'CryptVerifySignature') && KEYED_HASHES.has(hashAlgorithm(at)),
  ),
  eitherCode(
    'algorithm-before-unwrapping',
    'an algorithm that the provider lacks is found before anything is decrypted; Wine decrypts first',
    ['NTE_BAD_ALGID', 'NTE_BAD_DATA'],
    (at) =>
      calls(at, 'CryptImportKey') &&
      blobType(at.step) === wincrypt.SIMPLEBLOB &&
      failedWith(at.ours, 'NTE_BAD_ALGID'),
  ),
  eitherCode(
    'unwrapping-key-code',
    'which code refuses a key that cannot unwrap is not settled',
    ['NTE_BAD_DATA', 'NTE_BAD_KEY', 'NTE_BAD_PUBLIC_KEY', 'NTE_NO_KEY'],
    (at) =>
      calls(at, 'CryptImportKey') && at.step['pubKey'] !== undefined && !failedWith(at.ours, 'NTE_BAD_DATA'),
  ),
  eitherCode(
    'shamd5-data-code',
    'SSL3 SHAMD5 takes no data, finished or not; either code is accepted',
    ['NTE_BAD_ALGID', 'NTE_BAD_HASH_STATE'],
    (at) => hashAlgorithm(at) === wincrypt.CALG_SSL3_SHAMD5,
  ),
  eitherCode(
    'flags-without-value',
    'two faults in one call; either code is accepted',
    ['ERROR_INVALID_PARAMETER', 'NTE_BAD_FLAGS'],
    (at) => calls(at, 'CryptSetKeyParam') && at.step['nulldata'] === 1,
  ),
  {
    ...eitherCode(
      'finished-hash-code',
      'two faults in one call, what is decrypted and a hash that takes no more; either code is accepted',
      ['NTE_BAD_DATA', 'NTE_BAD_HASH_STATE', 'NTE_BAD_ALGID'],
      (at) => calls(at, 'CryptDecrypt') && at.step['hash'] !== undefined,
    ),
    ends: true, // one side has decrypted the piece, the other not
  },
  eitherCode(
    'too-long-for-buffer-and-key',
    'two faults in one call, a short buffer and a message too long for the key; either code is accepted',
    ['ERROR_MORE_DATA', 'NTE_BAD_LEN'],
    (at) => calls(at, 'CryptExportKey', 'CryptEncrypt', 'CryptSignHash') && at.step['buf'] !== undefined,
  ),
  eitherCode(
    'decrypt-with-public-key',
    'a public key alone decrypts nothing; either code is accepted',
    ['NTE_BAD_DATA', 'NTE_BAD_KEY'],
    (at) => calls(at, 'CryptDecrypt') && blobType(keyOrigin(at) ?? at.step) === wincrypt.PUBLICKEYBLOB,
  ),
  eitherCode(
    'no-blob',
    'an empty blob has no header; either code is accepted',
    ['ERROR_INVALID_PARAMETER', 'NTE_BAD_DATA'],
    (at) => calls(at, 'CryptImportKey') && textOf(at.step, 'blob') === '',
  ),
]

/** Both providers refuse, and either code is right. */
function eitherCode(
  id: string,
  reason: string,
  codes: readonly [CryptoApiErrorCode, CryptoApiErrorCode, ...CryptoApiErrorCode[]],
  when: (at: Situation) => boolean,
): KnownDifference {
  const allows = (at: Situation): boolean =>
    at.wine.err !== at.ours.err && failedWith(at.wine, ...codes) && failedWith(at.ours, ...codes) && when(at)
  return { id, reason, allows }
}
