/** The CryptoAPI RSA providers, byte for byte: session keys, key blobs, hashes, signatures, key containers. */
export * as wincrypt from './constants.ts'
export { CryptoApiError, STATUS } from './crypto-api-error.ts'
export type { CryptoApiErrorCode } from './crypto-api-error.ts'
export { PROVIDERS } from './provider-table.ts'
export type { ProviderId, ProviderRow } from './provider-table.ts'
