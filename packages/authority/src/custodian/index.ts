/** The custodian: judges by statements and proofs, opens deposits, releases once. docs/spec/recovery.md */
export { checkBundle, CheckedBundle, checkShown, readBundle } from './checked-bundle.ts'
export type { CheckedSubject, ShownSubject } from './checked-bundle.ts'
export type { CheckedDeposit } from './checked-deposits.ts'
export { CustodianError } from './custodian-error.ts'
export type { BundleRefusal, CustodianErrorCode } from './custodian-error.ts'
export { CONTAINER_NAME, CustodianFolder } from './custodian-folder.ts'
export type { NewCustodian, NewTrust } from './custodian-folder.ts'
export { MOST_FRESHNESS, USUAL_FRESHNESS } from './custodian-settings.ts'
export type { CustodianSettings } from './custodian-settings.ts'
export {
  encodeForShares,
  keyIdOf,
  keysOfContainer,
  signersOf,
  unlockWithSecret,
  unlockWithShares,
} from './custody.ts'
export { rotateKeys, takeOverKeys } from './key-change.ts'
export type { CustodianKeys } from './custody.ts'
export { custodianRound } from './round.ts'
export type { CustodianWire, Refusal, Round, RoundOptions } from './round.ts'
export { lookAtLog } from './looked-at-log.ts'
export type { LogWire } from './looked-at-log.ts'
export { custodianLog, custodianWire, runCustodian } from './run-custodian.ts'
export type { CustodianLog, RunOptions } from './run-custodian.ts'
export { lastSeen, lastSeenWithout, withSighting } from './knowledge.ts'
export type { Knowledge, Learned, Sighting } from './knowledge.ts'
export { rewrapDeposits, stateRewrap, verifyDeposits } from './opened-deposits.ts'
export type { DepositTrust, OwnedDeposit, RewrappedDeposits, VerifiedResult } from './opened-deposits.ts'
export { patientWire } from './patient-wire.ts'
export { destroyKey, provedRetirable, RetirableKey } from './retire.ts'
export { rewrapAll } from './rewrap.ts'
export type { RewrapOptions, RewrappedEpoch, RewrapWire } from './rewrap.ts'
export { RewrapFiles } from './rewrap-files.ts'
export type { Rewrapping } from './rewrap-files.ts'
export { recoverReleases } from './recover.ts'
export type { RecoveredRelease } from './memory.ts'
export { handOut, releaseBundle } from './released.ts'
export type { HandedOut, MadeRelease } from './released.ts'
export { MOST_SHARES, SECRET_BYTES, setName, ShareCollection, splitSecret } from './secret-shares.ts'
export type { ShareSet } from './secret-shares.ts'
export { encodeShare, parseShare, printShare } from './share-text.ts'
export type { Share } from './share-text.ts'
