/** What clients, backup authorities and custodians say to each other, as exact bytes. Usable in a browser. */
export { ACTS } from './acts.ts'
export type { Act, ActName } from './acts.ts'
export { encodeAuthorityCard, parseAuthorityCard } from './authority-card.ts'
export type { AuthorityCard, AuthorityLimits } from './authority-card.ts'
export { checkName, clientIdOf, objectNameDigest } from './authority-names.ts'
export { encodeJson, parseJson } from './canonical-json.ts'
export { checkContentDigest, contentDigest } from './content-digest.ts'
export {
  DEPOSIT_TYPE,
  DEPOSIT_VERSION,
  depositMessage,
  encodeDepositBody,
  parseDepositBody,
} from './deposit-body.ts'
export type { DepositBody } from './deposit-body.ts'
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
export { encodeEnvelope, ENVELOPE, pae, parseEnvelope } from './dsse.ts'
export type { Envelope, EnvelopeSignature } from './dsse.ts'
export { CHALLENGE, CHALLENGE_REQUEST } from './enrolment-challenge.ts'
export type { Challenge, ChallengeRequest } from './enrolment-challenge.ts'
export { verifyEnrolment } from './enrolment-check.ts'
export type { VerifiedEnrolment } from './enrolment-check.ts'
export type { Enrolment } from './enrolment.ts'
export { EpochChain, epochStanding, verifyEpoch, verifyEpochs } from './epoch-chain.ts'
export type { AuthorityTrust, EpochStanding, KnownEpoch } from './epoch-chain.ts'
export type { Epoch, EpochLog } from './epoch.ts'
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
export { recipientKindOf } from './key-texts.ts'
export type { RecipientKind } from './key-texts.ts'
export { LIMITS } from './limits.ts'
export { MEDIA_TYPES } from './media-types.ts'
export { encodeProblem, parseProblem, problemOf, PROBLEMS } from './problems.ts'
export type { Problem, ProblemCode, ProblemRow } from './problems.ts'
export { ProtocolError } from './protocol-error.ts'
export type { ProtocolErrorCode } from './protocol-error.ts'
export { encodeReceipt, logPolicyOf, parseReceipt, VerifiedReceipt, verifyReceipt } from './receipt.ts'
export type { Receipt, ReceiptStatement, ReceiptTrust } from './receipt.ts'
export { encodeReceiptList, parseReceiptList, receiptsOf } from './receipt-list.ts'
export type { ReceiptList, ReceiptOutcome } from './receipt-list.ts'
export {
  fingerprintOf,
  formatFingerprint,
  parseFingerprint,
  parseSignerText,
  signerIdOf,
} from './signer-text.ts'
export type { MessageSigner, SignerText, Verify, VerifyMeans } from './signer-text.ts'
export { signStatement, statementDigest, VerifiedStatement } from './statement.ts'
export { VerifiedDeposit, verifyDeposit } from './verified-deposit.ts'
export type { DepositExpectations } from './verified-deposit.ts'
