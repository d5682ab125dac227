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
  { name: 'epoch', purpose: 'say which keys are in use, and how long', commands: EPOCH_COMMANDS },
]
