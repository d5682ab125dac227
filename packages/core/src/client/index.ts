/** A client of a backup authority: what it asks, what it keeps, and what it checks. */
export { ClientError } from './client-error.ts'
export type { ClientErrorCode, ClientErrorOptions } from './client-error.ts'
export { nodeMeans, sha256, verifyRaw } from './node-verify.ts'
