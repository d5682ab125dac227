/**
 * What ties key containers to CryptoAPI: a second door beside `index.ts`, so that who seals and opens files does not load
 * all of CryptoAPI with his keys.
 */
export { CryptoApiStore } from './crypto-api-store.ts'
export { rsaFingerprint, rsaKeyToCryptoApi, rsaPairFromCryptoApi } from './rsa-conversion.ts'
