/** A client of a backup authority: what it asks, what it keeps, and what it checks. */
export { nodeMeans, sha256, verifyRaw } from './node-verify.ts'
