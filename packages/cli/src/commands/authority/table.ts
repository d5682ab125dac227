import type { CommandGroup, CommandRow } from '../table.ts'

const TENANT_COMMANDS: readonly CommandRow[] = [
  {
    name: 'add',
    purpose: 'add a tenant',
    load: async () => (await import('./tenant.ts')).authorityTenantAdd,
  },
  {
    name: 'list',
    purpose: 'list tenants and what they have stored',
    load: async () => (await import('./tenant.ts')).authorityTenantList,
  },
]

const CLIENT_COMMANDS: readonly CommandRow[] = [
  {
    name: 'list',
    purpose: 'list who enrolled',
    load: async () => (await import('./client.ts')).authorityClientList,
  },
  {
    name: 'suspend',
    purpose: 'let a client deposit nothing any more',
    load: async () => (await import('./client.ts')).authorityClientSuspend,
  },
  {
    name: 'resume',
    purpose: 'let a client deposit again',
    load: async () => (await import('./client.ts')).authorityClientResume,
  },
]

const EPOCH_COMMANDS: readonly CommandRow[] = [
  {
    name: 'new',
    purpose: 'sign the next epoch with the identity key',
    load: async () => (await import('./epoch.ts')).authorityEpochNew,
  },
  {
    name: 'list',
    purpose: 'list epochs and how long they are valid',
    load: async () => (await import('./epoch.ts')).authorityEpochList,
  },
]

const CHARTER_COMMANDS: readonly CommandRow[] = [
  {
    name: 'show',
    purpose: 'show the charter that is in force',
    load: async () => (await import('./charter.ts')).authorityCharterShow,
  },
  {
    name: 'new',
    purpose: 'make the first charter of a tenant',
    load: async () => (await import('./charter.ts')).authorityCharterNew,
  },
  {
    name: 'propose',
    purpose: 'propose the next charter as a file has it',
    load: async () => (await import('./charter.ts')).authorityCharterPropose,
  },
]

const ROSTER_KEY_COMMANDS: readonly CommandRow[] = [
  {
    name: 'add',
    purpose: 'propose one more key of somebody',
    load: async () => (await import('./roster.ts')).authorityRosterKeyAdd,
  },
  {
    name: 'remove',
    purpose: 'propose that a key of somebody signs no more',
    load: async () => (await import('./roster.ts')).authorityRosterKeyRemove,
  },
]

const ROSTER_COMMANDS: readonly (CommandRow | CommandGroup)[] = [
  {
    name: 'list',
    purpose: 'list who decides, who was heard of, and what is proposed',
    load: async () => (await import('./roster.ts')).authorityRosterList,
  },
  {
    name: 'add',
    purpose: 'propose somebody new',
    load: async () => (await import('./roster.ts')).authorityRosterAdd,
  },
  {
    name: 'remove',
    purpose: 'propose that somebody decides no more',
    load: async () => (await import('./roster.ts')).authorityRosterRemove,
  },
  {
    name: 'roles',
    purpose: 'propose what somebody may do',
    load: async () => (await import('./roster.ts')).authorityRosterRoles,
  },
  { name: 'key', purpose: 'propose other keys of somebody', commands: ROSTER_KEY_COMMANDS },
]

const POLICY_COMMANDS: readonly CommandRow[] = [
  {
    name: 'show',
    purpose: 'show what requests need',
    load: async () => (await import('./policy.ts')).authorityPolicyShow,
  },
  {
    name: 'set',
    purpose: 'propose what requests need',
    load: async () => (await import('./policy.ts')).authorityPolicySet,
  },
]

const AUDIT_COMMANDS: readonly CommandRow[] = [
  {
    name: 'search',
    purpose: 'list statements of the log',
    load: async () => (await import('./audit.ts')).authorityAuditSearch,
  },
  {
    name: 'export',
    purpose: 'write statements with their proofs to a file',
    load: async () => (await import('./audit.ts')).authorityAuditExport,
  },
  {
    name: 'verify',
    purpose: 'check such a file without the authority',
    load: async () => (await import('./audit-verify.ts')).authorityAuditVerify,
  },
]

const CONTACT_COMMANDS: readonly CommandRow[] = [
  {
    name: 'add',
    purpose: 'say where somebody is told of requests',
    load: async () => (await import('./contact.ts')).authorityContactAdd,
  },
  {
    name: 'list',
    purpose: 'list who is told',
    load: async () => (await import('./contact.ts')).authorityContactList,
  },
  {
    name: 'remove',
    purpose: 'tell somebody no more',
    load: async () => (await import('./contact.ts')).authorityContactRemove,
  },
]

const COURIER_COMMANDS: readonly CommandRow[] = [
  {
    name: 'bundle',
    purpose: 'write what the custodian judges by to a file',
    load: async () => (await import('./courier.ts')).authorityCourierBundle,
  },
  {
    name: 'release',
    purpose: 'put a release of the custodian in the log',
    load: async () => (await import('./courier.ts')).authorityCourierRelease,
  },
  {
    name: 'keys',
    purpose: 'keep what the custodian handed out, for the requester',
    load: async () => (await import('./courier.ts')).authorityCourierKeys,
  },
]

/** The commands of whoever runs a backup authority, in the order in which help lists them. */
export const AUTHORITY_COMMANDS: readonly (CommandRow | CommandGroup)[] = [
  {
    name: 'init',
    purpose: 'make an authority, once',
    load: async () => (await import('./init.ts')).authorityInit,
  },
  {
    name: 'serve',
    purpose: 'run the service',
    load: async () => (await import('./serve.ts')).authorityServe,
  },
  {
    name: 'invite',
    purpose: 'let somebody enrol a client',
    load: async () => (await import('./invite.ts')).authorityInvite,
  },
  { name: 'tenant', purpose: 'keep groups of clients apart', commands: TENANT_COMMANDS },
  { name: 'client', purpose: 'see who enrolled, and stop them', commands: CLIENT_COMMANDS },
  {
    name: 'status',
    purpose: 'see how it is',
    load: async () => (await import('./status.ts')).authorityStatusCommand,
  },
  {
    name: 'fsck',
    purpose: 'check everything that is kept',
    load: async () => (await import('./fsck.ts')).authorityFsck,
  },
  {
    name: 'backup',
    purpose: 'write everything that is kept to a file',
    load: async () => (await import('./backup.ts')).authorityBackup,
  },
  {
    name: 'restore',
    purpose: 'make the database again from a backup',
    load: async () => (await import('./restore.ts')).authorityRestore,
  },
  { name: 'charter', purpose: 'say who decides about recovery', commands: CHARTER_COMMANDS },
  { name: 'roster', purpose: 'see and change who decides', commands: ROSTER_COMMANDS },
  { name: 'policy', purpose: 'see and change what requests need', commands: POLICY_COMMANDS },
  { name: 'contact', purpose: 'say who is told of requests', commands: CONTACT_COMMANDS },
  {
    name: 'requests',
    purpose: 'list requests for recovery',
    load: async () => (await import('./requests.ts')).authorityRequests,
  },
  {
    name: 'courier',
    purpose: 'carry files to a custodian without a network, and back',
    commands: COURIER_COMMANDS,
  },
  { name: 'audit', purpose: 'find, hand out and check statements of the log', commands: AUDIT_COMMANDS },
  { name: 'epoch', purpose: 'say which keys are in use, and how long', commands: EPOCH_COMMANDS },
]
