import type { CommandRow } from '../table.ts'

/** The commands for keys and files of Microsoft's CryptoAPI, in the order in which help lists them. */
export const CRYPTOAPI_COMMANDS: readonly CommandRow[] = [
  {
    name: 'inspect',
    purpose: 'explain key blobs and old files, field by field',
    load: async () => (await import('./inspect.ts')).cryptoapiInspect,
  },
  {
    name: 'open',
    purpose: 'decrypt files of Microsoft’s encryption sample',
    load: async () => (await import('./open.ts')).cryptoapiOpen,
  },
  {
    name: 'verify',
    purpose: 'check a detached signature',
    load: async () => (await import('./verify.ts')).cryptoapiVerify,
  },
  {
    name: 'sign',
    purpose: 'make a detached signature for an old program',
    load: async () => (await import('./sign.ts')).cryptoapiSign,
  },
  {
    name: 'encrypt-file',
    purpose: 'write a file as Microsoft’s encryption sample does',
    load: async () => (await import('./encrypt-file.ts')).cryptoapiEncryptFile,
  },
  {
    name: 'derive',
    purpose: 'make a session key from an old password',
    load: async () => (await import('./derive.ts')).cryptoapiDerive,
  },
  {
    name: 'import',
    purpose: 'take a key pair into your container',
    load: async () => (await import('./import.ts')).cryptoapiImport,
  },
  {
    name: 'export',
    purpose: 'write key pairs and session keys in other forms',
    load: async () => (await import('./export.ts')).cryptoapiExport,
  },
  {
    name: 'migrate',
    purpose: 'seal old files, a whole folder at once',
    load: async () => (await import('./migrate.ts')).cryptoapiMigrate,
  },
]
