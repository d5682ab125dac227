/** The log of an authority: statements in, durable and signed receipts out. */
export { AuthorityLog } from './authority-log.ts'
export type { LogOptions, LogState, StatementOutcome } from './authority-log.ts'
export { readEpochChain } from './epochs.ts'
export { LogError } from './log-error.ts'
export type { LogErrorCode } from './log-error.ts'
export { LogKeys } from './log-keys.ts'
export { verifyRaw } from './node-signatures.ts'
export type { MakeReceipt } from './receipts.ts'
