/** The operator's acts: what is done with an authority from its own machine. */
export { AUDIT_KINDS, listRequests, withAudit } from './audit.ts'
export type { Audit, AuditQuery, RequestSummary } from './audit.ts'
export { auditFormOf, checkAuditFile } from './audit-check.ts'
export { writeAuditFile } from './audit-file.ts'
export type { AuditFileOptions, AuditForm } from './audit-file.ts'
export { addContact, listContacts, removeContact } from './contacts.ts'
export { backup } from './backup.ts'
export type { BackupOptions, MadeBackup } from './backup.ts'
export { nextCharter } from './charter-proposal.ts'
export type { CharterPlan, ProposalGround } from './charter-proposal.ts'
export {
  lastHeard,
  listProposals,
  newCharter,
  proposeCharter,
  readCharters,
  readPersonCard,
} from './charters.ts'
export type { FirstCharter, FirstCharterPlan, NewPerson, NextCharter, OpenProposal } from './charters.ts'
export { bringKeys, bringRelease, fetchBundle } from './courier.ts'
export type { Errand } from './courier.ts'
export { addRsaKey, custodianCard, readCustodianCard } from './custodian-card.ts'
export type { Custodian } from './custodian-card.ts'
export { listEpochs, newEpoch, validFor } from './epochs.ts'
export type { EpochSummary, NewEpoch, Validity } from './epochs.ts'
export { lockFolder } from './folder-lock.ts'
export type { FolderLock } from './folder-lock.ts'
export { initAuthority } from './init-authority.ts'
export type { MadeAuthority, NewAuthority } from './init-authority.ts'
export type { NewContainerFile } from './new-container-file.ts'
export { openStore, readLogKeys, readSigned, trustOf } from './opening.ts'
export { addTenant, invite, listClients, listTenants, setClientState } from './people.ts'
export type {
  ClientSummary,
  MadeInvitation,
  NewInvitation,
  TenantBeginning,
  TenantSummary,
} from './people.ts'
export { restore } from './restore.ts'
export type { RestoredBackup, RestoreOptions } from './restore.ts'
export { SetupError } from './setup-error.ts'
export type { SetupErrorCode } from './setup-error.ts'
export { authorityStatus, fsckAuthority } from './status.ts'
export type { AuthorityStatus } from './status.ts'
