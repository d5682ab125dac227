import type { CommandGroup, CommandRow } from '../table.ts'

const CODES_COMMANDS: readonly CommandRow[] = [
  {
    name: 'new',
    purpose: 'make recovery codes, which replace all older ones',
    load: async () => (await import('./codes.ts')).codesNew,
  },
  {
    name: 'list',
    purpose: 'show which recovery codes there are, and which were used',
    load: async () => (await import('./codes.ts')).codesList,
  },
]

const OFFICER_COMMANDS: readonly CommandRow[] = [
  {
    name: 'inbox',
    purpose: 'list what waits for officers',
    load: async () => (await import('./officer.ts')).officerInbox,
  },
  {
    name: 'show',
    purpose: 'verify a request and show all of it',
    load: async () => (await import('./officer.ts')).officerShow,
  },
  {
    name: 'approve',
    purpose: 'approve a request, after comparing for whom it is',
    load: async () => (await import('./officer-decide.ts')).officerApprove,
  },
  {
    name: 'reject',
    purpose: 'refuse a request for good',
    load: async () => (await import('./officer-decide.ts')).officerReject,
  },
  {
    name: 'clients',
    purpose: 'list whose keys can be asked for',
    load: async () => (await import('./officer.ts')).officerClients,
  },
  {
    name: 'request',
    purpose: 'ask for the keys of somebody else, in your own name',
    load: async () => (await import('./officer-request.ts')).officerRequest,
  },
  {
    name: 'vouch',
    purpose: 'hand a code to somebody who has none',
    load: async () => (await import('./officer-vouch.ts')).officerVouch,
  },
]

/** The commands about recovery, in the order in which help lists them. */
export const RECOVERY_COMMANDS: readonly (CommandRow | CommandGroup)[] = [
  { name: 'codes', purpose: 'make and list recovery codes', commands: CODES_COMMANDS },
  {
    name: 'recover',
    purpose: 'get keys back that were deposited, after everything was lost',
    load: async () => (await import('./recover.ts')).recover,
  },
  {
    name: 'cancel',
    purpose: 'stop a request for your keys',
    load: async () => (await import('./cancel.ts')).cancel,
  },
  {
    name: 'rehearse',
    purpose: 'try whether keys could be recovered today',
    load: async () => (await import('./rehearse.ts')).rehearse,
  },
  {
    name: 'officer',
    purpose: 'decide about requests, and ask for keys of others',
    commands: OFFICER_COMMANDS,
  },
]
