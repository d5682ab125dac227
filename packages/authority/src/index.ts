/** The backup authority: what the command does with it. */
export { CONFIGURATION_FILE, ConfigError, loadConfiguration, SETTING_ROWS } from './config/index.ts'
export type { ConfigErrorCode, Configuration, SettingRow } from './config/index.ts'
export {
  checkBundle,
  CONTAINER_NAME,
  CustodianError,
  CustodianFolder,
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
  SECRET_BYTES,
  setName,
  ShareCollection,
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
  newEpoch,
  readCustodianCard,
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
  MadeAuthority,
  MadeInvitation,
  NewAuthority,
  NewContainerFile,
  SetupErrorCode,
  TenantSummary,
} from './setup/index.ts'
export { openAuthority, serveAuthority, startService } from './service/index.ts'
export type { OpenAuthority, OpenOptions, Service, ServiceOptions } from './service/index.ts'
export type { StoreErrorCode } from './store/index.ts'
