/** A client of a backup authority: what it asks, what it keeps, and what it checks. */
export {
  AUDIT_CSV_HEAD,
  auditCsvLine,
  auditEndLine,
  auditHeadLine,
  auditJsonLine,
  auditProofFile,
  readAuditCsvLine,
  readAuditEnd,
  readAuditHead,
  readAuditJsonLine,
  readAuditProofFile,
} from './audit-export.ts'
export type { AuditEnd, AuditHead, AuditStatement } from './audit-export.ts'
export { AuditCheck } from './audit-verify.ts'
export type { AuditFinding, AuditReport } from './audit-verify.ts'
export { AuthorityClient } from './authority-client.ts'
export type { AuthorityClientOptions, ClientCredentials } from './authority-client.ts'
export { CustodianClient } from './custodian-client.ts'
export { makeDeposit, openDeposit, openDepositWith } from './deposit-blob.ts'
export type { DepositFrame, DepositLabels, MadeDeposit, NewDeposit, OpenedDeposit } from './deposit-blob.ts'
export { parseDepositBlob } from './deposit-parts.ts'
export type { DepositParts } from './deposit-parts.ts'
export { derivationOf, deriveKeyAgain, deriveSessionKey, openDerivation } from './derive-again.ts'
export { encodeDerivationRecord, parseDerivationRecord } from './derived-key.ts'
export type {
  CryptoApiDerivation,
  DerivationRecord,
  KeyDerivation,
  PasswordForm,
  ScryptDerivation,
} from './derived-key.ts'
export { makeDerivationDeposit, makeSimpleBlobDeposit } from './enclosing-deposits.ts'
export type { NewDerivationDeposit, NewSimpleBlobDeposit } from './enclosing-deposits.ts'
export { enrol } from './enrolment.ts'
export type { EnrolledClient, NewEnrolment } from './enrolment.ts'
export { httpsTransport } from './https-transport.ts'
export type { HttpsTransportOptions } from './https-transport.ts'
export type { Transport, TransportAnswer, TransportRequest } from './transport.ts'
export { ClientError } from './client-error.ts'
export type { ClientErrorCode, ClientErrorOptions } from './client-error.ts'
export { nodeMeans, sha256, verifyRaw } from './node-verify.ts'
export { CALLING } from './attempt-log.ts'
export type { Attempt, AttemptOutcome } from './attempt-log.ts'
export { trustIn } from './authority-state.ts'
export type { AuthorityState, Enrolled } from './authority-state.ts'
export { AuthorityFolder, AuthorityStore } from './authority-store.ts'
export type { NewAuthority } from './authority-store.ts'
export type { ToldLevels } from './told-levels.ts'
export type { AuthorityWire } from './authority-wire.ts'
export { flushOutbox } from './delivery.ts'
export type { FlushOptions, FlushReport } from './delivery.ts'
export type { DepositRecord } from './deposit-record.ts'
export { depositStatuses, summarizeDeposits } from './deposit-status.ts'
export type { DepositState, DepositStatus, DepositSummary } from './deposit-status.ts'
export { parseEvidence, verifyEvidence } from './evidence.ts'
export type { Evidence, EvidenceFinding, EvidenceKind } from './evidence.ts'
export { verifyHead } from './log-head.ts'
export type { LogHead } from './log-head.ts'
export { monitorAuthority } from './log-monitor.ts'
export type { Alarm, MonitorOptions, MonitorReport } from './log-monitor.ts'
export { logInFolder, verifyLog } from './log-verify.ts'
export type { LogSource, VerifiedLog, VerifyLogOptions } from './log-verify.ts'
export { entryState } from './outbox-entry.ts'
export type { DamagedEntry, EntryState, OutboxEntry } from './outbox-entry.ts'
export { Outbox } from './outbox.ts'
export type { Added, OutboxDeposit } from './outbox.ts'
export { verifyReceiptFile } from './receipt-file.ts'
export type { ReceiptExpectations } from './receipt-file.ts'
export { ReceiptStore } from './receipt-store.ts'
export { sealText } from './sealed-text.ts'
export { openSimpleBlob } from './simple-blob-key.ts'
export type { UnknownStatement } from './statement-walk.ts'
export { newApproval, newCancellation, newRejection, newVetting, personOfKey } from './officer-statements.ts'
export type { Deciding, Vouching } from './officer-statements.ts'
export { keepOwnCodes, loadOwnCodes } from './own-codes.ts'
export type { OwnCodes } from './own-codes.ts'
export { recipientGroups } from './recipient-groups.ts'
export {
  keyOfFile,
  recoveredKeyBlob,
  recoveredName,
  restoreFile,
} from './recovered-files.ts'
export type { RestoredFile, RestoreOptions } from './recovered-files.ts'
export { DepositChoice } from './deposit-choice.ts'
export type { MissingDeposits, WantedDeposits } from './deposit-choice.ts'
export { followProbe, newProbe } from './probe.ts'
export type { ProbeFinding, ProbeMeans, ProbeOutcome, ProbeVerdict } from './probe.ts'
export { ProbeClient } from './probe-client.ts'
export type { ProbeWire } from './probe-client.ts'
export { probeMac } from './probe-mac.ts'
export { ProbeStore } from './probe-store.ts'
export type { OpenProbe } from './probe-store.ts'
export { proveCharters } from './recovery-charters.ts'
export type { CharterQuestion, ProvenCharters } from './recovery-charters.ts'
export { keyCredentials, RecoveryClient } from './recovery-client.ts'
export type { RecoveryWire } from './recovery-client.ts'
export { findRecoveryCodes, newRecoveryCodes, signerOf } from './recovery-codes.ts'
export type { CodesFor, FoundCode, NewCodes } from './recovery-codes.ts'
export { RecoveryStore } from './recovery-folder.ts'
export type { RecoveryFolder } from './recovery-folder.ts'
export { ProvenLog } from './recovery-log.ts'
export type { ProvenLogOptions } from './recovery-log.ts'
export { openRelease } from './recovery-release.ts'
export type { RecoveredKey, ReleasedBlobs } from './recovery-release.ts'
export { depositsNamed, findDeposits, newRecoveryRequest, sendRequest } from './recovery-request.ts'
export type { NewRequest, SignedRequest } from './recovery-request.ts'
export type { RecoveryPlan, RecoveryRecord, WantedFile } from './recovery-state.ts'
export { judgeSubject } from './recovery-subject.ts'
export type { JudgedSubject, JudgedVerdict, SubjectQuestion } from './recovery-subject.ts'
export {
  fetchRelease,
  followRecovery,
  isOver,
  lookAtAuthority,
  submitRecovery,
  submitStatement,
} from './recovery.ts'
export type { RecoveryMeans, SeenAuthority, SeenBefore } from './recovery.ts'
