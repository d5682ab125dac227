/** The backup authority: what the command does with it. */
export { CONFIGURATION_FILE, ConfigError, loadConfiguration, SETTING_ROWS } from './config/index.ts'
export type { ConfigErrorCode, Configuration, SettingRow } from './config/index.ts'
export {
  checkBundle,
  CONTAINER_NAME,
  CustodianError,
  CustodianFolder,
  custodianLog,
  custodianWire,
  encodeForShares,
  handOut,
  keyIdOf,
  keysOfContainer,
  lastSeen,
  MOST_FRESHNESS,
  MOST_SHARES,
  printShare,
  readBundle,
  recoverReleases,
  releaseBundle,
  runCustodian,
  SECRET_BYTES,
  setName,
  ShareCollection,
  signersOf,
  splitSecret,
  unlockWithShares,
  USUAL_FRESHNESS,
} from './custodian/index.ts'
export type {
  CheckedBundle,
  CustodianErrorCode,
  CustodianKeys,
  Knowledge,
  MadeRelease,
  ShareSet,
} from './custodian/index.ts'
export type { LogErrorCode } from './log/index.ts'
export type { AdmissionErrorCode } from './model/index.ts'
export {
  addTenant,
  authorityStatus,
  backup,
  fsckAuthority,
  initAuthority,
  invite,
  listClients,
  listEpochs,
  listTenants,
  lockFolder,
  newCharter,
  newEpoch,
  proposeCharter,
  readCharters,
  addRsaKey,
  custodianCard,
  readCustodianCard,
  readPersonCard,
  restore,
  setClientState,
  SetupError,
  validFor,
} from './setup/index.ts'
export type {
  AuthorityStatus,
  ClientSummary,
  Custodian,
  EpochSummary,
  FirstCharter,
  MadeAuthority,
  MadeInvitation,
  NewAuthority,
  NewContainerFile,
  NewPerson,
  NextCharter,
  SetupErrorCode,
  TenantSummary,
} from './setup/index.ts'
export { openAuthority, serveAuthority, startService } from './service/index.ts'
export type { OpenAuthority, OpenOptions, Service, ServiceOptions } from './service/index.ts'
export type { StoreErrorCode } from './store/index.ts'
