/** People, statements and rules of an authority: values in, values out. */
export { AdmissionError } from './admission-error.ts'
export type { AdmissionErrorCode } from './admission-error.ts'
export {
  admitDeposit,
  admitEnrolment,
  admitEpoch,
  admitRecovery,
  AdmittedStatement,
} from './admitted-statement.ts'
export type { DepositAdmission, StatementFacts } from './admitted-statement.ts'
export { DepositBlob, parseDepositBlob } from './deposit-blob.ts'
export { sha256 } from './digest.ts'
export type { Refusal } from './group-judgement.ts'
export { keptSigners } from './kept-signers.ts'
export type { KeptSigners } from './kept-signers.ts'
export { encodeProbeResult, parseProbeResult } from './probe-result.ts'
export type { Quota, Quotas } from './quota.ts'
export { RECOVERY_ACTS, recoveryActOf } from './recovery-facts.ts'
export type { Beside, DepositKeyBlob, OpenedDeposit, RecoveryAct, RecoveryFacts } from './recovery-facts.ts'
export { isOwnWord } from './statement-claim.ts'
export { AUTHORITY } from './statement-rows.ts'
export type {
  ClientRow,
  ClientState,
  DepositFacts,
  DepositRow,
  EnrolmentFacts,
  InvitationRow,
  Owner,
  StatementRow,
  TenantRow,
  Usage,
} from './statement-rows.ts'
export { atMost, verifiedAhead } from './verified-ahead.ts'
export type { SignedMessage } from './verified-ahead.ts'
