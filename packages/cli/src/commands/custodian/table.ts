import type { CommandRow } from '../table.ts'

/** The commands of whoever holds the keys of a backup authority, in the order in which help lists them. */
export const CUSTODIAN_COMMANDS: readonly CommandRow[] = [
  {
    name: 'init',
    purpose: 'make the keys of a custodian, once',
    load: async () => (await import('./init.ts')).custodianInit,
  },
  {
    name: 'trust',
    purpose: 'say which authority it is the custodian of, and which charters',
    load: async () => (await import('./trust.ts')).custodianTrust,
  },
  {
    name: 'run',
    purpose: 'work for the authority over the network',
    load: async () => (await import('./run.ts')).custodianRun,
  },
  {
    name: 'verify',
    purpose: 'check a bundle and say what was found; opens nothing',
    load: async () => (await import('./verify.ts')).custodianVerify,
  },
  {
    name: 'open',
    purpose: 'check a bundle, open its deposits, and release them',
    load: async () => (await import('./open.ts')).custodianOpen,
  },
  {
    name: 'hand-out',
    purpose: 'give out what was released, when the log has the release',
    load: async () => (await import('./open.ts')).custodianHandOut,
  },
  {
    name: 'status',
    purpose: 'show what this custodian remembers',
    load: async () => (await import('./status.ts')).custodianStatus,
  },
  {
    name: 'shares',
    purpose: 'divide the key among several people',
    load: async () => (await import('./shares.ts')).custodianShares,
  },
  {
    name: 'card',
    purpose: 'print the public card, for the next epoch',
    load: async () => (await import('./keys.ts')).custodianCardCommand,
  },
  {
    name: 'rotate',
    purpose: 'make a new exchange key beside the old one',
    load: async () => (await import('./keys.ts')).custodianRotate,
  },
  {
    name: 'take-over',
    purpose: 'take in the keys of the custodian before',
    load: async () => (await import('./keys.ts')).custodianTakeOver,
  },
  {
    name: 'rewrap',
    purpose: 'wrap deposits of earlier epochs for the new key',
    load: async () => (await import('./rewrap.ts')).custodianRewrap,
  },
  {
    name: 'retire',
    purpose: 'destroy the key of an epoch that nothing needs any more',
    load: async () => (await import('./retire.ts')).custodianRetire,
  },
  {
    name: 'recover',
    purpose: 'read from the log what a restored folder has forgotten',
    load: async () => (await import('./recover.ts')).custodianRecover,
  },
]
