import type { CommandGroup, CommandRow } from '../table.ts'

const RECEIPT_COMMANDS: readonly CommandRow[] = [
  { name: 'list', purpose: 'list receipts', load: async () => (await import('./receipts.ts')).receiptsList },
  {
    name: 'show',
    purpose: 'verify a receipt and show it',
    load: async () => (await import('./receipts.ts')).receiptsShow,
  },
  {
    name: 'verify',
    purpose: 'verify receipts without asking anybody',
    load: async () => (await import('./receipts-verify.ts')).receiptsVerify,
  },
  {
    name: 'export',
    purpose: 'write receipts as files of their own',
    load: async () => (await import('./receipts.ts')).receiptsExport,
  },
]

const LOG_COMMANDS: readonly CommandRow[] = [
  {
    name: 'verify',
    purpose: 'derive a whole log again from its entries',
    load: async () => (await import('./log.ts')).logVerify,
  },
]

/** The commands of whoever uses a backup authority, in the order in which help lists them. */
export const CLIENT_COMMANDS: readonly (CommandRow | CommandGroup)[] = [
  {
    name: 'enroll',
    purpose: 'become a client of a backup authority',
    load: async () => (await import('./enroll.ts')).enroll,
  },
  {
    name: 'deposit',
    purpose: 'deposit keys at a backup authority, and send what waits',
    load: async () => (await import('./deposit.ts')).deposit,
  },
  {
    name: 'status',
    purpose: 'show which keys are safe at a backup authority, and what waits',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'probe',
    purpose: 'ask whether deposits could be opened today',
    load: async () => (await import('./probe.ts')).probe,
  },
  { name: 'receipts', purpose: 'keep and verify what a backup authority signed', commands: RECEIPT_COMMANDS },
  {
    name: 'monitor',
    purpose: 'watch what the log of a backup authority says about you',
    load: async () => (await import('./monitor.ts')).monitor,
  },
  { name: 'log', purpose: 'verify the log of a backup authority', commands: LOG_COMMANDS },
]
