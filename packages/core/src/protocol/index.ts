/** What clients, backup authorities and custodians say to each other, as exact bytes. Usable in a browser. */
export { ACTS } from './acts.ts'
export type { Act, ActName, ActPayloads } from './acts.ts'
export { encodeAuthorityCard, parseAuthorityCard } from './authority-card.ts'
export type { AuthorityCard, AuthorityLimits } from './authority-card.ts'
export { checkName, clientIdOf, keyNameOf, objectNameDigest } from './authority-names.ts'
export { encodeJson, parseJson } from './canonical-json.ts'
export { checkContentDigest, contentDigest } from './content-digest.ts'
export {
  DEPOSIT_TYPE,
  DEPOSIT_VERSION,
  depositMessage,
  DepositBody,
  encodeDepositBody,
  parseDepositBody,
} from './deposit-body.ts'
export { DEPOSIT_FORMATS, encodeDepositContext, parseDepositContext } from './deposit-context.ts'
export type {
  DepositContext,
  DepositDescription,
  DepositFormat,
  DepositObject,
  DepositSigner,
} from './deposit-context.ts'
export { encodeDeposits, parseDeposits } from './deposit-list.ts'
export {
  encodeDepositPage,
  encodeStatementPage,
  parseDepositPage,
  parseStatementPage,
} from './deposit-page.ts'
export type { DepositPage, FoundDeposit, FoundStatement, StatementPage } from './deposit-page.ts'
export {
  encodeDepositQuery,
  encodeStatementQuery,
  parseDepositQuery,
  parseStatementQuery,
} from './deposit-query.ts'
export type { DepositQuery, StatementQuery } from './deposit-query.ts'
export type {
  Completion,
  CustodianStatement,
  JudgedTree,
  Release,
  Rewrap,
  Verification,
} from './custodian-statements.ts'
export {
  encodeCustodianDeposits,
  encodeCustodianQuery,
  encodeCustodianWork,
  encodeRewrapSubmission,
  encodeVerificationSubmission,
  parseCustodianDeposits,
  parseCustodianQuery,
  parseCustodianWork,
  parseRewrapSubmission,
  parseVerificationSubmission,
} from './custodian-work.ts'
export type {
  ApprovedSubject,
  CustodianDeposits,
  CustodianDeposit,
  CustodianErrand,
  CustodianQuery,
  CustodianWork,
  RewrapSubmission,
  VerificationSubmission,
} from './custodian-work.ts'
export { encodeEnvelope, ENVELOPE, pae, parseEnvelope } from './dsse.ts'
export type { Envelope, EnvelopeSignature } from './dsse.ts'
export { CharterChain, custodianAt, verifyCharters, whyNotSuccessor } from './charter-chain.ts'
export type {
  CharterInForce,
  CharterLink,
  CharterTrust,
  KnownCharter,
  LoggedEnvelope,
} from './charter-chain.ts'
export {
  encodeCharterPage,
  encodeCharterProposal,
  parseCharterPage,
  parseCharterProposal,
} from './charter-page.ts'
export type { CharterPage, CharterProposal } from './charter-page.ts'
export { encodeClientPage, encodeClientQuery, parseClientPage, parseClientQuery } from './client-page.ts'
export type { ClientPage, ClientQuery, FoundClient } from './client-page.ts'
export { CHARTER_RULES, checkCharter } from './charter-rules.ts'
export type { CharterFault, CharterRuleName } from './charter-rules.ts'
export { personOf, RECOVERY_CLASSES, ROLES } from './charter.ts'
export type { Charter, CharterPerson, CharterPolicy, RecoveryClass, RecoveryRule, Role } from './charter.ts'
export { splitOwners, verifyOwner } from './owner-check.ts'
export type { VerifiedOwner } from './owner-check.ts'
export { CHALLENGE, CHALLENGE_REQUEST } from './enrolment-challenge.ts'
export type { Challenge, ChallengeRequest } from './enrolment-challenge.ts'
export { verifyEnrolment } from './enrolment-check.ts'
export type { VerifiedEnrolment } from './enrolment-check.ts'
export type { Enrolment } from './enrolment.ts'
export { EpochChain, epochStanding, verifyEpoch, verifyEpochs } from './epoch-chain.ts'
export type { AuthorityTrust, EpochStanding, KnownEpoch } from './epoch-chain.ts'
export type { Epoch, EpochLog } from './epoch.ts'
export { EVIDENCE_KINDS, spentByUse } from './evidence.ts'
export type { Evidence, EvidenceKind, EvidenceRule } from './evidence.ts'
export {
  readSignature,
  signatureBase,
  signRequest,
  VerifiedRequest,
  verifySignature,
} from './http-signature.ts'
export type {
  ClaimedSignature,
  HttpRequest,
  HttpSignatureFields,
  HttpSignatureParams,
} from './http-signature.ts'
export { checkUrl, encodeInvitation, parseInvitation } from './invitation.ts'
export type { Invitation } from './invitation.ts'
export {
  base64Bytes,
  checkedText,
  wholeNumber,
  exactly,
  hexBytes,
  lineText,
  listOf,
  orNull,
  objectOf,
  paddedBase64Bytes,
  refined,
  timeText,
} from './json-fields.ts'
export type { JsonField, JsonMembers } from './json-fields.ts'
export { encodeKeyBlobs, parseKeyBlobs } from './key-blob-list.ts'
export { recipientKindOf } from './key-texts.ts'
export type { RecipientKind } from './key-texts.ts'
export { LIMITS } from './limits.ts'
export {
  completionHashesDigest,
  completionListDigest,
  depositListDigest,
  probeListDigest,
  releaseListDigest,
  rewrapListDigest,
  sortedIds,
  verificationListDigest,
} from './list-digests.ts'
export type { DepositResult, HashedResult } from './list-digests.ts'
export { MEDIA_TYPES } from './media-types.ts'
export type { Probe, ProbeAnswer, ProbeResult } from './probe.ts'
export {
  encodeProbeAnswerSubmission,
  encodeProbeFile,
  encodeProbeStanding,
  encodeProbeSubmission,
  parseProbeAnswerSubmission,
  parseProbeFile,
  parseProbeStanding,
  parseProbeSubmission,
} from './probe-messages.ts'
export type {
  ProbeAnswerSubmission,
  ProbeFile,
  ProbeStanding,
  ProbeSubmission,
} from './probe-messages.ts'
export { encodeProblem, parseProblem, problemOf, PROBLEMS } from './problems.ts'
export type { Problem, ProblemCode, ProblemRow } from './problems.ts'
export { ProtocolError } from './protocol-error.ts'
export type { ProtocolErrorCode } from './protocol-error.ts'
export { encodeReceipt, logPolicyOf, parseReceipt, VerifiedReceipt, verifyReceipt } from './receipt.ts'
export type { Receipt, ReceiptStatement, ReceiptTrust } from './receipt.ts'
export { encodeReceiptList, parseReceiptList, receiptsOf } from './receipt-list.ts'
export type { ReceiptList, ReceiptOutcome } from './receipt-list.ts'
export { encodeRecoveryBundle, parseRecoveryBundle } from './recovery-bundle.ts'
export type {
  BundledCharter,
  BundledProof,
  BundledRewrap,
  LogRange,
  RecoveryBundle,
} from './recovery-bundle.ts'
export { encodeRecoveryCode, parseRecoveryCode, printRecoveryCode } from './recovery-code.ts'
export type { RecoveryCode } from './recovery-code.ts'
export type { RecoveryCodes, Vetting } from './recovery-codes.ts'
export { RECOVERY_FAULTS } from './recovery-faults.ts'
export type { RecoveryFault } from './recovery-faults.ts'
export {
  judgeApproval,
  judgeApprovals,
  judgeCancellation,
  judgeRejection,
  judgeRelease,
  releasableFrom,
} from './recovery-judgement.ts'
export type { ApprovalsJudgement, LoggedTimes } from './recovery-judgement.ts'
export { encodeSubjectFile, parseSubjectFile } from './recovery-file.ts'
export type { SubjectFile } from './recovery-file.ts'
export { RECOVERY_LIMITS } from './recovery-limits.ts'
export {
  encodeSubjectPage,
  encodeSubjectQuery,
  parseSubjectPage,
  parseSubjectQuery,
} from './recovery-page.ts'
export type { FoundStanding, FoundSubject, SubjectKind, SubjectPage, SubjectQuery } from './recovery-page.ts'
export { requestSigners } from './recovery-request.ts'
export type { ListedDeposits, RecoveryRequest, RequestClass } from './recovery-request.ts'
export { isFinal, RECOVERY_PHASES, startRecovery, stepRecovery } from './recovery-state.ts'
export type { RecoveryEvent, RecoveryPhase, RecoveryState } from './recovery-state.ts'
export {
  encodeRequestSubmission,
  parseRequestSubmission,
  RECIPIENT_CHALLENGE,
} from './recovery-submission.ts'
export type { RecipientChallenge, RequestSubmission } from './recovery-submission.ts'
export { chartersOf, loggedAt, proposalSubject, requestSubject } from './recovery-subject.ts'
export type { DecidingCharters, Logged, RecoverySubject } from './recovery-subject.ts'
export {
  CRYPTOAPI_KEY_TYPE,
  CRYPTOAPI_KEY_VERSION,
  encodeReleaseBody,
  encodeRewrapBody,
  parseReleaseBody,
  parseRewrapBody,
  RELEASE_TYPE,
  RELEASE_VERSION,
  REWRAP_TYPE,
  REWRAP_VERSION,
} from './release-stanza.ts'
export type { ReleaseBody, RewrapBody } from './release-stanza.ts'
export { judgeProposal, judgeRequest, vouchingFor } from './request-rules.ts'
export type { RequestFacts } from './request-rules.ts'
export {
  fingerprintOf,
  formatFingerprint,
  parseFingerprint,
  parseSignerText,
  signerIdOf,
} from './signer-text.ts'
export type { MessageSigner, SignerText, Verify, VerifyLater, VerifyMeans } from './signer-text.ts'
export { openStatement, signStatement, statementDigest, VerifiedStatement } from './statement.ts'
export { encodeTerms, parseTerms, witnessPolicyOf } from './terms.ts'
export type { Terms, TermsFloor, TermsWitnesses } from './terms.ts'
export { CANCELLATION_CAPACITIES } from './verdicts.ts'
export type { Approval, Cancellation, CancellationCapacity, Rejection, Verdict } from './verdicts.ts'
export { VerifiedDeposit, verifyDeposit } from './verified-deposit.ts'
export type { DepositExpectations } from './verified-deposit.ts'
